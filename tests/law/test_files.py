"""The law files as a whole: sound, released as they are, and written properly."""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.check import MESSAGES, check
from engine.definition import Definition, Frozen
from engine.errors import DefinitionError, NotFound
from workflows import library
from workflows.assessment import criteria_set, criteria_sets, rows, window_for, year_assessed
from workflows.bindings import LAW
from workflows.bureau import template_names
from workflows.contexts.words import grounds_name, words
from workflows.lawfiles import LAW as FOLDER
from workflows.lawfiles import law_files, read
from workflows.practice import practice
from workflows.wording import names, problems

RELEASED = Path(__file__).with_name("released.txt")
"""The digest of each definition, regime, set of criteria and tiers. A released
file never changes: a correction is a new file, with an id and a line of its own. (Until the first
release, a change here is a choice.)"""

VIETNAMESE = re.compile("[\u1ea0-\u1ef9\u0103\u00e2\u0111\u00ea\u00f4\u01a1\u01b0]", re.IGNORECASE)

DEFINITIONS = {definition.id: definition for definition in library.law().definitions}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_definition_is_proved_sound(name: str) -> None:
    found = check(
        DEFINITIONS[name],
        binding=LAW,
        kinds=library.law().kinds,
        definitions=DEFINITIONS,
        templates=template_names(),
    )
    assert [problem.message for problem in found] == []


def test_released_definitions_are_as_they_were_released() -> None:
    assert {name: digest for name, digest in _released().items() if "/" not in name} == {
        definition.source: definition.digest for definition in DEFINITIONS.values()
    }


def test_released_regimes_criteria_and_tiers_are_as_they_were_released() -> None:
    folders = ("regimes", "criteria", "tiers")
    assert {name: digest for name, digest in _released().items() if "/" in name} == {
        f"{folder}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in (FOLDER / folder).glob("*.toml")
    }


def _released() -> dict[str, str]:
    lines = [line.split() for line in RELEASED.read_text(encoding="utf-8").splitlines()]
    return {name: digest for digest, name in lines}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


