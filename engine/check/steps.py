"""A step is done by what a transition carries, not by the word in its ``steps``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.binding import StepRule
from engine.check.case import Case
from engine.check.problem import Problem
from engine.definition import SYSTEM, Transition


def problems(case: Case) -> Iterator[Problem]:
    """For each step that a transition claims, what its rule asks and the transition lacks."""
    for move in case.definition.transitions:
        for step in move.steps:
            rule = case.binding.step_rules.get(step)
            if rule is not None:
                yield from _lacks(case, move, step, rule)


def _lacks(case: Case, move: Transition, step: str, rule: StepRule) -> Iterator[Problem]:
    key = f"transitions.{move.id}"
    told: dict[str, Any] = {"transition": move.id, "step": step}
    for name in sorted(rule.guards.difference(move.guards)):
        yield case.problem("step_without_guard", f"{key}.guards", name=name, **told)
    if rule.any_guards and not set(rule.any_guards) & set(move.guards):
        yield case.problem(
            "step_without_any_guard", f"{key}.guards", name=", ".join(rule.any_guards), **told
        )
    for name in sorted(rule.effects.difference(move.effects)):
        yield case.problem("step_without_effect", f"{key}.effects", name=name, **told)
    if rule.duty not in (None, move.duty):
        yield case.problem("step_without_duty", f"{key}.duty", duty=rule.duty, **told)
    if rule.paper not in (None, move.paper):
        yield case.problem("step_without_paper", f"{key}.paper", kind=rule.paper, **told)
    if rule.move not in (None, move.id):
        yield case.problem("step_by_other_move", key, name=rule.move, **told)
    if rule.person and SYSTEM in move.by:
        yield case.problem("step_by_system", f"{key}.by", **told)
