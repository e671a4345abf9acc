"""Slow tasks have a lane of their own: nobody waits for those who wait for others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from engine import clock, outbox
from engine.db import writing
from engine.jobs import Work, make_queue
from engine.lane import Lane
from engine.outbox import Task
from tests.engine.working import SECRET, house

PATIENCE = 30.0


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _put(engine: Engine, name: str, count: int = 1) -> list[int]:
    with Session(engine) as session, writing(session):
        return [outbox.add(session, name, paper=number) for number in range(count)]


def _open(engine: Engine, name: str) -> int:
    with Session(engine) as session:
        query = select(Task.id).where(Task.name == name, Task.done_at.is_(None))
        return len(session.scalars(query).all())


class FakeSlowServer:
    """A handler that holds each task until it is let go; remembers what ran."""

    def __init__(self) -> None:
        self.let_go, self.busy = threading.Event(), threading.Semaphore(0)
        self.runs: list[int] = []

    def __call__(self, _session: Session, ids: Mapping[str, int]) -> None:
        self.busy.release()
        self.let_go.wait(PATIENCE)
        self.runs.append(ids["paper"])


def test_every_slow_task_is_done_once_and_no_other(engine: Engine) -> None:
    runs: list[int] = []
    handlers = {"stamp": lambda _session, ids: runs.append(ids["paper"])}
    _put(engine, "stamp", 9)
    _put(engine, "render")
    lane = Lane(sessionmaker(engine), handlers, {"stamp"}, width=3)
    _until(lambda: _open(engine, "stamp") == 0)
    assert lane.close(PATIENCE)
    assert sorted(runs) == list(range(9))
    assert _open(engine, "render") == 1


def test_a_slow_server_holds_up_nothing_else(engine: Engine, tmp_path: object) -> None:
    """While every thread of the lane waits, the worker goes on with the rest."""
    server, rendered = FakeSlowServer(), list[int]()
    handlers = {"stamp": server, "render": lambda _session, ids: rendered.append(ids["paper"])}
    slow = _put(engine, "stamp", 5)
    queue = make_queue(f"sqlite:///{tmp_path}/queue.db", SECRET)
    sessions = sessionmaker(engine)
    queue.work = Work(sessions, house(), handlers, slow={"stamp"})
    queue.lane = Lane(sessions, handlers, {"stamp"}, width=2)
    try:
        assert all(server.busy.acquire(timeout=PATIENCE) for _ in range(2))
        for task in (*slow, *_put(engine, "render", 3)):
            queue.deliver(task)
        assert rendered == [0, 1, 2]
        assert server.runs == []
        queue.sweep()
        assert queue.huey.pending_count() == 0  # the lane finds its tasks by itself
        server.let_go.set()
        _until(lambda: _open(engine, "stamp") == 0)
    finally:
        server.let_go.set()
        queue.lane.close(PATIENCE)
        queue.close()
    assert sorted(server.runs) == [0, 1, 2, 3, 4]


def test_what_is_cut_off_is_taken_up_again(engine: Engine) -> None:
    server = FakeSlowServer()
    (task,) = _put(engine, "stamp")
    lane = Lane(sessionmaker(engine), {"stamp": server}, {"stamp"}, width=1)
    assert server.busy.acquire(timeout=PATIENCE)
    assert not lane.close(0.05)
    with Session(engine) as session:
        again = clock.now() + outbox.LEASE
        assert outbox.due(session, again, only={"stamp"}) == [task]
    server.let_go.set()
    assert lane.close(PATIENCE)
