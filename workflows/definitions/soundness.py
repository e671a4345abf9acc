"""Whether a definition may be used, told to people: the check's stories in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from engine.check import check
from engine.check.problem import Problem
from engine.definition import Definition
from engine.house import House
from workflows.bureau import template_names
from workflows.definitions.telling import condition
from workflows.wording import explain, step_name


@dataclass(frozen=True, slots=True)
class Unsound:
    """One problem as people read it: a sentence, the place in the text, the labels of the
    moves that lead there, and the states they go through."""

    sentence: str
    key: str
    story: tuple[str, ...]
    states: tuple[str, ...]


def problems(house: House, definition: Definition, on: date | None = None) -> Sequence[Problem]:
    """Everything wrong with a definition among those that apply on a day. A workflow of papers
    is also judged by what it would do to the others."""
    ids = {one.id for one in house.runnable}
    world = {name: house.named(name, on) for name in ids if name != definition.id}
    world[definition.id] = definition
    judged = [definition]
    if definition.meta.subject == "paper":
        judged += [one for one in world.values() if one is not definition]
    return [problem for one in judged for problem in _check(house, one, world)]


def _check(house: House, definition: Definition, world: dict[str, Definition]) -> list[Problem]:
    return list(
        check(
            definition,
            binding=house.binding,
            kinds=house.kinds,
            definitions=world,
            templates=template_names(),
        )
    )


def told(definition: Definition, problem: Problem, language: str) -> Unsound:
    """A problem in words: what the text calls by an id is told by its label."""
    params = {
        key: _all_named(definition, value, language) if isinstance(value, str) else value
        for key, value in problem.params.items()
    }
    sentence = explain(replace(problem, story=(), params=params), language)
    known = definition.by_transition
    moves = [known[name] for name in problem.story if name in known]
    labels = tuple(move.label[language] for move in moves)
    return Unsound(sentence, problem.key, labels, tuple(dict.fromkeys(m.target for m in moves)))


def _all_named(definition: Definition, names: str, language: str) -> str:
    return ", ".join(_named(definition, name, language) for name in names.split(", "))


def _named(definition: Definition, name: str, language: str) -> str:
    """The label of a state, a move or an input, the words of a condition or a step."""
    for group in (definition.by_state, definition.by_transition, definition.by_field):
        if name in group:
            label: str = group[name].label[language]
            return label
    for words in ("guards", "effects"):
        if (found := condition(words, name, language)) != name:
            return found
    return step_name(name, language)
