"""What people read: refusals as sentences, and the names of roles, duties, steps, levels.

The words are data in two languages; a place in braces is filled from the refusal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from engine.check.problem import Problem
from engine.clock import VIETNAM
from engine.definition import State, Words, role_of
from engine.errors import Refusal
from workflows.hints import Hint
from workflows.lawfiles import LAW, table

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*")
_OR = {"vi": " hoặc ", "en": " or "}

Told = Mapping[str, Mapping[str, str]]
"""Sentences or names by key, each by language."""


@cache
def refusals() -> Told:
    """The sentence of every refusal code."""
    return _file("refusals")


@cache
def hints() -> Told:
    """The sentence of everything to know before a form is filled in."""
    return _file("hints")


@cache
def problems() -> Told:
    """The sentence of every problem a definition can have."""
    return _file("problems")


@cache
def names() -> Mapping[str, Told]:
    """Names by group."""
    return _file("names")


@cache
def review() -> Mapping[str, Told]:
    """What the review of many papers says, by group."""
    return _file("review")


def part_name(name: str, language: str) -> str:
    """A part of a paper as people call it."""
    return review()["parts"].get(name, {}).get(language, name)


def remark(code: str, params: Mapping[str, Any], language: str) -> str:
    """Something to know of a paper before it is signed, as a sentence."""
    places = {key: _shown(key, value, language) for key, value in params.items()}
    return review()["remarks"][code][language].format_map(places)


def halt(code: str, language: str) -> str:
    """Why nobody goes on with a ceremony: a sentence of its own, or that of the refusal."""
    known = review()["halts"].get(code)
    return known[language] if known else say(Refusal(code), language)


def _file(name: str) -> dict[str, Any]:
    return table(LAW / "words" / f"{name}.toml")


def say(refusal: Refusal, language: str) -> str:
    """A refusal as a sentence that says what to do; raises ``KeyError`` for a code without
    one, which the tests exclude."""
    places = {key: _shown(key, value, language) for key, value in refusal.params.items()}
    return refusals()[refusal.code][language].format_map(places)


def named(refusal: Refusal, language: str) -> str:
    """The same sentence after the name of the input it is about, where it stands alone."""
    labels = " · ".join(label[language] for label in refusal.labels)
    return f"{labels}: {say(refusal, language)}" if labels else say(refusal, language)


def tell(hint: Hint, language: str) -> str:
    """A hint as a sentence."""
    places = {key: _shown(key, value, language) for key, value in hint.params.items()}
    return hints()[hint.code][language].format_map(places)


def explain(problem: Problem, language: str) -> str:
    """A problem of a definition as a sentence, with its story."""
    told = problems().get(problem.code) or problems()["without"]
    places = {key: _shown(key, value, language) for key, value in problem.params.items()}
    sentence = told[language].format_map(places)
    return f"{sentence} {' → '.join(problem.story)}" if problem.story else sentence


def _shown(key: str, value: Any, language: str) -> str:
    """A parameter as people read it: offices and duties by name, days the Vietnamese way."""
    if isinstance(value, list | tuple):
        parts = dict.fromkeys(_shown(key, part, language) for part in value)
        return _OR[language].join(parts)
    if isinstance(value, str):
        return _NAMED.get(key, _plain)(value, language)
    return str(value)


def _plain(text: str, _language: str) -> str:
    if _DAY.fullmatch(text):
        return date.fromisoformat(text).strftime("%d/%m/%Y")
    if _MOMENT.fullmatch(text):
        return datetime.fromisoformat(text).astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
    return text


def of_province(told: Words) -> Words:
    """What a workflow says of the district, where the province has taken over its part."""
    return Words(vi=_taken_over(told.vi, "vi"), en=_taken_over(told.en, "en"))


def of_either(told: Words) -> Words:
    """The same of what either may have done, the district before or the province since."""
    return Words(vi=_taken_over(told.vi, "vi", "either"), en=_taken_over(told.en, "en", "either"))


def awaits(told: Words) -> bool:
    """Whether the name of a state says who is waited for."""
    return told.vi.startswith(names()["taken_over"]["awaits"]["vi"])


def _taken_over(text: str, language: str, by: str = "now") -> str:
    former, now = (names()["taken_over"][name][language] for name in ("former", by))
    return text.replace(former, now).replace(former.capitalize(), now.capitalize())


def name_of(group: str, key: str, language: str) -> str:
    """A name of a group, or the key itself where the group has none."""
    return names()[group].get(key, {}).get(language, key)


def role_name(role: str, language: str) -> str:
    """``commune_appraiser`` (or ``commune_appraiser@commune``) as people call it."""
    return name_of("roles", role_of(role), language)


def duty_name(duty: str, language: str) -> str:
    return name_of("duties", duty, language)


def step_name(step: str, language: str) -> str:
    return name_of("steps", step, language)


def phase_name(phase: str, language: str) -> str:
    return name_of("phases", phase, language)


def outcome_name(outcome: str, language: str) -> str:
    return name_of("outcomes", outcome, language)


def state_name(state: State, language: str, kept: date | None = None) -> str:
    """A state's name; of a revocation whose day has not come, what still counts until then
    (``kept``, by ``results.kept_until``)."""
    name = state.label[language]
    if kept is None or state.outcome != "revoked":
        return name
    return str(names()["kept"]["until"][language]).format(day=f"{kept:%d/%m/%Y}", state=name)


def fate_name(state: str, language: str) -> str:
    return name_of("fates", state, language)


def level_name(level: str, language: str) -> str:
    return name_of("levels", level, language)


def unit_kind_name(kind: str, language: str) -> str:
    return name_of("units", kind, language)


def phrase(key: str) -> str:
    """A phrase that goes into a signed file; Vietnamese only."""
    text = names()["phrases"][key]
    return str(text)


_NAMED: Mapping[str, Callable[[str, str], str]] = {
    "by": role_name,
    "role": role_name,
    "duty": duty_name,
    "held": duty_name,
    "first": duty_name,
    "second": duty_name,
    "step": step_name,
    "outcome": outcome_name,
    "level": level_name,
    "fate": fate_name,
    "unit_kind": unit_kind_name,
    "unit_kinds": unit_kind_name,
}
