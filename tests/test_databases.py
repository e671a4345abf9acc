"""The tests' own ground: databases that are new each time, and a server that never stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from tests import postgres
from tests.databases import Databases, create_tables, opened
from tests.unguarded import unguard

ROOT = Path(__file__).resolve().parent.parent
NOTES = Table("notes", MetaData(), Column("id", Integer, primary_key=True))


def add_notes(engine: Engine) -> None:
    NOTES.create(engine)
    with engine.begin() as connection:
        connection.execute(insert(NOTES), [{}, {}])


def count_notes(url: str) -> int:
    with opened(url) as engine, engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(NOTES)) or 0


def test_each_copy_is_its_own(databases: Databases, database_kind: str) -> None:
    first, second = (databases.copy(database_kind, add_notes) for _ in range(2))
    with opened(first) as engine, engine.begin() as connection:
        connection.execute(insert(NOTES))
    assert (count_notes(first), count_notes(second)) == (3, 2)


def test_a_copy_of_the_tables_has_them_all_and_no_row(engine: Engine) -> None:
    from engine.db import Base

    with engine.connect() as connection:
        counts = {
            name: connection.scalar(select(func.count()).select_from(table))
            for name, table in Base.metadata.tables.items()
        }
    assert counts
    assert set(counts.values()) == {0}


def test_a_used_database_can_be_dropped(databases: Databases, database_kind: str) -> None:
    url = databases.copy(database_kind, create_tables)
    with opened(url) as engine, engine.connect():
        databases.drop(url)


@pytest.fixture
def lent(databases: Databases) -> str:
    """A database of PostgreSQL that an earlier test had, if the server is ours."""
    databases.drop(databases.copy("postgresql"))
    return databases.copy("postgresql")


UNITS = (
    "INSERT INTO units (kind, name, form, code, folded, starts_on, sort)"
    " SELECT 'province', n, 'tỉnh', n, n, '2020-01-01', 0"
    " FROM (SELECT generate_series(1, 99)::text AS n) AS names"
)


def test_a_database_that_is_had_again_is_as_a_new_one(databases: Databases, lent: str) -> None:
    """Rows that were changed leave gaps, into which later ones might be put."""
    told = []
    for _ in range(2):
        with opened(lent) as engine, engine.begin() as connection:
            connection.exec_driver_sql(UNITS)
            told.append(connection.exec_driver_sql("SELECT id, name FROM units").all())
            connection.exec_driver_sql("UPDATE units SET sort = 1")
        with opened(lent) as engine, engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM units").scalar() == 99
        databases.drop(lent)
        lent = databases.copy("postgresql")
    databases.drop(lent)
    assert told[0] == told[1] == [(n, str(n)) for n in range(1, 100)]


def test_what_was_open_stays_with_the_test_that_opened_it(databases: Databases, lent: str) -> None:
    with opened(lent) as engine, engine.connect() as connection:
        connection.exec_driver_sql("SET application_name = 'left'")
        databases.drop(lent)
        with pytest.raises(OperationalError):
            connection.exec_driver_sql("SELECT 1")
    again = databases.copy("postgresql")
    with opened(again) as engine, engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == ""
    databases.drop(again)


def test_a_database_without_its_guards_gets_them_back(databases: Databases, lent: str) -> None:
    with opened(lent) as engine, engine.begin() as connection:
        unguard(connection, "history")
    databases.drop(lent)
    again = databases.copy("postgresql")
    with opened(again) as engine, engine.begin() as connection:
        off = "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'"
        assert connection.exec_driver_sql(off).scalar() == 0
    databases.drop(again)


def test_a_database_whose_tables_were_changed_is_had_by_nobody_again(
    databases: Databases, lent: str
) -> None:
    with opened(lent) as engine, engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE people ADD COLUMN age integer")
    databases.drop(lent)
    again = databases.copy("postgresql")
    assert again != lent
    databases.drop(again)


USER = """
import sys, time
from pathlib import Path
from tests import postgres
server = postgres.join(Path(sys.argv[1]))
print(server.url, flush=True)
time.sleep(60)
"""


@pytest.fixture
def user(tmp_path: Path) -> type[User]:
    User.folder = tmp_path / "pg"
    return User


class User(subprocess.Popen[str]):
    """Another process that uses the server of a folder."""

    folder: Path

    def __init__(self) -> None:
        super().__init__(
            [sys.executable, "-c", USER, str(self.folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.stdout is not None
        self.url = self.stdout.readline().strip()

    def end(self) -> None:
        self.send_signal(signal.SIGKILL)
        self.communicate()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_server_outlives_a_killed_user_but_not_the_last_one(user: type[User]) -> None:
    first, second = user(), user()
    assert first.url == second.url
    data = postgres.data_folder(user.folder, postgres.SETTINGS)
    pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    first.end()
    with opened(second.url) as engine, engine.connect() as connection:
        assert connection.scalar(select(1)) == 1
    assert alive(pid)
    second.end()
    deadline = time.monotonic() + 20
    while (alive(pid) or data.exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)
    assert not data.exists()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    data = postgres.data_folder(tmp_path, postgres.SETTINGS)
    data.write_text("in the way")
    try:
        with pytest.raises(postgres.ServerFailed, match="File exists"):
            postgres.join(tmp_path)
    finally:
        data.unlink()
