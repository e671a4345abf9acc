"""What must still happen, written in the transaction that made it necessary.

A task names a function and carries ids only. It may run twice without harm; a failing one
is tried again, later and later, and ends in a list that people see. One that only waits for a
service outside (``Away``) stands in that list too, and is never given up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Index, String, Text, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant, writing
from engine.errors import Away

ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=10)
PATIENT = ATTEMPTS - 2
"""As often as a task that waits for a service counts as tried, at most: so it pauses longer
and longer, up to ten minutes, and a worker that dies with it does not end it."""

LEASE = timedelta(minutes=5)
LONGEST_PAUSE = FIRST_PAUSE * 2**ATTEMPTS
"""No task that is open is due later than this."""
DIED = "the worker ended before the task did"

Handler = Callable[[Session, Mapping[str, int]], None]


class Task(Base):
    """One thing still to do. Open while neither ``done_at`` nor ``failed_at`` is set."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    ids: Mapped[dict[str, int]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int]
    last_error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    failed_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index("ix_outbox_done_at_due_at", "done_at", "due_at"),)


def due(
    session: Session,
    at: datetime,
    limit: int = 100,
    *,
    only: Collection[str] | None = None,
    but: Collection[str] = (),
) -> Sequence[int]:
    """Ids of the open tasks whose time has come, oldest first: only those of some names, or
    all but those."""
    query = select(Task.id).where(
        Task.done_at.is_(None), Task.failed_at.is_(None), Task.due_at <= at
    )
    if only is not None:
        query = query.where(Task.name.in_(only))
    if but:
        query = query.where(Task.name.not_in(but))
    return session.scalars(query.order_by(Task.due_at, Task.id).limit(limit)).all()


def add(session: Session, name: str, **ids: int) -> int:
    """Writes a new task inside the present transaction; its id, to wake somebody with."""
    at = clock.now()
    row = {"name": name, "ids": ids, "created_at": at, "due_at": at, "attempts": 0}
    return session.execute(insert(Task).values(row).returning(Task.id)).scalar_one()


def name_of(session: Session, task_id: int) -> str | None:
    """The name of a task, if there is such a task."""
    return session.scalar(select(Task.name).where(Task.id == task_id))


def deliver(session: Session, handlers: Mapping[str, Handler], task_id: int) -> bool:
    """Runs one task if it is still open and due; true when it is done.

    The task is leased first, so that two workers do not run it at once; a worker that dies
    leaves it to the next one after the lease. A failure is recorded and tried again after a
    pause that doubles, ``ATTEMPTS`` times in all; a task that takes its worker with it each
    time is given up after as many.
    """
    at = clock.now()
    task = _lease(session, task_id, at)
    if task is None:
        return False
    try:
        handlers[task["name"]](session, task["ids"])
    except Exception as error:
        # Whatever it was, people must see it.
        session.rollback()
        _failed(session, task_id, task["attempts"], at, error)
        return False
    with writing(session):
        session.execute(
            update(Task).where(Task.id == task_id).values(done_at=clock.now(), last_error=None)
        )
    return True


def deliver_all(session: Session, handlers: Mapping[str, Handler]) -> int:
    """Runs every due task in this process, until none is left; how many were done."""
    done, tried = 0, set[int]()
    while ids := [i for i in due(session, clock.now()) if i not in tried]:
        for task_id in ids:
            tried.add(task_id)
            done += deliver(session, handlers, task_id)
    return done


def failures(session: Session, limit: int = 200) -> Sequence[Task]:
    """What people must see: tasks given up, and those that failed and will be tried again."""
    return session.scalars(
        select(Task)
        .where(Task.done_at.is_(None), Task.last_error.is_not(None))
        .order_by(Task.failed_at.is_(None), Task.created_at)
        .limit(limit)
    ).all()


def retry(session: Session, task_id: int) -> bool:
    """Opens a task again that was given up; false when there is no such task."""
    with writing(session):
        found = session.execute(
            update(Task)
            .where(Task.id == task_id, Task.done_at.is_(None))
            .values(failed_at=None, attempts=0, due_at=clock.now())
            .returning(Task.id)
        ).first()
    return found is not None


def _lease(session: Session, task_id: int, at: datetime) -> dict[str, Any] | None:
    ready = update(Task).where(
        Task.id == task_id,
        Task.done_at.is_(None),
        Task.failed_at.is_(None),
        Task.due_at <= at,
    )
    with writing(session):
        row = session.execute(
            ready.where(Task.attempts < ATTEMPTS)
            .values(attempts=Task.attempts + 1, due_at=at + LEASE)
            .returning(Task.name, Task.ids, Task.attempts)
        ).first()
        if row is None:
            # Leased as often as it may be and still open: nobody lived to tell of a failure.
            told = func.coalesce(Task.last_error, DIED)
            session.execute(
                ready.where(Task.attempts >= ATTEMPTS).values(failed_at=at, last_error=told)
            )
    return dict(row._mapping) if row else None


def _told(error: BaseException) -> str:
    """What went wrong, and what that came from: "the store is away" names no full disk."""
    cause = f" ({_told(error.__cause__)})" if error.__cause__ else ""
    return f"{type(error).__name__}: {error}{cause}"


def _failed(session: Session, task_id: int, attempts: int, at: datetime, error: Exception) -> None:
    patient = isinstance(error, Away)
    given_up = attempts >= ATTEMPTS and not patient
    with writing(session):
        session.execute(
            update(Task)
            .where(Task.id == task_id)
            .values(
                last_error=_told(error)[:2000],
                failed_at=at if given_up else None,
                due_at=at + FIRST_PAUSE * 2 ** (attempts - 1),
                attempts=min(attempts, PATIENT) if patient else attempts,
            )
        )
