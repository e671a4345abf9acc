"""Proves a definition sound before it may be used.

The whole graph is explored with guards taken as free choices, so what is proved here holds
whatever the guards will answer. Each failure has its own code, the place in the file, and
the shortest story that shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.binding import Binding
from engine.check import (
    duties,
    ends,
    events,
    keeping,
    names,
    papers,
    returns,
    safeguards,
    settling,
    shape,
    steps,
    triggers,
)
from engine.check.case import Case
from engine.check.problem import MESSAGES, WITHOUT, Problem, Story
from engine.definition import Definition
from engine.errors import DefinitionError
from engine.papers.kinds import PaperKind

__all__ = ["MESSAGES", "WITHOUT", "Problem", "Story", "check", "prove"]

ROOMS = (
    names,
    papers,
    triggers,
    events,
    shape,
    keeping,
    safeguards,
    settling,
    ends,
    returns,
    steps,
    duties,
)
"""Each yields the problems of its kind, in the order in which they are told."""


def check(
    definition: Definition,
    *,
    binding: Binding,
    kinds: Mapping[str, PaperKind],
    definitions: Mapping[str, Definition],
    templates: Collection[str],
) -> tuple[Problem, ...]:
    """Every problem of a definition, in a fixed order; none when it is sound.

    ``definitions`` hold, by id, the workflows that ``kinds`` name; ``templates`` are the
    names of those that exist. Another definition there under the id of this one is a problem.
    """
    case = Case(definition, binding, kinds, definitions, templates)
    return tuple(problem for room in ROOMS for problem in room.problems(case))


def prove(
    definition: Definition,
    *,
    binding: Binding,
    kinds: Mapping[str, PaperKind],
    definitions: Mapping[str, Definition],
    templates: Collection[str],
) -> None:
    """Raises ``DefinitionError`` with the first problem of an unsound definition."""
    found = check(
        definition, binding=binding, kinds=kinds, definitions=definitions, templates=templates
    )
    if found:
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise DefinitionError(definition.source, first.key, first.message + more, first.code)
