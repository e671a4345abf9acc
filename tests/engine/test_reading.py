"""How a read ends before a write begins: nothing is kept of it, nothing is forgotten by it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import clock
from engine.db import end_reading, writing
from engine.outbox import Task


def _task() -> Task:
    at = clock.now()
    return Task(name="render", ids={}, created_at=at, due_at=at, attempts=0)


def test_what_was_changed_while_reading_is_dropped(session: Session) -> None:
    with writing(session):
        session.add(_task())
    session.scalars(select(Task)).one().attempts = 7
    session.add(_task())
    with writing(session):
        assert [task.attempts for task in session.scalars(select(Task))] == [0]


def test_a_broken_read_stands_in_nobodys_way(session: Session) -> None:
    session.add(Task(name=None))
    with pytest.raises(IntegrityError):
        session.flush()
    with writing(session):
        assert session.scalars(select(Task)).all() == []


def test_reading_ends_without_forgetting_what_was_prepared(session: Session) -> None:
    for _ in range(8):
        session.execute(select(Task.id)).all()
        end_reading(session)
    if session.get_bind().dialect.name == "postgresql":
        kept = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
        assert any("FROM outbox" in statement for statement in kept)
    assert session.connection().scalar(text("SELECT 1")) == 1
