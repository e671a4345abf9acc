"""The database seam: the declarative base, column types, and the write lock.

SQLite and PostgreSQL are both first class. On SQLite a command takes the write lock
first (``BEGIN IMMEDIATE``), so that read-then-write never loses an update; readers use a
plain ``BEGIN`` and never queue. On PostgreSQL the subject's row is locked instead.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Engine, MetaData, event
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

PATIENCE = 15
"""Seconds that whoever finds an SQLite file locked waits for it."""

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table of the product, free of Flask."""

    metadata = MetaData(naming_convention=NAMING)


class Instant(TypeDecorator[datetime]):
    """An instant: aware and in UTC in Python, on either database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def tune(engine: Engine) -> Engine:
    """Install the connection settings a system of record needs; returns the engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # The driver's legacy transactions emit no BEGIN before a SELECT; we emit our own.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={PATIENCE * 1000}", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Has the file keep a log of its own. Two who open a new file at once want this at once, and
    SQLite does not wait then, it refuses one of them."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.02)


def _sqlite_begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(session: Session) -> Iterator[Session]:
    """One write transaction: all or nothing.

    Drops the read transaction the session may have open (its snapshot could be old),
    takes the write lock on SQLite, commits at the end, rolls back on any exception.
    Nested use joins the outer transaction.
    """
    if in_writing(session):
        yield session
        return
    end_reading(session)
    session.info["writing"] = True
    after = session.info["after_commit"] = []
    try:
        session.connection(execution_options={"writes": True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["writing"] = False
    for act in after:
        act()


def end_reading(session: Session) -> None:
    """Ends the read transaction the session may have open, and drops what was changed in it.

    Where nothing was changed it is committed: at a rollback PostgreSQL's driver forgets every
    statement it has prepared, and planning them anew doubles the time of a move.
    """
    changed = session.new or session.dirty or session.deleted
    if changed or not session.is_active:
        session.rollback()
    else:
        session.commit()


def in_writing(session: Session) -> bool:
    """Whether the session is inside a ``writing`` transaction."""
    return bool(session.info.get("writing"))


def after_commit(session: Session, act: Callable[[], object]) -> None:
    """Does ``act`` once the present ``writing`` transaction is committed, or never."""
    session.info["after_commit"].append(act)


CONTENTION = frozenset({"40P01", "40001", "55P03"})
"""PostgreSQL's codes for a deadlock, a serialization failure and a lock not given."""


def contended(error: OperationalError) -> bool:
    """Whether an error of the database only says that somebody else was in the way."""
    state = getattr(error.orig, "sqlstate", None)
    return state in CONTENTION or "database is locked" in str(error.orig)
