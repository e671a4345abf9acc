"""A worker over the small procedure, for tests: in this process, or as one of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from engine.commands import Outcome, perform
from engine.db import tune
from engine.house import House
from engine.jobs import Queue, Work, make_queue, run_worker
from engine.move import Command, Opening
from engine.outbox import Handler
from tests.engine import procedure

SECRET = "a secret of the tests"
ASKER, REVIEWER = 1, 2
ALL_WELL = {"findings": {"a": {"met": "yes"}, "b": {"met": "yes"}}}


def house(queue: Queue | None = None) -> House:
    """The house of the procedure, ringing that queue."""
    made = procedure.house()
    return replace(made, wake=queue.wake) if queue else made


def work_on(engine: Engine, handlers: Mapping[str, Handler], queue: Queue | None = None) -> Work:
    return Work(sessionmaker(engine), house(queue), handlers)


def begin(session: Session, at: House) -> Outcome:
    """A new request, in its first state."""
    return perform(session, at, Opening(ASKER, "request", "begin", {"place": procedure.PLACE}))


def review(session: Session, at: House) -> Outcome:
    """A new request, moved to where its report must be rendered: one task in the outbox."""
    subject = begin(session, at).subject_id
    perform(session, at, Command(ASKER, subject, "ask", 1, {"count": 2}))
    return perform(session, at, Command(REVIEWER, subject, "review", 2, ALL_WELL))


def touch(folder: Path) -> Callable[[Session, Mapping[str, int]], None]:
    """A handler that leaves a file named after the paper for each time it runs."""

    def handler(_session: Session, ids: Mapping[str, int]) -> None:
        paper = ids["paper"]
        runs = len(list(folder.glob(f"{paper}-*")))
        (folder / f"{paper}-{runs}").touch()

    return handler


def main(database: str, queue_url: str, folder: str, tasks: str) -> int:
    """A worker process; ends with 0 when stopped and with 75 when it wants a new one."""
    queue = make_queue(queue_url, SECRET)
    engine = tune(create_engine(database))
    work = work_on(engine, {"render": touch(Path(folder))}, queue)
    ending = run_worker(queue, work, tasks=int(tasks), patience=5)
    engine.dispose()
    return 75 if ending == "recycle" else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
