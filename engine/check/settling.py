"""A step leaves a question open, and no path comes to an outcome with the question unasked.

That residents were counted, criteria appraised or a decision posted says nothing yet of what
came of it. The guard that asks so may stand on any later move, so it is looked for on the whole
path, and after the last time that the step was done: what was asked of an earlier count does
not answer for this one. A guard reads what earlier moves told, so the move itself that does the
step does not answer for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.check.case import Case
from engine.check.keeping import kept_outside
from engine.check.paths import Watch
from engine.check.problem import Problem, Story
from engine.definition import Definition

Unasked = tuple[Story, str, str]
"""How an outcome is come to, the place in the file, and the state that is led to."""


def problems(case: Case) -> Iterator[Problem]:
    """Each step whose question is open where a path comes to an outcome, with the shortest
    such path: one guard closes it for what follows, too."""
    for step, rule in case.binding.step_rules.items():
        for outcome, guards in rule.settled_by.items():
            watch = Watch(case.definition, _shifts(case.definition, step, guards), begin=True)
            found = min(_unasked(case, outcome, watch), key=lambda one: len(one[0]), default=None)
            if found:
                story, key, state = found
                told = {"outcome": outcome, "state": state, "step": step}
                yield case.problem("step_unsettled", key, story, name=", ".join(guards), **told)


def _unasked(case: Case, outcome: str, watch: Watch) -> Iterator[Unasked]:
    for state in case.definition.states:
        if state.outcome == outcome and (state.id, False) in watch:
            yield watch.story((state.id, False)), f"states.{state.id}", state.id
    for move, kept in kept_outside(case):
        if kept == outcome and (story := watch.after(move)):
            yield story, f"transitions.{move.id}.effects", move.target


def _shifts(definition: Definition, step: str, guards: Sequence[str]) -> Mapping[str, bool]:
    """Which moves open the question, and which close it: by asking, or by voiding the step."""
    doing = {move.id for move in definition.transitions if step in move.steps}
    found = dict.fromkeys(doing, False)
    for move in definition.transitions:
        asks = not doing.isdisjoint(move.voids) or not set(guards).isdisjoint(move.guards)
        if move.id not in doing and asks:
            found[move.id] = True
    return found
