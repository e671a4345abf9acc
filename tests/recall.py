"""What a test begins with, made once in a process and recalled from then on.

Many tests begin with the same officials and the same moves, and to make them again takes most of
their time. Here a database is laid out as it was left the first time, with every row and every
number. That is done only for a database of which nobody has written a row in between.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from engine.db import Base, end_reading

T = TypeVar("T")

_WRITING = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE|TRUNCATE|CREATE|ALTER|DROP)\b", re.I)

_writes = 0
_born: dict[str, int] = {}
_kept: dict[tuple[Hashable, ...], tuple[Any, Layout]] = {}


@event.listens_for(Engine, "before_cursor_execute")
def _count(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    global _writes
    _writes += bool(_WRITING.search(statement))


class Layout(Protocol):
    """Everything in a database at some moment."""

    def lay_out(self, session: Session, before: Any) -> None:
        """Puts it in place of the layout ``before``; None: of a database without a row."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a database is: the steps that led there, and what was written anywhere till then."""

    steps: tuple[Hashable, ...]
    layout: Layout | None
    writes: int


def born(url: str) -> None:
    """Notes a new database, with tables and without a row."""
    _born[url] = _writes


def beginning(session: Session) -> Point | None:
    """Where the database of a session is, if it is new."""
    url = session.get_bind().engine.url
    kind, known = url.get_backend_name(), url.render_as_string(hide_password=False)
    return Point((kind,), None, _born[known]) if known in _born else None


def once(
    session: Session, point: Point | None, step: Hashable, make: Callable[[], T]
) -> tuple[T, Point | None]:
    """What ``make`` returns and leaves in the database, and where that is then.

    ``make`` is called if nobody did so after the same steps before, or if the database is not
    at ``point`` any more. It must do the same each time, and nothing beside the database; what
    it returns must not change.
    """
    if point is None or point.writes != _writes or session.new or session.dirty:
        return make(), None
    steps = (*point.steps, step)
    if steps not in _kept:
        result = make()
        end_reading(session)
        if (layout := _read(session)) is None:
            return result, None
        _kept[steps] = result, layout
    else:
        result, layout = _kept[steps]
        end_reading(session)
        layout.lay_out(session, point.layout)
        session.expire_all()
    return result, Point(steps, layout, _writes)


def _read(session: Session) -> Layout | None:
    """What is in a database; None where it may not be laid out again."""
    url = session.get_bind().engine.url
    if url.get_backend_name() == "sqlite":
        return _Pages.read(str(url.database))
    return _Rows.read(session)


@dataclass(frozen=True, slots=True)
class _Pages:
    """A database of SQLite, kept in memory."""

    copy: sqlite3.Connection

    @classmethod
    def read(cls, path: str) -> _Pages:
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        _copy(path, lambda opened: opened.backup(copy))
        return cls(copy)

    def lay_out(self, session: Session, before: Any) -> None:
        _copy(str(session.get_bind().engine.url.database), self.copy.backup)


def _copy(path: str, do: Callable[[sqlite3.Connection], None]) -> None:
    opened = sqlite3.connect(path)
    try:
        opened.execute("PRAGMA synchronous=OFF")
        do(opened)
    finally:
        opened.close()


_SEQUENCES = """SELECT quote_ident(sequencename), last_value FROM pg_sequences
    WHERE schemaname = current_schema() AND last_value IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class _Rows:
    """A database of PostgreSQL: its tables as text, and where its numbers are."""

    tables: dict[str, bytes]
    numbers: list[tuple[str, int]]

    @classmethod
    def read(cls, session: Session) -> _Rows | None:
        with _driver(session).cursor() as cursor:
            if cursor.execute("SHOW is_superuser").fetchone() != ("on",):
                return None  # who may not pass by the triggers
            tables = {}
            for table in Base.metadata.tables:
                with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                    tables[table] = b"".join(rows)
            found = cls(tables, cursor.execute(_SEQUENCES).fetchall())
        session.rollback()
        return found

    def lay_out(self, session: Session, before: _Rows | None) -> None:
        there = before.tables if before else {}
        with _driver(session).cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, text in self.tables.items():
                if text == there.get(table, b""):
                    continue
                if there.get(table):
                    cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a table of ours
                with cursor.copy(f'COPY "{table}" FROM STDIN') as rows:
                    rows.write(text)
            for name, value in self.numbers:
                cursor.execute("SELECT setval(%s, %s)", (name, value))
        session.commit()


def _driver(session: Session) -> Any:
    return session.connection().connection.driver_connection
