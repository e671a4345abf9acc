"""Databases of PostgreSQL that one test has after another, and the connections to them.

To make a database and to drop it takes longer than most tests, and each new connection reads the
system's tables anew. So a database in which nothing but rows was changed is emptied after a test,
until nothing of them is left: the next test's rows come to lie, and are told, in the order in
which they are written. A connection is lent again as if it were new (``DISCARD ALL``).
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import AdaptersMap
from sqlalchemy import Engine, event

MOST_IDLE = 4
"""Connections to keep to one database."""

MOST_ROWS = 2**18
"""Bytes of rows up to which it is faster to write them than to copy a database."""

WATCH = """
    CREATE SCHEMA tests;
    CREATE TABLE tests.changes (tag text);
    CREATE FUNCTION tests.note() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN
        IF current_setting('tests.unguarding', true) IS DISTINCT FROM 'on' THEN
            INSERT INTO tests.changes VALUES (tg_tag);
        END IF;
    END$$;
    CREATE EVENT TRIGGER tests_note ON ddl_command_end EXECUTE FUNCTION tests.note();
    ALTER EVENT TRIGGER tests_note ENABLE ALWAYS;
    TRUNCATE tests.changes;
"""
"""Notes whoever changes more than rows, but for what ``unguarded`` does, which is undone."""

_SETTINGS = ("session_replication_role = replica", "tests.unguarding = 'on'")
_OTHERS = """SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> ALL(%s)"""
_CHANGED = "SELECT EXISTS (SELECT FROM tests.changes)"
_UNGUARDED = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgenabled = 'D'"
_FILLED = """SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r'
    AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"""
_RESTART = """SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'
    AND relnamespace = 'public'::regnamespace"""
_NUMBERS = """SELECT quote_ident(sequencename), last_value FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL"""

_OPEN = (
    pq.TransactionStatus.IDLE,
    pq.TransactionStatus.INTRANS,
    pq.TransactionStatus.INERROR,
)
_GONE = pq.PGconn.connect_start(b"host=/")
_GONE.finish()


@dataclass(frozen=True, slots=True)
class Rows:
    """All that is in the tables of a database, as text, and where its numbers are."""

    tables: dict[str, bytes]
    numbers: list[tuple[str, int]]


class Lender:
    """The databases of one process that are lent, and the connections to them."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Any]] = defaultdict(list)
        self._turns: dict[str, int] = {}
        self._keepers: dict[str, psycopg.Connection[Any]] = {}
        os.register_at_fork(after_in_child=self._forget)

    def opens(self, name: str, url: str) -> None:
        """From now on a database is lent, and connections to it are."""
        self._turns[name] = 0
        keeper = self._keepers[name] = psycopg.connect(url, autocommit=True)
        for setting in _SETTINGS:
            keeper.execute(f"SET {setting}")

    def reads(self, name: str) -> Rows | None:
        """The rows of a database; none where it has more than rows, or too many."""
        keeper, tables, size = self._keepers[name], {}, 0
        if keeper.execute(_CHANGED).fetchone() != (False,):
            return None
        for (table,) in keeper.execute(_FILLED).fetchall():
            with keeper.cursor().copy(f"COPY {table} TO STDOUT") as rows:
                tables[table] = b"".join(rows)
            size += len(tables[table])
        numbers = keeper.execute(_NUMBERS).fetchall()
        return Rows(tables, numbers) if size <= MOST_ROWS else None

    def fills(self, name: str, rows: Rows) -> None:
        """Writes rows into an empty database."""
        keeper = self._keepers[name]
        with keeper.transaction():
            for table, text in rows.tables.items():
                with keeper.cursor().copy(f"COPY {table} FROM STDIN") as written:
                    written.write(text)
            for sequence, value in rows.numbers:
                keeper.execute("SELECT setval(%s, %s)", (sequence, value))

    def empties(self, name: str) -> bool:
        """Whether a database has its tables and no row, once this emptied it."""
        if name not in self._turns:
            return False
        self._turns[name] += 1  # what is still lent does not come back
        keeper = self._keepers[name]
        own = [keeper.info.backend_pid, *(one.backend_pid for one in self._idle[name])]
        keeper.execute(_OTHERS, [own])
        if keeper.execute(_CHANGED).fetchone() != (False,):
            return False
        for (table,) in keeper.execute(_UNGUARDED).fetchall():
            keeper.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        if filled := [row[0] for row in keeper.execute(_FILLED)]:
            keeper.execute("; ".join(f"DELETE FROM {table}" for table in filled))  # noqa: S608 - our own tables
            keeper.execute(f"VACUUM {', '.join(filled)}")
        keeper.execute(_RESTART)
        return True

    def closes(self, name: str) -> None:
        """Lets go of a database and of all connections to it."""
        self._turns.pop(name, None)
        for one in self._idle.pop(name, ()):
            one.finish()
        if keeper := self._keepers.pop(name, None):
            keeper.close()

    def lends(self, name: str, named: dict[str, Any]) -> Any:
        """A connection as it would be opened."""
        if self._idle[name]:
            lent = _Lent(self._idle[name].pop())
            lent._autocommit = bool(named.get("autocommit"))
            if context := named.get("context"):
                lent._adapters = AdaptersMap(context.adapters)
        else:
            lent = _Lent.connect(**named)
        lent.lender, lent.name, lent.turn = self, name, self._turns[name]
        return lent

    def takes_back(self, lent: _Lent) -> bool:
        """Whether a connection was taken back, and is as new."""
        idle, one = self._idle[lent.name], lent.pgconn
        if self._turns.get(lent.name) != lent.turn or len(idle) >= MOST_IDLE:
            return False
        if one.transaction_status not in _OPEN:
            return False
        for order in (b"ROLLBACK", b"DISCARD ALL"):
            if one.exec_(order).status != pq.ExecStatus.COMMAND_OK:
                return False
        lent.pgconn = _GONE
        idle.append(one)
        return True

    def knows(self, name: str) -> bool:
        """Whether a database is lent."""
        return name in self._turns

    def _forget(self) -> None:
        """A child of this process has no part in its connections."""
        self.__init__()  # type: ignore[misc]


class _Lent(psycopg.Connection[Any]):
    """A connection that is not closed but given back."""

    lender: Lender
    name: str
    turn: int

    def close(self) -> None:
        if not self.closed and not self.lender.takes_back(self):
            super().close()


LENDER = Lender()


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Any, _record: Any, arguments: Any, named: dict[str, Any]) -> Any:
    name = named.get("dbname", "")
    lent = dialect.driver == "psycopg" and not arguments and LENDER.knows(name)
    return LENDER.lends(name, named) if lent else None
