"""Every refusal has a sentence in both languages, and no sentence is left over."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from engine.check.problem import Problem
from engine.errors import Refusal
from workflows.wording import (
    explain,
    level_name,
    outcome_name,
    phase_name,
    phrase,
    refusals,
    role_name,
    say,
    step_name,
)

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    path for floor in ("engine", "workflows", "web") for path in (ROOT / floor).rglob("*.py")
]
RAISERS = {"Refusal": 0, "Unfit": 0, "_at": 1}
"""Functions that make a refusal, and where they take its code."""


@dataclass(frozen=True)
class Raised:
    code: str
    place: str
    params: frozenset[str] | None


def _calls() -> Iterator[tuple[ast.Call, str, str]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in RAISERS and len(node.args) > RAISERS[name]:
                    yield node, name, f"{path.relative_to(ROOT)}:{node.lineno}"


@cache
def _raised() -> tuple[Raised, ...]:
    return tuple(_found())


def _found() -> Iterator[Raised]:
    for call, name, place in _calls():
        code = call.args[RAISERS[name]]
        choices = [code.body, code.orelse] if isinstance(code, ast.IfExp) else [code]
        for choice in choices:
            if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
                yield Raised(choice.value, place, _params(call, name))


def _params(call: ast.Call, name: str) -> frozenset[str] | None:
    """The names of the parameters, where the call tells them."""
    if name == "Unfit":
        return frozenset(word.arg for word in call.keywords if word.arg)
    if name == "_at":
        return None
    given = call.args[1] if len(call.args) > 1 else None
    if given is None:
        return frozenset()
    if isinstance(given, ast.Dict) and all(isinstance(k, ast.Constant) for k in given.keys):
        return frozenset(str(key.value) for key in given.keys if isinstance(key, ast.Constant))
    return None


def test_the_search_finds_refusals_on_every_floor() -> None:
    floors = {raised.place.partition("/")[0] for raised in _raised()}
    assert floors == {"engine", "workflows", "web"}
    assert len({raised.code for raised in _raised()}) > 80


def test_every_refusal_in_the_source_has_a_sentence() -> None:
    missing = {raised.code: raised.place for raised in _raised() if raised.code not in refusals()}
    assert missing == {}


def test_no_sentence_is_unused() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    assert [code for code in refusals() if f'"{code}"' not in source] == []


@pytest.mark.parametrize("code", refusals())
def test_a_sentence_is_whole_in_both_languages(code: str) -> None:
    told = refusals()[code]
    assert told.keys() == {"vi", "en"}
    for sentence in told.values():
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence[0] == "{" or sentence[0] == "“"
    assert _places(told["vi"]) == _places(told["en"])


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_sentences_name_only_what_the_refusal_tells() -> None:
    for raised in _raised():
        if raised.params is not None:
            for sentence in refusals()[raised.code].values():
                assert _places(sentence) <= raised.params, raised


def test_parameters_are_shown_as_people_write_them() -> None:
    late = Refusal("notice_too_short", {"days": 2, "earliest": "2026-11-05"})
    assert say(late, "vi").endswith("ngày 05/11/2026.")
    early = Refusal("meeting_not_held_yet", {"meeting_at": "2026-11-05T12:30:00+00:00"})
    assert "19:30 05/11/2026" in say(early, "en")
    offices = Refusal("not_yours", {"by": ["clerk@commune", "commune_chair@commune"]})
    assert "Văn thư hoặc Chủ tịch UBND xã" in say(offices, "vi")
    same = Refusal("not_yours", {"by": ["clerk@commune", "clerk@district"]})
    assert say(same, "en").startswith("This is done by Clerk.")
    both = Refusal("separation_of_duties", {"duty": "decide", "held": ["appraise"]})
    assert "“thẩm định”" in say(both, "vi")
    assert "“quyết định”" in say(both, "vi")
    level = Refusal("streak_grants_other", {"streak": 3, "level": "district"})
    assert "cấp huyện" in say(level, "vi")


def test_a_problem_of_a_definition_is_told_with_its_story() -> None:
    trap = Problem("trap", "x", "states.a", ("open", "loop"), {"state": "a", "loop": "a, b"})
    assert explain(trap, "vi").endswith("open → loop")
    params = {"state": "done", "outcome": "recognised", "step": "seal"}
    without = Problem("recognised_without_seal", "x", "states.done", (), params)
    assert "Con dấu" in explain(without, "vi")
    assert "Seal" in explain(without, "en")


def test_names_fall_back_to_the_identifier() -> None:
    assert role_name("hamlet_head@area", "vi") == "Trưởng thôn"
    assert role_name("stranger", "en") == "stranger"
    assert step_name("seal", "en") == "Seal"
    assert phase_name("posting", "vi") == "Niêm yết"
    assert outcome_name("void", "en") == "Void"
    assert level_name("province", "vi") == "cấp tỉnh"
    assert phrase("seal_mark") == "MẪU"
