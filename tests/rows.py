"""Everything in a database of PostgreSQL, read at once and laid out at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Cursor

from engine.db import Base

_NUMBERS = """SELECT quote_ident(sequencename), last_value FROM pg_sequences
    WHERE schemaname = current_schema() AND last_value IS NOT NULL"""
_BEGIN_AGAIN = """SELECT setval(quote_ident(sequencename), start_value, false) FROM pg_sequences
    WHERE schemaname = current_schema() AND last_value IS NOT NULL"""


def may_pass_triggers(connection: Connection[Any]) -> bool:
    """Whether its user may lay out rows that no trigger looks at."""
    return connection.execute("SHOW is_superuser").fetchone() == ("on",)


@dataclass(frozen=True, slots=True)
class Rows:
    """The tables that have a row, as text, and where the numbers are."""

    tables: dict[str, bytes]
    numbers: list[tuple[str, int]]

    @classmethod
    def read(cls, connection: Connection[Any]) -> Rows:
        """What is there now."""
        with connection.cursor() as cursor:
            tables = {table: _read(cursor, table) for table in Base.metadata.tables}
            numbers = cursor.execute(_NUMBERS).fetchall()
        return cls({table: rows for table, rows in tables.items() if rows}, numbers)

    def lay_out(self, connection: Connection[Any], there: Mapping[str, bytes] | None) -> None:
        """Puts it in place of the tables ``there``, or of whatever there is if that is None."""
        known = dict.fromkeys(Base.metadata.tables, None) if there is None else there
        gone = [
            table for table, rows in known.items() if not rows or rows != self.tables.get(table)
        ]
        with connection.transaction(), connection.cursor() as cursor:
            delete = [f'DELETE FROM "{table}"' for table in gone]  # noqa: S608 - tables of ours
            cursor.execute(";".join(["SET LOCAL session_replication_role = replica", *delete]))
            for table, rows in self.tables.items():
                if rows != known.get(table):
                    _write(cursor, table, rows)
            if there is None:
                cursor.execute(_BEGIN_AGAIN)
            for number in self.numbers:
                cursor.execute("SELECT setval(%s, %s)", number)


def _read(cursor: Cursor[Any], table: str) -> bytes:
    with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
        return b"".join(rows)


def _write(cursor: Cursor[Any], table: str, rows: bytes) -> None:
    with cursor.copy(f'COPY "{table}" FROM STDIN') as into:
        into.write(rows)
