"""On every path to an outcome, each safeguard that the outcome needs has happened.

A step is done by a transition that names it, or that answers a paper event which the
paper's own workflow reaches only with that step done. A transition that ``voids`` others
undoes their steps. And a path that goes on with a paper owes all safeguards the paper's
workflow knows: one decision's seal does not stand for that of another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from engine.check.case import Case, event_of
from engine.check.keeping import kept_outside
from engine.check.paths import Steps, Watch, shifts
from engine.check.problem import WITHOUT, Problem, Story
from engine.definition import Definition, Transition


def problems(case: Case) -> Iterator[Problem]:
    """For each state with an outcome, and each move that keeps one, each required step that
    some path to it lacks; and each step claimed before those it follows."""
    safeguards = Safeguards(case)
    yield from _too_early(case, safeguards)
    for state in case.definition.states:
        for step in _required(case, state.outcome):
            stories = [
                walk.story((state.id, False))
                for walk in safeguards.walks(step)
                if (state.id, False) in walk
            ]
            yield from _without(case, state.outcome, step, state.id, f"states.{state.id}", stories)
    for move, outcome in kept_outside(case):
        for step in _required(case, outcome):
            stories = [story for walk in safeguards.walks(step) if (story := walk.after(move))]
            key = f"transitions.{move.id}.effects"
            yield from _without(case, outcome, step, move.target, key, stories)


def _required(case: Case, outcome: str | None) -> Sequence[str]:
    procedure = case.definition.meta.procedure
    return sorted(case.binding.required(procedure, outcome)) if outcome else ()


def _without(
    case: Case, outcome: str | None, step: str, state: str, key: str, stories: Sequence[Story]
) -> Iterator[Problem]:
    if stories:
        yield case.problem(
            WITHOUT.format(outcome=outcome, step=step),
            key,
            min(stories, key=len),
            outcome=outcome,
            step=step,
            state=state,
        )


def _too_early(case: Case, safeguards: Safeguards) -> Iterator[Problem]:
    """Steps claimed where a path leads without a step that must come before; steps of other
    procedures than this definition's are not waited for."""
    foreign = case.binding.foreign(case.definition.meta.procedure)
    for move in case.definition.transitions:
        for step in move.steps:
            rule = case.binding.step_rules.get(step)
            for name in sorted(rule.after - foreign) if rule else ():
                if story := safeguards.story_without(name, move):
                    yield case.problem(
                        "step_too_early",
                        f"transitions.{move.id}.from",
                        story,
                        transition=move.id,
                        step=step,
                        name=name,
                    )


class Safeguards:
    """Which steps are done where, in one definition and the papers it uses."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._guaranteed: dict[str, Mapping[str, Steps]] = {}
        self._walks: dict[str, list[Watch]] = {}

    def walks(self, step: str) -> list[Watch]:
        """The walks on which the step must hold: that of the step itself, and one for each
        kind of paper that owes it."""
        if step not in self._walks:
            definition = self._case.definition
            own = Watch(definition, shifts(definition, self._gains, step))
            owed = (
                Watch(definition, self._debts(kind, step), begin=True) for kind in self._owing(step)
            )
            self._walks[step] = [own, *owed]
        return self._walks[step]

    def story_without(self, step: str, move: Transition) -> Story:
        """The shortest story that makes the move where the step does not hold; empty if none."""
        stories = [story for walk in self.walks(step) if (story := walk.before(move))]
        return min(stories, key=len, default=())

    @cached_property
    def _gains(self) -> Mapping[str, Steps]:
        return self._gained(self._case.definition)

    def _gained(self, definition: Definition) -> Mapping[str, Steps]:
        """The steps that each transition does, those of its paper event included."""
        return {
            move.id: frozenset(move.steps) | self._brought(move) for move in definition.transitions
        }

    def _brought(self, transition: Transition) -> Steps:
        kind, state = event_of(transition)
        flow = self._case.flow(kind)
        return self.guaranteed(flow).get(state, Steps()) if flow else Steps()

    def guaranteed(self, flow: Definition) -> Mapping[str, Steps]:
        """For each state that a workflow reaches, the steps done on every path to it."""
        if flow.id not in self._guaranteed:
            # Papers that wait for each other in a circle prove nothing to each other.
            self._guaranteed[flow.id] = {}
            self._guaranteed[flow.id] = self._prove(flow)
        return self._guaranteed[flow.id]

    def _prove(self, flow: Definition) -> Mapping[str, Steps]:
        gains = self._gained(flow)
        done: dict[str, Steps] = {}
        for step in sorted(Steps().union(*gains.values())):
            reached = Watch(flow, shifts(flow, gains, step))
            for state in {state for state, _ in reached if (state, False) not in reached}:
                done[state] = done.get(state, Steps()) | {step}
        return done

    def _owing(self, step: str) -> list[str]:
        """The kinds of paper used here whose workflow knows the step."""
        kinds = {event_of(move)[0]: None for move in self._case.definition.transitions if move.on}
        flows = {kind: self._case.flow(kind) for kind in kinds}
        return [
            kind
            for kind, flow in flows.items()
            if flow and any(step in move.steps for move in flow.transitions)
        ]

    def _debts(self, kind: str, step: str) -> Mapping[str, bool]:
        """Which transitions go on with a paper of the kind, with the step done or not; one
        that turns back on such an event, or voids it, no longer relies on the paper."""
        moves = self._case.definition.transitions
        using = {move.id: move for move in moves if event_of(move)[0] == kind}
        shifts = {move.id: True for move in moves if not using.keys().isdisjoint(move.voids)}
        for move in using.values():
            shifts[move.id] = move.tone != "forward" or step in self._gains[move.id]
        return shifts
