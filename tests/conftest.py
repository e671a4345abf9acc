"""What every test may ask for: a new database of either kind, an engine, a session.

A test that takes ``database_url``, ``engine`` or ``session`` runs twice, on SQLite and on
PostgreSQL.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.clock import new_code
from engine.db import tune
from tests import databases as dbs
from tests import sharing
from tests.postgres import MEMORY, memory_serves

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / os.environ.get("VAR", "var")

os.environ["BINHXET_ENV"] = "test"

# Two cores shared by two workers: how long one example takes says nothing.
settings.register_profile(
    "quick",
    deadline=None,
    max_examples=50,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
    database=DirectoryBasedExampleDatabase(VAR / "cache" / "hypothesis"),
)
# What lands is judged by the same examples each time; the search for new ones is "thorough".
settings.register_profile("ci", settings.get_profile("quick"), derandomize=True, database=None)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=1000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "quick")
)


sharing.hash_weakly()
sharing.lock_weakly()
sharing.share_routes()
sharing.ask_servers_once()
sharing.prove_once()
sharing.render_once()

FOLDERS = f"bx-test-{hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:16]}"

# Worker processes inherit the name from the one that starts them.
RUN = os.environ.setdefault("BINHXET_TEST_RUN", f"bxtest_{new_code(8)}")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Files of tests are kept in memory where there is room: they are flushed, copied and
    removed by the ten thousand. Workers get their folder from the process that starts them."""
    if hasattr(config, "workerinput") or config.option.basetemp or not memory_serves():
        return
    for left in MEMORY.glob(f"{FOLDERS}-*"):
        if not Path(f"/proc/{left.name.rpartition('-')[2]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    config.option.basetemp = MEMORY / f"{FOLDERS}-{os.getpid()}"


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and str(config.option.basetemp).startswith(str(MEMORY)):
        shutil.rmtree(config.option.basetemp, ignore_errors=True)


def pytest_collection_finish() -> None:
    sharing.rest_the_collector()


def pytest_sessionfinish(session: pytest.Session) -> None:
    sharing.rest_the_collector()  # pytest collects five times more at the end
    if not hasattr(session.config, "workerinput"):
        dbs.sweep(RUN)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[dbs.Databases]:
    """The maker of test databases of this process."""
    own = tmp_path_factory.mktemp("databases")
    alone = worker_id == "master"
    made = dbs.Databases(
        run=RUN,
        shared=own if alone else tmp_path_factory.getbasetemp().parent,
        own=own,
        server=VAR / "test-pg",
    )
    yield made
    made.close()


@pytest.fixture(params=dbs.KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return str(request.param)


@pytest.fixture
def database_url(databases: dbs.Databases, database_kind: str) -> Iterator[str]:
    """A new database with all tables and triggers and no row."""
    url = databases.copy(database_kind)
    yield url
    databases.drop(url)


@pytest.fixture
def empty_database_url(databases: dbs.Databases, database_kind: str) -> Iterator[str]:
    """A new database with nothing in it."""
    url = databases.empty(database_kind)
    yield url
    databases.drop(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine, tuned as in production, on a new database."""
    made = tune(create_engine(database_url))
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on a new database; what the test commits is committed."""
    with Session(engine) as opened:
        yield opened
