"""What makes the system move exists, and makes it move in one way only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from engine.check.case import Case, event_of
from engine.check.problem import Problem
from engine.definition import START, SYSTEM, Definition, Transition
from engine.papers.acts import number_and_keep
from engine.papers.amending import tell_amended


def problems(case: Case) -> Iterator[Problem]:
    """Events and deadlines that name nothing, moves of the system that nothing makes, and
    two moves that one event would make from one state."""
    for transition in case.definition.transitions:
        if transition.on:
            yield from _event(case, transition)
        elif transition.act:
            yield from _act(case, transition)
        elif transition.automatic:
            yield from _untriggered(case, transition)
    yield from _doubles(case)
    yield from _deadlines(case)


def _event(case: Case, transition: Transition) -> Iterator[Problem]:
    key = f"transitions.{transition.id}.on"
    kind, state = event_of(transition)
    flow = case.flow(kind)
    if kind in case.kinds and flow is None:
        name = case.kinds[kind].definition
        yield case.problem("missing_definition", key, kind=kind, name=name)
    elif flow is None or state not in flow.by_state:
        first = (*transition.sources, START)[0]
        yield case.problem("unknown_event", key, event=transition.on, state=first)
    if SYSTEM not in transition.by:
        yield case.problem("event_by_person", key)


def _act(case: Case, transition: Transition) -> Iterator[Problem]:
    """A later paper moves this one as the system, and whatever gives numbers tells of it."""
    if SYSTEM not in transition.by:
        yield case.problem("event_by_person", f"transitions.{transition.id}.act")
    for way in case.definition.transitions:
        effects = [case.binding.effects.get(name) for name in way.effects]
        if number_and_keep in effects and tell_amended not in effects:
            key = f"transitions.{way.id}.effects"
            yield case.problem("act_not_told", key, act=transition.act, transition=way.id)


def _untriggered(case: Case, transition: Transition) -> Iterator[Problem]:
    """A move of the system without event must be the deadline of each state it leaves.

    A paper is opened by the move that makes it, so its opening needs no trigger.
    """
    if transition.opens and case.definition.meta.subject == "paper":
        return
    for state in transition.sources or (START,):
        if _deadline_of(case.definition, state) != transition.id:
            key = f"transitions.{transition.id}.from"
            yield case.problem("unknown_event", key, case.story(state), event="", state=state)


def _deadline_of(definition: Definition, state: str) -> str | None:
    found = definition.by_state.get(state)
    return found.due.then if found and found.due else None


def _doubles(case: Case) -> Iterator[Problem]:
    answering = [move for move in case.definition.transitions if move.on or move.act]
    for transition in answering:
        named = transition.sources
        yield from _double(case, transition, transition, [s for s in named if named.count(s) > 1])
    for first, second in combinations(answering, 2):
        if (first.on, first.act) == (second.on, second.act):
            others = second.sources or (START,)
            shared = [state for state in first.sources or (START,) if state in others]
            yield from _double(case, first, second, shared)


def _double(
    case: Case, first: Transition, second: Transition, shared: Sequence[str]
) -> Iterator[Problem]:
    if not shared:
        return
    state = min(shared, key=lambda state: (state not in case.reached, len(case.story(state))))
    yield case.problem(
        "two_on_one_trigger",
        f"transitions.{second.id}.on",
        case.story(state),
        first=first.id,
        second=second.id,
        event=second.on or second.act,
        state=state,
    )


def _deadlines(case: Case) -> Iterator[Problem]:
    for state in case.definition.states:
        then = state.due.then if state.due else None
        if then is None:
            continue
        move = case.definition.by_transition.get(then)
        if move is None or state.id not in move.sources or SYSTEM not in move.by:
            key = f"states.{state.id}.due"
            yield case.problem("due_target", key, case.story(state.id), name=then, state=state.id)
