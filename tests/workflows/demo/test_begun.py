"""Where the demonstration begins: from nothing, and never on what somebody else made."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tests.databases import Databases, opened
from tests.web import world
from workflows.demonstration import BEGUN, MARK, NotEmpty, UnderWay, begun


def names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir() if one.stat().st_size or one.is_dir()}


def test_what_was_cut_short_is_begun_again_and_what_was_there_stays(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/binhxet.db"
    (tmp_path / "mine").write_bytes(b"somebody's")
    with begun(url, tmp_path):
        (tmp_path / "blobs").mkdir()
        (tmp_path / "blobs" / "half").write_bytes(b"half a paper")
        (tmp_path / "binhxet.db").write_bytes(b"half a database")
    with begun(url, tmp_path):
        assert names(tmp_path) == {BEGUN, "mine"}


def test_what_was_built_stays(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text("{}", encoding="utf-8")
    (tmp_path / "kept").write_bytes(b"a paper")
    with begun("sqlite://", tmp_path):
        assert names(tmp_path) == {MARK, "kept"}


def test_who_comes_while_another_builds_is_told_so(tmp_path: Path) -> None:
    with begun("sqlite://", tmp_path):
        (tmp_path / "half").write_bytes(b"half a paper")
        with pytest.raises(UnderWay), begun("sqlite://", tmp_path):
            pytest.fail("two may build at once")
        assert (tmp_path / "half").exists()


def test_a_database_that_is_away_leaves_no_mark(tmp_path: Path) -> None:
    away = f"sqlite:///{tmp_path}/no/such/folder.db"
    with pytest.raises(SQLAlchemyError), begun(away, tmp_path):
        pytest.fail("there is no database")
    assert not (tmp_path / BEGUN).exists()


@pytest.mark.parametrize("cut_short", [False, True])
def test_a_database_with_units_of_somebody_is_left_alone(
    databases: Databases, database_kind: str, tmp_path: Path, cut_short: bool
) -> None:
    url = databases.copy(database_kind, world.build)
    if cut_short:
        (tmp_path / BEGUN).write_text("[]", encoding="utf-8")
    with pytest.raises(NotEmpty), begun(url, tmp_path):
        pytest.fail("the database is somebody's")
    with opened(url) as engine, Session(engine) as session:
        assert world.unit_id(session, "16144-01")
    databases.drop(url)
