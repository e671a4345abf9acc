"""What must still happen happens once, is tried again when it fails, and ends in a list."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.db import writing
from engine.errors import Away, Refusal
from engine.outbox import ATTEMPTS, FIRST_PAUSE, LEASE, PATIENT, Task

NOON = datetime(2026, 11, 5, 5, tzinfo=UTC)


def _put(session: Session, name: str = "render", **ids: int) -> int:
    with writing(session):
        task_id = session.scalar(
            insert(Task)
            .values(name=name, ids=ids, created_at=NOON, due_at=NOON, attempts=0)
            .returning(Task.id)
        )
    assert task_id is not None
    return task_id


def _task(session: Session, task_id: int) -> Task:
    session.rollback()
    return session.scalars(
        select(Task).where(Task.id == task_id).execution_options(populate_existing=True)
    ).one()


class Handler:
    """Counts its runs; fails as long as ``failing`` is set, having written something."""

    def __init__(self) -> None:
        self.runs: list[dict[str, int]] = []
        self.failing: Exception | None = None

    def __call__(self, session: Session, ids: Mapping[str, int]) -> None:
        self.runs.append(dict(ids))
        if self.failing:
            session.execute(
                insert(Task).values(name="half", ids={}, created_at=NOON, due_at=NOON, attempts=0)
            )
            raise self.failing


@contextmanager
def _after(pause: timedelta) -> Iterator[None]:
    with clock.fixed_at(NOON + pause):
        yield


def test_a_task_runs_once_with_its_ids(session: Session) -> None:
    handler = Handler()
    task_id = _put(session, paper=7)
    assert outbox.deliver(session, {"render": handler}, task_id)
    assert not outbox.deliver(session, {"render": handler}, task_id)
    assert handler.runs == [{"paper": 7}]
    task = _task(session, task_id)
    assert task.done_at is not None
    assert task.attempts == 1
    assert outbox.due(session, clock.now()) == []


def test_a_task_that_waits_for_a_service_is_never_given_up(session: Session) -> None:
    handler = Handler()
    handler.failing = Away(Refusal("service_away", {"host": "tsa", "why": "timeout"}))
    task_id, pause, pauses = _put(session), timedelta(0), []
    for _ in range(2 * ATTEMPTS):
        with _after(pause):
            assert not outbox.deliver(session, {"render": handler}, task_id)
        task = _task(session, task_id)
        pauses.append(task.due_at - NOON - pause)
        pause = task.due_at - NOON
    assert len(handler.runs) == 2 * ATTEMPTS
    assert (task.failed_at, task.attempts) == (None, PATIENT)
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert max(pauses) == FIRST_PAUSE * 2**PATIENT
    assert [one.id for one in outbox.failures(session)] == [task_id]
    handler.failing = None
    with _after(pause):
        assert outbox.deliver(session, {"render": handler}, task_id)


def test_tasks_are_found_by_name(session: Session) -> None:
    first, second = _put(session, "render"), _put(session, "stamp")
    assert outbox.due(session, NOON, only={"stamp"}) == [second]
    assert outbox.due(session, NOON, but={"stamp"}) == [first]
    assert (outbox.name_of(session, second), outbox.name_of(session, 4711)) == ("stamp", None)


def test_a_task_is_written_in_the_transaction_at_hand(session: Session) -> None:
    with clock.fixed_at(NOON), writing(session):
        task_id = outbox.add(session, "stamp", paper=7)
    assert (_task(session, task_id).ids, outbox.due(session, NOON)) == ({"paper": 7}, [task_id])


def test_a_task_that_is_not_there_is_no_task(session: Session) -> None:
    assert not outbox.deliver(session, {}, 4711)


def test_tasks_are_due_in_their_order_and_not_before(session: Session) -> None:
    ids = [_put(session, paper=number) for number in range(4)]
    assert outbox.due(session, NOON - timedelta(seconds=1)) == []
    assert outbox.due(session, NOON) == ids
    assert outbox.due(session, NOON, limit=2) == ids[:2]
    with _after(timedelta(seconds=-1)):
        assert not outbox.deliver(session, {"render": Handler()}, ids[0])


def test_a_failure_leaves_nothing_half_done_and_is_told(session: Session) -> None:
    handler = Handler()
    handler.failing = OSError("No space left on device")
    task_id = _put(session)
    with _after(timedelta()):
        assert not outbox.deliver(session, {"render": handler}, task_id)
    task = _task(session, task_id)
    assert task.last_error == "OSError: No space left on device"
    assert task.due_at == NOON + FIRST_PAUSE
    assert task.failed_at is None
    assert [task.name for task in session.scalars(select(Task))] == ["render"]
    assert [task.id for task in outbox.failures(session)] == [task_id]


def test_the_pause_doubles_until_the_task_is_given_up(session: Session) -> None:
    handler = Handler()
    handler.failing = ValueError("never")
    task_id = _put(session)
    at, pauses = NOON, []
    for _ in range(ATTEMPTS):
        with clock.fixed_at(at):
            outbox.deliver(session, {"render": handler}, task_id)
        due_at = _task(session, task_id).due_at
        pauses.append(due_at - at)
        at = due_at
    assert pauses == [FIRST_PAUSE * 2**number for number in range(ATTEMPTS)]
    task = _task(session, task_id)
    assert task.failed_at is not None
    with clock.fixed_at(at + timedelta(days=30)):
        assert outbox.due(session, clock.now()) == []
        assert not outbox.deliver(session, {"render": handler}, task_id)
    assert len(handler.runs) == ATTEMPTS


def test_a_failed_task_that_succeeds_later_leaves_the_list(session: Session) -> None:
    handler = Handler()
    handler.failing = ValueError("not yet")
    task_id = _put(session)
    with _after(timedelta()):
        outbox.deliver(session, {"render": handler}, task_id)
    handler.failing = None
    with _after(FIRST_PAUSE):
        assert outbox.deliver(session, {"render": handler}, task_id)
    assert _task(session, task_id).last_error is None
    assert outbox.failures(session) == []


def test_what_was_given_up_can_be_tried_again(session: Session) -> None:
    task_id = _put(session)
    with writing(session):
        task = session.get_one(Task, task_id)
        task.failed_at, task.attempts, task.last_error = NOON, ATTEMPTS, "OSError: gone"
    assert outbox.retry(session, task_id)
    assert outbox.deliver(session, {"render": Handler()}, task_id)
    assert not outbox.retry(session, task_id)
    assert not outbox.retry(session, 4711)


def test_a_task_nobody_knows_how_to_do_fails_visibly(session: Session) -> None:
    task_id = _put(session, name="unheard_of")
    assert not outbox.deliver(session, {}, task_id)
    assert "unheard_of" in (_task(session, task_id).last_error or "")


def test_two_workers_do_not_run_one_task_at_once(engine: Engine, session: Session) -> None:
    inside, go_on = threading.Event(), threading.Event()
    runs: list[str] = []

    def slow(_session: Session, _ids: Mapping[str, int]) -> None:
        runs.append("slow")
        inside.set()
        assert go_on.wait(20)

    def quick(_session: Session, _ids: Mapping[str, int]) -> None:
        runs.append("quick")

    task_id = _put(session)

    def first() -> None:
        with Session(engine) as own:
            outbox.deliver(own, {"render": slow}, task_id)

    worker = threading.Thread(target=first)
    worker.start()
    try:
        assert inside.wait(20)
        assert not outbox.deliver(session, {"render": quick}, task_id)
    finally:
        go_on.set()
        worker.join()
    assert runs == ["slow"]
    assert _task(session, task_id).done_at is not None


class Died(BaseException):
    """As a kill: nothing after it runs."""


def _die(_session: Session, _ids: Mapping[str, int]) -> None:
    raise Died


def test_a_worker_that_died_leaves_the_task_to_the_next_after_the_lease(session: Session) -> None:
    task_id = _put(session)
    with _after(timedelta()), pytest.raises(Died):
        outbox.deliver(session, {"render": _die}, task_id)
    session.rollback()
    handler = Handler()
    with _after(LEASE - timedelta(seconds=1)):
        assert not outbox.deliver(session, {"render": handler}, task_id)
    with _after(LEASE):
        assert outbox.deliver(session, {"render": handler}, task_id)
    assert handler.runs == [{}]


def test_a_task_that_kills_every_worker_is_given_up_and_told(session: Session) -> None:
    task_id = _put(session)
    for number in range(ATTEMPTS):
        with _after(number * LEASE), pytest.raises(Died):
            outbox.deliver(session, {"render": _die}, task_id)
        session.rollback()
        assert outbox.failures(session) == []
    with _after(ATTEMPTS * LEASE):
        assert not outbox.deliver(session, {"render": _die}, task_id)
        assert outbox.due(session, clock.now()) == []
    (given_up,) = outbox.failures(session)
    assert (given_up.id, given_up.failed_at) == (task_id, NOON + ATTEMPTS * LEASE)
    assert given_up.last_error == outbox.DIED
    handler = Handler()
    assert outbox.retry(session, task_id)
    assert outbox.deliver(session, {"render": handler}, task_id)
    assert handler.runs == [{}]


def test_all_due_tasks_are_done_in_one_go_each_tried_once(session: Session) -> None:
    handler, broken = Handler(), Handler()
    broken.failing = ValueError("no")
    for number in range(3):
        _put(session, paper=number)
    _put(session, name="broken")
    assert outbox.deliver_all(session, {"render": handler, "broken": broken}) == 3
    assert len(broken.runs) == 1
