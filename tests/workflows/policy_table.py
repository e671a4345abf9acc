"""The policy table: which role, held where, may make which move out of which state.

It is asked of the engine, not read off the files, and kept as text beside this file, so that
a change of who may do what is a line that somebody has to look at. ``python -m
tests.workflows.policy_table`` writes it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

from engine.definition import START, Definition
from engine.errors import Forbidden
from engine.policy import Actor, Office, permit
from workflows import library
from workflows.bindings import LAW

TABLE = Path(__file__).with_name("policy.txt")
HERE = {"area": 1, "commune": 2, "district": 3, "province": 4}
ELSEWHERE = 99


@cache
def rows() -> tuple[str, ...]:
    """The whole table, a line each."""
    return tuple(_rows())


def _rows() -> Iterator[str]:
    """One line for each role × scope × state × move that is allowed, in the law's order."""
    for definition in library.law().definitions:
        for state in (START, *definition.by_state):
            for transition in definition.leaving(state):
                allowed = [f"{r}@{s}" for r, s in _holders(definition) if _may(r, s, transition)]
                if transition.automatic:
                    allowed = ["system"]
                duty = transition.duty or "-"
                line = [definition.id, state or "(new)", transition.id, duty, *allowed]
                yield " ".join(line)


def _holders(definition: Definition) -> Iterator[tuple[str, str]]:
    """Every role with every scope at which it could act on such a subject."""
    scopes = list(HERE) if definition.meta.subject == "nomination" else ["authority"]
    yield from product(sorted(LAW.roles), scopes)


def _may(role: str, scope: str, transition: object) -> bool:
    units = HERE | {"authority": 5}
    at_home = Actor(1, "", (Office(1, role, units[scope], "", ""),))
    abroad = Actor(1, "", (Office(1, role, ELSEWHERE, "", ""),))
    if _permitted(abroad, transition, units):
        raise AssertionError(f"{role} of another place may make {transition}")
    return _permitted(at_home, transition, units)


def _permitted(actor: Actor, transition: object, units: dict[str, int]) -> bool:
    try:
        permit(actor, transition, units, [])  # type: ignore[arg-type]
    except Forbidden:
        return False
    return True


if __name__ == "__main__":
    TABLE.write_text("\n".join(rows()) + "\n", encoding="utf-8")