@pytest.mark.parametrize("path", law_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_law_files_are_composed_unicode_without_stray_spaces(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    for found in _texts(tomllib.loads(text)):
        assert found == found.strip()
        assert "  " not in found


def _worded(definition: Definition) -> Iterator[tuple[str, Any]]:
    yield "title", definition.meta.title
    for group in (definition.states, definition.transitions, definition.fields):
        for item in group:
            yield item.id, item.label
            for told in (getattr(item, name, None) for name in ("help", "needed")):
                if told:
                    yield item.id, told


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_text_is_in_both_languages(name: str) -> None:
    for key, text in _worded(DEFINITIONS[name]):
        assert text.vi, key
        assert text.en, key
        assert not VIETNAMESE.search(text.en), (key, text.en)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_roles_duties_steps_phases_and_outcomes_have_names(name: str) -> None:
    definition, told = DEFINITIONS[name], names()
    for transition in definition.transitions:
        assert {rule.partition("@")[0] for rule in transition.by} <= told["roles"].keys()
        assert {transition.duty or "decide"} <= told["duties"].keys()
        assert set(transition.steps) <= told["steps"].keys()
    assert {s.phase for s in definition.states if s.phase} <= told["phases"].keys()
    assert {s.outcome for s in definition.states if s.outcome} <= told["outcomes"].keys()


def test_every_role_and_step_the_law_knows_has_a_name() -> None:
    assert LAW.roles.keys() <= names()["roles"].keys()
    assert LAW.step_rules.keys() <= names()["steps"].keys()


def test_every_problem_of_a_definition_has_a_sentence() -> None:
    assert problems().keys() == MESSAGES.keys() | {"without"}


def test_names_are_in_both_languages() -> None:
    for group, told in names().items():
        if group == "phrases":
            continue
        for key, text in told.items():
            assert text["vi"], (group, key)
            assert text["en"], (group, key)


def test_every_kind_of_paper_has_its_flow_its_template_and_its_values() -> None:
    for kind in library.law().kinds.values():
        assert kind.definition in DEFINITIONS
        assert kind.template in template_names()
        assert kind.id in LAW.contexts
        assert bool(kind.symbol) == bool(kind.series) == (kind.definition != "record")


def test_all_criteria_of_circular_124_and_the_nine_placeholders_of_scheme_375() -> None:
    assert [c.code for c in criteria_set("tt-124-2021").criteria] == [
        "4.1",
        "4.2",
        "4.3",
        "4.4",
        "4.5",
    ]
    unknown = criteria_set("de-an-375")
    assert len(unknown.criteria) == 4 + 5
    assert unknown.confidence == "assumed"
    assert all("chưa tìm thấy" in criterion.text.vi for criterion in unknown.criteria)
    with pytest.raises(NotFound, match="no_criteria"):
        criteria_set("tt-1-1900")


def test_criteria_rows_have_ids_without_dots_and_list_their_points() -> None:
    for criteria in criteria_sets().values():
        made = rows(criteria)
        assert len({row.id for row in made}) == len(criteria.criteria)
        assert all("." not in row.id for row in made)
        assert all(row.label and row.label_en for row in made)
    third = rows(criteria_set("tt-124-2021"))[2]
    assert third.note.count("\n") == third.note_en.count("\n") == 7
    assert "sabotage of unity" in third.note_en


def test_every_recognition_has_the_grounds_of_its_papers() -> None:
    found = [d.id for d in DEFINITIONS.values() if d.meta.subject == "nomination"]
    assert words()["grounds"].keys() == {grounds_name(name) for name in found}
    for told in words()["grounds"].values():
        assert told.keys() == {"meeting", "title", "decision"}


def test_the_circular_assesses_from_november_to_october() -> None:
    window = window_for("tt-124-2021", 2026)
    assert (window.starts_on, window.ends_on) == (date(2025, 11, 1), date(2026, 10, 31))
    assert criteria_set("tt-124-2021").window.confidence == "text"
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [year_assessed("tt-124-2021", day) for day in days] == [2026, 2027, 2027, 2027]


@pytest.mark.parametrize("criteria", ["de-an-375", "tt-23-2012"])
def test_without_its_text_a_regime_assesses_the_calendar_year(criteria: str) -> None:
    window = window_for(criteria, 2012)
    assert (window.starts_on, window.ends_on) == (date(2012, 1, 1), date(2012, 12, 31))
    assert year_assessed(criteria, date(2012, 12, 31)) == 2012
    assert criteria_set("de-an-375").window.confidence == "assumed"


@pytest.mark.parametrize(
    "name", [d.id for d in DEFINITIONS.values() if d.meta.subject == "nomination"]
)
def test_every_rule_of_a_recognition_cites_its_ground(name: str) -> None:
    definition = next(d for d in library.law().definitions if d.id == name)
    bare = [t.id for t in definition.transitions if (t.guards or t.duty) and not t.clause]
    assert bare == []


def test_what_is_remembered_is_not_told_as_read() -> None:
    law = library.law()
    assert {d.meta.confidence for d in law.definitions if d.id.startswith("outgoing")} == {
        "assumed"
    }
    calendar = tomllib.loads((FOLDER / "calendar.toml").read_text(encoding="utf-8"))
    assert {told["confidence"] for told in calendar["corrections"]} == {"assumed"}
    tiers = tomllib.loads((FOLDER / "tiers" / "de-an-375.toml").read_text(encoding="utf-8"))
    assert tiers["meta"]["confidence"] == "secondary"


def test_minutes_are_sent_in_five_working_days_and_late_ones_still_count() -> None:
    """Law: Luật 10/2022/QH15."""
    definition = next(d for d in library.law().definitions if d.id == "district-certification")
    due = definition.by_state["minuted"].due
    assert due is not None
    assert (due.working_days, due.then) == (5, None)


def test_practice_is_told_as_assumed() -> None:
    assert practice().confidence == "assumed"
    assert practice().posting.days == 7


def test_saturdays_worked_instead_of_a_day_off_count_as_working_days() -> None:
    calendar = library.law().calendar
    assert calendar.works(date(2026, 8, 22))
    assert not calendar.works(date(2026, 8, 29))
    assert not calendar.works(date(2026, 1, 2))


class _Told(Frozen):
    days: int


@pytest.mark.parametrize(
    ("text", "key"),
    [("days = 'x'", "days"), ("day = 1", "days"), ("days = ", "file"), ("days = 1\nx = 2", "x")],
)
def test_a_malformed_law_file_is_told_with_its_key(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "told.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read(_Told, path)
    assert (caught.value.source, caught.value.key) == ("told.toml", key)


def test_a_missing_law_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"told\.toml"):
        read(_Told, tmp_path / "told.toml")
