"""Databases for tests, on SQLite and on PostgreSQL, each one new and thrown away.

A test database is a copy of a template. A template is built once in a test session,
whichever process needs it first: the tables alone, or what a ``build`` function adds.
So a test may commit, open several connections and rely on the triggers.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.engine import URL, Engine

from engine.db import Base, tune
from tests import postgres, recall
from tests.lending import LENDER, WATCH, Rows

KINDS = ("sqlite", "postgresql")

OVERRIDE = "BINHXET_TEST_DATABASE_URL"
"""Names a PostgreSQL server to use instead of the embedded one, by a user who may create
databases."""

TABLES = "tests_databases_create_tables"
"""The template with all tables and no row."""

Build = Callable[[Engine], None]
"""Fills a database; a function of a module, so that every process names it alike."""


def create_tables(engine: Engine) -> None:
    """All tables of the product, with their triggers."""
    import workflows.models  # noqa: F401 - fills Base.metadata

    Base.metadata.create_all(engine)


@contextmanager
def opened(url: str | URL) -> Iterator[Engine]:
    """A tuned engine that keeps no connection, closed at the end."""
    engine = tune(create_engine(url, poolclass=NullPool))
    try:
        yield engine
    finally:
        engine.dispose()


class Databases:
    """Makes test databases. ``shared`` is a folder of one session, common to its processes;
    ``own`` a folder of this process; ``server`` the folder of the embedded PostgreSQL, which
    flushes every commit to disk only if it is to be ``durable``."""

    def __init__(
        self, *, run: str, shared: Path, own: Path, server: Path, durable: bool = False
    ) -> None:
        self._run = run
        self._shared = shared
        self._stores: dict[str, SQLiteStore | PostgresStore] = {}
        self._own = own
        self._server = server
        self._durable = durable

    def empty(self, kind: str) -> str:
        """The address of a database with nothing in it."""
        return self._store(kind).create(None)

    def copy(self, kind: str, build: Build = create_tables) -> str:
        """The address of a new database as ``build`` leaves it.

        ``create_tables`` starts from nothing, any other ``build`` from the tables.
        """
        store = self._store(kind)
        name = f"{build.__module__}.{build.__qualname__}".replace(".", "_")
        with postgres.locked(self._shared / f"{kind}-{name}.lock"):
            done = self._shared / f"{kind}-{name}.done"
            if not done.exists():
                base = self.empty(kind) if build is create_tables else self.copy(kind)
                with opened(base) as engine:
                    build(engine)
                store.keep_as_template(base, name)
                done.touch()
        url = store.create(name)
        if build is create_tables:
            recall.born(url)
        return url

    def drop(self, url: str) -> None:
        """Removes a database, whoever may still be connected to it."""
        self._store(make_url(url).get_backend_name()).drop(url)

    def close(self) -> None:
        """Removes what this process made and lets go of the server."""
        for store in self._stores.values():
            store.close()

    def _store(self, kind: str) -> SQLiteStore | PostgresStore:
        if kind not in self._stores:
            self._stores[kind] = (
                SQLiteStore(self._shared, self._own)
                if kind == "sqlite"
                else PostgresStore(self._run, self._server, durable=self._durable)
            )
        return self._stores[kind]


class SQLiteStore:
    """Databases as files; a template is a file to copy."""

    def __init__(self, shared: Path, own: Path) -> None:
        self._shared = shared
        self._own = own
        self._numbers = itertools.count()

    def create(self, template: str | None) -> str:
        path = self._own / f"{next(self._numbers)}.sqlite"
        if template:
            shutil.copyfile(self._template(template), path)
        return f"sqlite:///{path}"

    def keep_as_template(self, url: str, name: str) -> None:
        # The last connection is closed, so the write-ahead log is in the file.
        _path(url).rename(self._template(name))

    def drop(self, url: str) -> None:
        path = _path(url)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        for path in self._own.glob("*.sqlite*"):
            path.unlink()

    def _template(self, name: str) -> Path:
        return self._shared / f"template-{name}.sqlite"


class PostgresStore:
    """Databases of one server, named after the test run and the process."""

    def __init__(self, run: str, folder: Path, *, durable: bool) -> None:
        override = os.environ.get(OVERRIDE)
        self._server = None if override else postgres.join(folder, durable=durable)
        self._url = make_url(override or self._server.url)  # type: ignore[union-attr]
        self._engine = create_engine(
            self._url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        self._run = run
        self._numbers = itertools.count()
        self._lends = self._server is not None and not durable
        """Whether a test has what an earlier one had; whoever measures has all of it new."""
        self._empty: list[str] = []
        self._rows: dict[str, Rows | None] = {TABLES: Rows({}, [])}

    def create(self, template: str | None) -> str:
        if self._empty and template and (rows := self._rows.get(template)):
            name = self._empty.pop()
            LENDER.fills(name, rows)
            return self._named(name)
        name = f"{self._run}_{os.getpid()}_{next(self._numbers)}"
        # template0 and a file copy: the fastest way for small databases.
        self._say(
            f'CREATE DATABASE "{name}" STRATEGY file_copy '
            f'TEMPLATE "{self._template(template) if template else "template0"}"'
        )
        if template and self._lends:
            LENDER.opens(name, _driver(self._named(name)))
            if template not in self._rows:
                self._rows[template] = LENDER.reads(name)
        return self._named(name)

    def _named(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def keep_as_template(self, url: str, name: str) -> None:
        LENDER.closes(str(make_url(url).database))
        if name == TABLES and self._lends:
            with psycopg.connect(_driver(url)) as connection:
                connection.execute(WATCH)
        self._say(f'ALTER DATABASE "{make_url(url).database}" RENAME TO "{self._template(name)}"')

    def drop(self, url: str) -> None:
        name = str(make_url(url).database)
        if LENDER.empties(name):
            self._empty.append(name)
            return
        LENDER.closes(name)
        self._say(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def close(self) -> None:
        self._engine.dispose()
        if self._server:
            self._server.leave()

    def _template(self, name: str) -> str:
        # A name may have 63 bytes, and a longer one is cut without a word.
        return f"{self._run}_{hashlib.sha256(name.encode()).hexdigest()[:16]}"

    def _say(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)


def sweep(run: str) -> None:
    """Drops what a test run left on a server that is not ours and so goes on."""
    if OVERRIDE not in os.environ:
        return
    url = make_url(os.environ[OVERRIDE]).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    names = text("SELECT datname FROM pg_database WHERE starts_with(datname, :run)")
    with engine.connect() as connection:
        for name in connection.scalars(names, {"run": f"{run}_"}).all():
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _driver(url: str) -> str:
    return url.replace("+psycopg", "")


def _path(url: str) -> Path:
    return Path(make_url(url).database or "")
