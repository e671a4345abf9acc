"""The queue is a bell: signed messages with ids, no pickle, and nothing lost with it."""

from __future__ import annotations

import io
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from huey.registry import Message
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from engine import clock, jobs, outbox
from engine.commands import perform
from engine.errors import Refused
from engine.jobs import Queue, Signed, make_queue
from engine.move import Command
from engine.outbox import Task
from tests.engine import working
from tests.engine.working import SECRET

PATIENCE = 30.0


@pytest.fixture
def queue(empty_database_url: str) -> Iterator[Queue]:
    """A new queue on either database."""
    made = make_queue(empty_database_url, SECRET)
    yield made
    made.close()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_message_is_signed_json_with_ids_only() -> None:
    data = Signed(SECRET).serialize(Message(id="m", name="engine.jobs.deliver", args=(7,)))
    seal, _, body = data.partition(b" ")
    assert len(seal) == 64
    expected = {"form": 1, "id": "m", "task": "engine.jobs.deliver", "ids": [7], "until": None}
    assert json.loads(body) == expected
    assert Signed(SECRET).deserialize(data).args == (7,)


@pytest.mark.parametrize("value", ["7", 7.5, True, None, {"id": 7}, [7]])
def test_nothing_but_ids_is_written(value: object) -> None:
    with pytest.raises(TypeError):
        Signed(SECRET).serialize(Message(id="m", name="deliver", args=(value,)))
    with pytest.raises(TypeError):
        Signed(SECRET).serialize(Message(id="m", name="deliver", kwargs={"id": 7}))


def test_a_message_of_another_key_or_changed_is_refused() -> None:
    data = Signed(SECRET).serialize(Message(id="m", name="deliver", args=(7,)))
    with pytest.raises(jobs.Foreign, match="did not write"):
        Signed("another secret").deserialize(data)
    with pytest.raises(ValueError, match="did not write"):
        Signed(SECRET).deserialize(data.replace(b"[7]", b"[8]"))
    with pytest.raises(ValueError, match="did not write"):
        Signed(SECRET).deserialize(b"")


def test_a_message_under_another_secret_is_dropped_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here = f"sqlite:///{tmp_path}/queue.db"
    before, now = make_queue(here, "another secret"), make_queue(here, SECRET)
    before.wake([7])
    assert now.huey.pending_count() == 1
    assert now.huey.dequeue() is None
    (line,) = caplog.records
    assert "did not write" in line.getMessage() and line.exc_info is None
    assert now.huey.pending_count() == 0  # the next one is not held up by it
    before.close()
    now.close()


def test_an_address_that_is_no_queue_is_refused() -> None:
    with pytest.raises(ValueError, match="redis"):
        make_queue("redis://localhost", SECRET)


