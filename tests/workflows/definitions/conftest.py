"""A stage whose house also runs what is released in its database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine.releases import DatabaseShelf
from tests.databases import Databases, opened
from tests.workflows.staging import Stage, stage
from workflows.lawfiles import LAW


def shipped(name: str = "district-certification") -> str:
    """The text of a file of law."""
    folder: Path = LAW / "recognition"
    return (folder / f"{name}.toml").read_text(encoding="utf-8")


def on_stage(session: Session) -> Stage:
    """The stage with a shelf over the same database."""
    play = stage(session)
    bind = session.get_bind()
    assert isinstance(bind, Engine)
    play.house = replace(play.house, shelf=DatabaseShelf(bind, lambda _definition: None))
    return play


@pytest.fixture
def play(session: Session) -> Stage:
    """On either database."""
    return on_stage(session)


@pytest.fixture
def sqlite_play(databases: Databases) -> Iterator[Stage]:
    """On SQLite only, for what no database has a part in."""
    url = databases.copy("sqlite")
    with opened(url) as engine, Session(engine) as session:
        yield on_stage(session)
    databases.drop(url)
