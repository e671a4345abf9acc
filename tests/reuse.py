"""Databases of PostgreSQL that are laid out anew and used again: to make one takes longer.

One is used again only if its tables, triggers and functions are as they were, and nobody is
connected to it any more. Rows that are deleted slow down what comes after, so each has a few lives.
"""

from __future__ import annotations

import time

import psycopg
from sqlalchemy import make_url

from tests.rows import Rows, may_pass_triggers

LIVES = 25

# Whatever is defined, changed or taken away leaves another number of rows or a newer one.
_SHAPE = """SELECT count(*), max(xmin::text::bigint), sum(xmin::text::bigint) FROM (
    SELECT xmin FROM pg_class UNION ALL SELECT xmin FROM pg_attribute
    UNION ALL SELECT xmin FROM pg_trigger UNION ALL SELECT xmin FROM pg_proc
    UNION ALL SELECT xmin FROM pg_constraint UNION ALL SELECT xmin FROM pg_index) AS defined"""

_LEFT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
PATIENCE = 2.0  # seconds


class Reused:
    """The databases of one process, by the template that each was made of."""

    def __init__(self) -> None:
        self._known: dict[str, _Database] = {}
        self._free: dict[str, list[str]] = {}

    def take(self, template: str) -> str | None:
        """The address of one as the template is, if there is one."""
        free = self._free.get(template)
        return free.pop() if free else None

    def made(self, url: str, template: str) -> None:
        """Notes a new one; where one may not pass by the triggers it will not serve again."""
        database = _Database(url, template)
        if database.may_be_laid_out:
            self._known[url] = database
        else:
            database.close()

    def back(self, url: str) -> bool:
        """Whether the database serves again, and so is to stay."""
        if (database := self._known.get(url)) is None:
            return False
        if not database.laid_out():
            self.lose(url)
            return False
        self._free.setdefault(database.template, []).append(url)
        return True

    def lose(self, url: str) -> None:
        """Forgets one that is to be something else, or nothing."""
        if database := self._known.pop(url, None):
            database.close()

    def forget(self) -> list[str]:
        """Lets go of all, and says which are free."""
        for url in list(self._known):
            self.lose(url)
        free = [url for urls in self._free.values() for url in urls]
        self._free.clear()
        return free


class _Database:
    """One database and the connection that lays it out."""

    def __init__(self, url: str, template: str) -> None:
        address = make_url(url).set(drivername="postgresql")
        self._connection = psycopg.connect(
            address.render_as_string(hide_password=False), autocommit=True
        )
        self.template = template
        self.may_be_laid_out = may_pass_triggers(self._connection)
        self._lives = LIVES
        self._shape = self._ask(_SHAPE)
        self._rows = Rows.read(self._connection)

    def laid_out(self) -> bool:
        """Whether it is as it was made; False where it should not be used again."""
        self._lives -= 1
        if not self._lives or not self._left_alone() or self._ask(_SHAPE) != self._shape:
            return False
        self._rows.lay_out(self._connection, None)
        return True

    def _left_alone(self) -> bool:
        # A connection ends a moment after it was let go of.
        until = time.monotonic() + PATIENCE
        while self._ask(_LEFT) is not None:
            if time.monotonic() > until:
                return False
            time.sleep(0.001)
        return True

    def close(self) -> None:
        self._connection.close()

    def _ask(self, question: str) -> tuple[object, ...] | None:
        return self._connection.execute(question).fetchone()
