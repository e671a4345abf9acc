"""Which safeguards have surely happened where a subject stands."""

from __future__ import annotations

from engine.check.paths import watch
from engine.definition import Definition


def certain_steps(definition: Definition, state: str) -> frozenset[str]:
    """The steps that are done, and not voided, on every path from nothing to the state."""
    steps = {step for move in definition.transitions for step in move.steps}
    return frozenset(step for step in steps if _certain(definition, state, step))


def _certain(definition: Definition, state: str, step: str) -> bool:
    doing = {move.id for move in definition.transitions if step in move.steps}
    shifts = {
        move.id: move.id in doing
        for move in definition.transitions
        if move.id in doing or doing.intersection(move.voids)
    }
    reached = watch(definition, shifts, begin=False)
    return (state, False) not in reached and (state, True) in reached
