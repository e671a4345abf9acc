"""The graph leads somewhere: all states reached, an end in reach of each, someone to act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.check.case import Case, event_of
from engine.check.paths import Walk, walk
from engine.check.problem import Problem
from engine.definition import SYSTEM, State, Transition, role_of


def problems(case: Case) -> Iterator[Problem]:
    """Unknown and unreachable states, dead ends, traps, final states with an exit, and
    states in which nobody can act."""
    yield from _unknown(case)
    if not any(transition.opens for transition in case.definition.transitions):
        # Nothing is reached without an opening: one problem, not one for each state.
        yield case.problem("no_opening", "transitions")
        return
    for state in case.definition.states:
        key = f"states.{state.id}"
        if state.id not in case.reached:
            yield case.problem("unreachable_state", key, state=state.id)
        if state.final:
            yield from _exits(case, state)
        else:
            yield from _waits(case, state)
    yield from _endless(case)


def _unknown(case: Case) -> Iterator[Problem]:
    known = case.definition.by_state
    for transition in case.definition.transitions:
        for state in transition.sources:
            if state not in known:
                key = f"transitions.{transition.id}.from"
                yield case.problem("unknown_state", key, state=state)
        if transition.target not in known:
            key = f"transitions.{transition.id}.to"
            yield case.problem("unknown_state", key, state=transition.target)


def _exits(case: Case, state: State) -> Iterator[Problem]:
    for transition in case.definition.leaving(state.id):
        if transition.automatic and (transition.on or transition.act):
            continue  # nobody waits for it: a paper that ended it may be taken back
        story = case.story(state.id)
        shown = (*story, transition.id) if story else ()
        key = f"states.{state.id}.final"
        yield case.problem("final_with_exit", key, shown, state=state.id, transition=transition.id)


def _waits(case: Case, state: State) -> Iterator[Problem]:
    exits = case.definition.leaving(state.id)
    told: dict[str, Any] = {"key": f"states.{state.id}.waiting_on", "story": case.story(state.id)}
    if not state.waiting_on:
        led = next(filter(_by_people, _onward(exits)), None)
        if led:
            yield case.problem("waiting_unsaid", **told, state=state.id, transition=led.id)
    elif exits and not any(_wakes(case, state, transition) for transition in exits):
        yield case.problem("waiting_on_nobody", **told, state=state.id)


def _onward(exits: Sequence[Transition]) -> Sequence[Transition]:
    """What leads on from a state, forward first; what stops there, too, only where nothing else
    leaves it: a file that waits for its day may be withdrawn, and waits on nobody all the same."""
    ways = [one for one in exits if one.tone != "stop"] or exits
    return sorted(ways, key=lambda one: one.tone != "forward")


def _by_people(transition: Transition) -> bool:
    """Whether people make it, or move the paper that it answers."""
    return bool(transition.on) or any(role_of(rule) != SYSTEM for rule in transition.by)


def _wakes(case: Case, state: State, transition: Transition) -> bool:
    """Whether those the state waits on can bring the transition about, by making it or by
    moving the paper it answers."""
    if set(transition.by) & set(state.waiting_on):
        return True
    if not transition.on:
        return False
    flow = case.flow(event_of(transition)[0])
    if flow is None:  # told as an unknown event
        return True
    hands = {role_of(rule) for move in flow.transitions for rule in move.by}
    return not hands.isdisjoint(map(role_of, state.waiting_on))


def _endless(case: Case) -> Iterator[Problem]:
    """One problem for each place that cannot be left towards an end: the states of a bottom
    component of the graph. What only leads there is mended with it."""
    told: set[str] = set()
    closures = {state: walk(case.definition, state) for state in _stuck(case)}
    for state, closure in closures.items():
        if state in told or not _bottom(closures, closure):
            continue
        told.update(closure)
        key, story = f"states.{state}", case.story(state)
        if case.definition.leaving(state):
            loop = ", ".join(closure)
            yield case.problem("trap", key, story, state=state, loop=loop)
        else:
            yield case.problem("dead_end", key, story, state=state)


def _bottom(closures: dict[str, Walk[str]], closure: Walk[str]) -> bool:
    return all(len(closures[state]) == len(closure) for state in closure)


def _stuck(case: Case) -> Sequence[str]:
    """The reached states from which no end is in reach. A state that does not exist counts
    as an end: it is reported as unknown."""
    before: dict[str, list[tuple[str, str]]] = {}
    for transition in case.definition.transitions:
        for source in transition.sources:
            before.setdefault(transition.target, []).append((transition.id, source))
    known = case.definition.by_state
    ends = [state for state in case.reached if state not in known or known[state].final]
    saved = Walk(ends, lambda state: before.get(state, ()))
    return [state for state in case.reached if state in known and state not in saved]
