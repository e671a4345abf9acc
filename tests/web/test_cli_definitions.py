"""Definitions from the command line: told, handed out as BPMN, live cases moved."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import tune, writing
from engine.definition import parse
from engine.releases import DefinitionRelease
from engine.subjects import Subject
from tests.web import world
from tests.web.calling import Shell
from workflows import library
from workflows.definitions.shelf import text_of

ID = "district-certification"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def district(district_url: str, tmp_path: Path) -> Shell:
    return Shell(tmp_path, {"BINHXET_DATABASE_URL": district_url})


def test_a_workflow_is_told_in_sentences_without_a_database(shell: Shell) -> None:
    told = shell("workflows", "show", ID, "--json").json
    assert told["digest"] == {one.id: one for one in library.law().definitions}[ID].digest
    draft = next(state for state in told["states"] if state["id"] == "draft")
    register = next(move for move in draft["moves"] if move["id"] == "register")
    assert register["lines"][0].startswith("Trưởng thôn")
    assert "Only if: " in shell("--lang", "en", "workflows", "show", ID).out
    assert "[unknown_workflow]" in shell("workflows", "show", "nobody", expect=1).err


def test_a_workflow_is_handed_out_as_bpmn(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "out.bpmn"
    answer = shell("workflows", "export", "outgoing", file, "--json").json
    assert answer["file"] == str(file)
    assert fromstring(file.read_bytes()).tag.endswith("definitions")  # noqa: S314 - our own


def _release(url: str) -> str:
    """A release that has begun, with a state renamed; its digest. There are two administrators."""
    engine = tune(create_engine(url))
    shipped = {one.id: one for one in library.law().definitions}[ID]
    with Session(engine) as session, writing(session):
        world.second_admin(session)
        text = text_of(session, shipped).replace('"registered"', '"enrolled"')
        digest = parse(text.encode(), "release").digest
        session.execute(
            insert(DefinitionRelease).values(
                definition_id=ID,
                digest=digest,
                text=text,
                effective_from=date(2026, 3, 1),
                basis="Quyết định 1/QĐ-UBND",
                author_id=1,
                released_by=2,
                released_at=clock.now(),
            )
        )
    engine.dispose()
    return digest


def test_live_cases_are_moved_with_a_dry_run_before(district: Shell, district_url: str) -> None:
    for area in ("16144-01", "16144-02"):
        district("nominations", "open", area, "--year", world.YEAR, "--as", "clerk")
    digest = _release(district_url)
    old = {one.id: one for one in library.law().definitions}[ID].digest
    listed = district("workflows", "list", "--json").json
    older, newer = (one for one in listed if one["id"] == ID)
    assert older["sound"] and newer["sound"]
    assert (older["digest"], newer["digest"]) == (old, digest)
    # Both carry one id: the one in the file ends the day before the other begins.
    assert (older["until"], newer["from"]) == ("2026-02-28", "2026-03-01")
    call = ("workflows", "migrate", old[:12], digest[:12], "--as")
    told = district(*call, "admin", "--dry-run", "--json").json
    assert [(one["state"], one["moves"]) for one in told] == [("draft", True)] * 2
    refused = district(*call, "clerk", "--dry-run", "--json", expect=1).json
    assert {one["reasons"][0]["code"] for one in refused} == {"not_yours"}
    for how in ([], ["--ask"]):
        assert "[not_yours]" in district(*call, "clerk", *how, expect=1).err
    assert "[second_person_needed]" in district(*call, "admin", expect=1).err
    assert "Đã ghi đề nghị" in district(*call, "admin-2", "--ask").out
    assert "Đã chuyển 2, ở lại 0." in district(*call, "admin").out
    assert district(*call, "admin", "--json").json == []
    engine = tune(create_engine(district_url))
    with Session(engine) as session:
        assert set(session.scalars(select(Subject.definition_digest))) == {digest}
    engine.dispose()
    district("history", "verify")