def test_a_move_is_rung_for_after_its_commit(
    engine: Engine, queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a message path pickles")

    for name in ("dumps", "loads", "dump", "load"):
        monkeypatch.setattr(pickle, name, forbidden)
    work = working.work_on(engine, {"render": working.touch(tmp_path)}, queue)
    with Session(engine) as session:
        working.review(session, work.house)
        assert queue.huey.pending_count() == 1
        assert queue.drain(work) == 1
        task = session.scalars(select(Task)).one()
        assert task.done_at is not None
        assert [file.name for file in tmp_path.iterdir()] == [f"{task.ids['paper']}-0"]


def test_a_refused_move_rings_for_nothing(engine: Engine, queue: Queue) -> None:
    house = working.house(queue)
    with Session(engine) as session:
        subject = working.begin(session, house).subject_id
        perform(session, house, Command(working.ASKER, subject, "ask", 1, {"count": 2}))
        with pytest.raises(Refused):
            perform(session, house, Command(working.REVIEWER, subject, "review", 2, {}))
    assert queue.huey.pending_count() == 0


def test_a_foreign_message_is_dropped_and_never_unpickled(
    engine: Engine, queue: Queue, tmp_path: Path
) -> None:
    class Mine:
        def __reduce__(self) -> tuple[object, ...]:
            return (os.mkdir, (str(tmp_path / "owned"),))

    file = io.BytesIO()
    pickle.dump(Mine(), file)
    queue.huey.storage.enqueue(file.getvalue())
    assert queue.drain(working.work_on(engine, {})) == 0
    assert queue.huey.pending_count() == 0
    assert not (tmp_path / "owned").exists()


def test_a_message_twice_runs_the_task_once(engine: Engine, queue: Queue, tmp_path: Path) -> None:
    work = working.work_on(engine, {"render": working.touch(tmp_path)})
    with Session(engine) as session:
        working.review(session, work.house)
        task_id = session.scalars(select(Task.id)).one()
    queue.wake([task_id, task_id])
    assert queue.drain(work) == 2
    assert len(list(tmp_path.iterdir())) == 1


def test_a_broken_queue_does_not_fail_the_move(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    for url in (
        f"sqlite:///{tmp_path}/file/queue.db",
        f"postgresql://nobody@/nowhere?host={tmp_path}",
    ):
        caplog.clear()
        with Session(engine) as session, caplog.at_level(logging.ERROR):
            outcome = working.review(session, working.house(make_queue(url, SECRET)))
        assert outcome.state == "reviewed"
        assert "the queue does not answer" in caplog.text
    with Session(engine) as session:
        assert len(outbox.due(session, clock.now())) == 2


def test_the_sweep_rings_for_what_was_lost(engine: Engine, queue: Queue, tmp_path: Path) -> None:
    work = working.work_on(engine, {"render": working.touch(tmp_path)})
    with Session(engine) as session:
        working.review(session, work.house)
    queue.work = work
    queue.sweep()
    assert queue.drain(work) == 1
    queue.sweep()
    assert queue.drain(work) == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_the_sweep_does_not_lengthen_a_backlog(
    engine: Engine, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BACKLOG", 3)
    queue.work = working.work_on(engine, {})
    with Session(engine) as session:
        for _ in range(5):
            working.review(session, queue.work.house)
    for _ in range(4):
        queue.sweep()
    assert queue.huey.pending_count() == 3


def test_a_passed_term_moves_by_the_clock(engine: Engine, queue: Queue) -> None:
    work = working.work_on(engine, {})
    with Session(engine) as session:
        begun = working.begin(session, work.house)
        queue.work = work
        queue.expire()
        assert _state(session, begun.subject_id) == "draft"
        with clock.fixed_at(clock.now() + timedelta(days=30)):
            queue.expire()
            queue.expire()
        assert _state(session, begun.subject_id) == "lapsed"


def _state(session: Session, subject_id: int) -> str:
    from engine.subjects import Subject

    session.rollback()
    return session.execute(select(Subject.state).where(Subject.id == subject_id)).scalar_one()


def test_who_only_sends_cannot_work(queue: Queue) -> None:
    with pytest.raises(LookupError):
        queue.sweep()


def test_the_clock_asks_for_sweeps_and_drops_those_that_come_late(
    engine: Engine, queue: Queue
) -> None:
    names = {type(task).__name__ for task in queue.huey.read_periodic(None)}
    assert "sweep" in names
    at = clock.now().replace(tzinfo=None)
    both = {type(t).__name__ for t in queue.huey.read_periodic(at.replace(second=3))}
    assert both == {"sweep", "expire"}
    once = {type(t).__name__ for t in queue.huey.read_periodic(at.replace(second=40))}
    assert once == {"sweep"}
    work = working.work_on(engine, {})
    with Session(engine) as session:
        working.review(session, work.house)
    queue.work = work
    for task in queue.huey.read_periodic(at.replace(second=40)):
        queue.huey.enqueue(task)
    late = queue.huey.dequeue()
    queue.huey.execute(late, at + timedelta(seconds=jobs.SWEEP_SECONDS + 5))
    assert queue.huey.pending_count() == 0


class WorkerProcess:
    """A worker as a process of its own."""

    def __init__(self, database: str, queue: str, folder: Path, tasks: int = 500) -> None:
        command = [sys.executable, "-W", "error", "-m", "tests.engine.working"]
        self.inner = subprocess.Popen(
            [*command, database, queue, str(folder), str(tasks)], stderr=subprocess.PIPE, text=True
        )

    def ended(self) -> tuple[int, str]:
        _, errors = self.inner.communicate(timeout=PATIENCE)
        return self.inner.returncode, errors


@pytest.fixture
def start(
    database_url: str, empty_database_url: str, tmp_path: Path
) -> Iterator[Callable[..., WorkerProcess]]:
    """Starts a worker process; none is left when the test ends."""
    started: list[WorkerProcess] = []

    def starter(tasks: int = 500) -> WorkerProcess:
        started.append(WorkerProcess(database_url, empty_database_url, tmp_path, tasks))
        return started[-1]

    yield starter
    for worker in started:
        if worker.inner.poll() is None:
            worker.inner.kill()
            worker.ended()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_process_works_and_stops_when_told(
    start: Callable[..., WorkerProcess],
    engine: Engine,
    queue: Queue,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    worker = start()
    house = working.house(queue)
    with sessionmaker(engine)() as session:
        for _ in range(5):
            working.review(session, house)
        _until(lambda: len(list(tmp_path.iterdir())) == 5)
        _until(lambda: _open_tasks(session) == 0)
    worker.inner.send_signal(number)
    assert worker.ended() == (0, "")


def test_a_worker_process_does_what_was_rung_for_before_it_started_and_is_renewed(
    start: Callable[..., WorkerProcess], engine: Engine, queue: Queue, tmp_path: Path
) -> None:
    house = working.house(queue)
    with Session(engine) as session:
        for _ in range(6):
            working.review(session, house)
        assert start(tasks=2).ended() == (75, "")
        assert _open_tasks(session) == 4
        while _open_tasks(session):
            start(tasks=2).ended()
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize(("told", "ending"), [(False, "recycle"), (True, "stopped")])
def test_who_is_told_to_stop_while_beginning_anew_stops(
    queue: Queue, told: bool, ending: str
) -> None:
    consumer = jobs._Consumer(queue.huey, worn=lambda: True, patience=1)
    consumer.ending = "recycle"
    before = {number: signal.getsignal(number) for number in jobs.STOPPING}
    try:
        if told:
            consumer._handle_signal(signal.SIGTERM, None)
        assert consumer.settled() == ending
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_tasks(session: Session) -> int:
    session.rollback()
    return len(session.scalars(select(Task.id).where(Task.done_at.is_(None))).all())


def test_a_worker_finds_what_was_never_rung_for(
    start: Callable[..., WorkerProcess], engine: Engine, tmp_path: Path
) -> None:
    with Session(engine) as session:
        working.review(session, working.house())
    start()
    _until(lambda: len(list(tmp_path.iterdir())) == 1)


def test_memory_is_told_in_bytes() -> None:
    assert 10 * 2**20 < jobs.held() < 2 * 2**30
