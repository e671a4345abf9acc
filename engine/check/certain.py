"""Which safeguards have surely happened where a subject stands."""

from __future__ import annotations

from engine.check.paths import Watch, shifts
from engine.definition import Definition


def certain_steps(definition: Definition, state: str) -> frozenset[str]:
    """The steps that are done, and not voided, on every path from nothing to the state."""
    gains = {move.id: frozenset(move.steps) for move in definition.transitions}
    return frozenset(
        step
        for step in frozenset().union(*gains.values())
        if _certain(Watch(definition, shifts(definition, gains, step)), state)
    )


def _certain(reached: Watch, state: str) -> bool:
    return (state, False) not in reached and (state, True) in reached
