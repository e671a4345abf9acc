"""A small country, and the whole demonstration, each on a new database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import sharing
from tests.databases import Databases, opened
from tests.workflows.places import Country, settle
from workflows.demo import populate

YEAR = 2026


def build_demonstration(engine: Engine) -> None:
    """The populated demonstration, before anything was nominated."""
    with Session(engine) as session:
        populate(session, year=YEAR, on_progress=lambda *_: None)


@pytest.fixture(autouse=True)
def files_opened_here(monkeypatch: pytest.MonkeyPatch) -> None:
    sharing.open_here(monkeypatch)


@pytest.fixture
def country(session: Session) -> Country:
    return settle(session)


@pytest.fixture
def demonstration(databases: Databases, database_kind: str) -> Iterator[Session]:
    """A session on a copy of the populated demonstration."""
    url = databases.copy(database_kind, build_demonstration)
    with opened(url) as engine, Session(engine) as session:
        yield session
    databases.drop(url)
