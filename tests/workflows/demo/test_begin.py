"""Where the demonstration begins: from nothing, and never on what somebody else made."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.databases import Databases, opened
from tests.web import world
from workflows.demonstration import BEGUN, MARK, NotEmpty, begin


def test_what_was_cut_short_is_begun_again_from_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/binhxet.db"
    begin(url, tmp_path)
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "half").write_bytes(b"half a paper")
    (tmp_path / "binhxet.db").write_bytes(b"half a database")
    begin(url, tmp_path)
    assert [one.name for one in tmp_path.iterdir() if one.stat().st_size] == []
    assert (tmp_path / BEGUN).exists()


def test_what_was_built_stays(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text("{}", encoding="utf-8")
    (tmp_path / "kept").write_bytes(b"a paper")
    begin("sqlite://", tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {MARK, "kept"}


@pytest.mark.parametrize("cut_short", [False, True])
def test_a_database_with_units_of_somebody_is_left_alone(
    databases: Databases, database_kind: str, tmp_path: Path, cut_short: bool
) -> None:
    url = databases.copy(database_kind, world.build)
    if cut_short:
        (tmp_path / BEGUN).touch()
    with pytest.raises(NotEmpty):
        begin(url, tmp_path)
    assert not (tmp_path / BEGUN).exists()
    with opened(url) as engine, Session(engine) as session:
        assert world.unit_id(session, "16144-01")
    databases.drop(url)
