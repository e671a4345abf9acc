"""Law that a place adds as files: another title, criteria of its own, grades; no code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.orm import Session

from engine.definition import Span
from engine.errors import DefinitionError
from tests.workflows import staging
from tests.workflows.subjects import Play, play
from workflows import assessment, library, titles
from workflows import regimes as regimes_of
from workflows.assessment import criteria_set, grade
from workflows.cycles import open_year
from workflows.definitions.faults import why
from workflows.lawfiles import LOCAL, files_of, refuse_overlaps, refuse_strays
from workflows.nominations import open_nomination
from workflows.regimes import regime, regime_for
from workflows.results import result

FOLDER = Path(__file__).parents[1] / "fixtures" / "local_law"
READ_ONCE = (library.law, assessment.criteria_sets, regimes_of.regimes, titles.titles)


@pytest.fixture
def local_law(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(LOCAL, str(FOLDER))
    for read in READ_ONCE:
        read.cache_clear()
    yield
    for read in READ_ONCE:
        read.cache_clear()


def test_another_title_goes_its_whole_way_from_files_alone(
    local_law: None, session: Session
) -> None:
    stage: Play = play(session, "lang-van-hoa", 2024)
    stage.house = staging.house()
    area, head = stage.country.areas[0], stage.people[f"head {stage.country.areas[0]}"]
    open_year(session, regime("lang-van-hoa"), 2025)
    stage.year, stage.today = 2025, date(2025, 3, 1)
    with stage.now():
        subject = open_nomination(
            session, stage.house, head, area, 2025, title="cultural-village"
        ).subject_id
    stage.act(
        "head",
        subject,
        "register",
        registered_on="2025-03-01",
        households_registered=101,
        resolution_number="03-NQ/CB",
        resolution_on="2025-03-01",
    )
    stage.assessed(subject, "area", "head")
    stage.act("head", subject, "record_meeting", **stage.meeting("area"))
    stage.act("head", subject, "submit")
    stage.appraised(subject, "area", "police")
    stage.act("committee", subject, "record_committee_opinion", **stage.opinion())
    paper = stage.decide(subject, "commune")
    assert stage.state(subject) == "announced"
    assert stage.values(paper)["standard"] == "Làng văn hóa"
    assert result(session, area, 2025) is None  # which counts the title of security alone


def test_the_law_of_a_title_is_no_law_of_another(local_law: None) -> None:
    assert regime_for(2024, "area").id == "tt-124-2021"


def test_a_province_adds_criteria_and_replaces_none(local_law: None) -> None:
    whole = criteria_set("tinh-them")
    national = criteria_set("tt-124-2021")
    assert whole.criteria[: len(national.criteria)] == national.criteria
    assert whole.window == national.window
    again = whole.model_copy(update={"extends": "tt-124-2021"})
    with pytest.raises(DefinitionError, match="may not be replaced"):
        assessment.extended(again, {"tt-124-2021": national})
    with pytest.raises(DefinitionError, match="no national set"):
        assessment.extended(again, {})


def verdicts(*unmet: str) -> dict[str, dict[str, bool]]:
    rows = [one.row for one in criteria_set("tinh-them").criteria]
    return {row: {"met": row not in unmet} for row in rows}


@pytest.mark.parametrize(
    ("unmet", "expected"),
    [
        ((), "xuat-sac"),
        (("t2",), "kha"),
        (("t2", "t3"), None),
        (("t1",), None),
        (("4_1",), None),
    ],
)
def test_a_grade_stands_above_the_title_and_never_in_its_place(
    local_law: None, unmet: tuple[str, ...], expected: str | None
) -> None:
    found = grade(criteria_set("tinh-them"), verdicts(*unmet))
    assert (found.id if found else None) == expected
    missing = {one.row for one in assessment.unmet(criteria_set("tinh-them"), verdicts(*unmet))}
    assert missing == set(unmet) - {"t2", "t3"}


def test_a_file_that_is_there_already_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "criteria").mkdir()
    (tmp_path / "criteria" / "tt-124-2021.toml").write_text("")
    monkeypatch.setenv(LOCAL, str(tmp_path))
    with pytest.raises(DefinitionError, match="has a file of this name already"):
        files_of("criteria")


@pytest.mark.parametrize(
    "place", ["rules/votes.toml", "tiers/mine.toml", "critera/mine.toml", "regimes/old/mine.toml"]
)
def test_a_file_that_nothing_reads_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    """Also one that is not even TOML: it would be believed to hold."""
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text("x = [")
    (tmp_path / "README.md").write_text("Of the province.")
    monkeypatch.setenv(LOCAL, str(tmp_path))
    with pytest.raises(DefinitionError) as caught:
        refuse_strays()
    assert caught.value.source == place
    assert why(caught.value.reason, "vi").startswith("không được đọc: quy định")
    (tmp_path / place).unlink()
    refuse_strays()
    monkeypatch.setenv(LOCAL, str(tmp_path / "gone"))
    with pytest.raises(DefinitionError, match="there is no such folder"):
        refuse_strays()


def test_days_that_cross_are_told_in_the_readers_language() -> None:
    with pytest.raises(ValidationError, match="it ends before it begins"):
        Span.model_validate({"from": "2030-07-01", "to": "2030-06-30"})
    one = Span.model_validate({"from": "2030-01-01", "to": "2030-06-30"})
    other = Span.model_validate({"from": "2030-06-30"})
    with pytest.raises(DefinitionError) as caught:
        refuse_overlaps([("a.toml", one), ("b.toml", other)], "effective")
    told = why(caught.value.reason, "vi")
    assert told == "a.toml và b.toml cùng áp dụng vào ngày 2030-06-30"
    assert why("Value error, it ends before it begins", "vi").startswith("ngày kết thúc")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('criteria = "lang-van-hoa"', 'criteria = "nowhere"', "kinds.area.criteria"),
        ('definition = "lang-van-hoa"', 'definition = "nowhere"', "kinds.area.definition"),
        ("officers_meeting", "resident_vote", "kinds.area.procedure"),
        ('award = "cultural-village"', 'award = "nowhere"', "award"),
    ],
)
def test_a_regime_that_names_what_is_not_there_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, old: str, new: str, key: str
) -> None:
    for path in FOLDER.rglob("*.toml"):
        target = tmp_path / path.relative_to(FOLDER)
        target.parent.mkdir(exist_ok=True)
        text = path.read_text(encoding="utf-8")
        target.write_text(text.replace(old, new) if path.parent.name == "regimes" else text)
    monkeypatch.setenv(LOCAL, str(tmp_path))
    for read in READ_ONCE:
        read.cache_clear()
    try:
        with pytest.raises(DefinitionError) as caught:
            library.law()
    finally:
        for read in READ_ONCE:
            read.cache_clear()
    assert (caught.value.source, caught.value.key) == ("lang-van-hoa.toml", key)
