"""What a definition knows of a title, and what that calls for, no path to its end leaves out.

What every title needs is asked of each state that has the outcome. A procedure that adds a
posting, another level's appraisal, decision or certificate has said that its title is not
whole without: it may not lead past them to an end with that outcome, nor leave one out that
the others call for (a second level decides on an appraisal). A guard that makes sure
which level's title it is spares the path the acts of the others.

An end says what it came to, or nobody counts it. Whoever came to an outcome can still come to
an end with it, or the file would only ever end by losing it; and where one of several answers
lets it go on, there is a way for each.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.check.case import Case, event_of
from engine.check.keeping import lacking
from engine.check.paths import Steps, walk
from engine.check.problem import Problem
from engine.definition import Definition, Transition

ISSUED = "issued"
"""The state in which a paper takes effect."""


def problems(case: Case) -> Iterator[Problem]:
    """Each act that a definition knows, or what it knows calls for, and that some path to an
    end with its outcome lacks; ends without outcome, outcomes without end, answers without way."""
    yield from _unsaid(case)
    yield from _unending(case)
    yield from _unanswerable(case)
    acts = {move.id: _done(case, move) for move in case.definition.transitions}
    called = _called_for(case)
    needed = {
        state.id: called & case.binding.whole.get(state.outcome or "", Steps())
        if state.final
        else Steps()
        for state in case.definition.states
    }
    yield from lacking(case, "end_not_whole", acts, needed)


def _unsaid(case: Case) -> Iterator[Problem]:
    """Ends without an outcome, but for those that the binding names."""
    silent = case.binding.silent.get(case.definition.meta.subject)
    for state in case.definition.states if silent is not None else ():
        if state.final and not state.outcome and state.id not in (silent or ()):
            key = f"states.{state.id}.outcome"
            yield case.problem("end_without_outcome", key, case.story(state.id), state=state.id)


def _unending(case: Case) -> Iterator[Problem]:
    """For each outcome, the first state on from it that no way leads from to an end with it."""
    ends = {one.id: one.outcome for one in case.definition.states if one.final}
    told: set[str] = set()
    for begun in map(case.definition.by_state.get, case.reached):
        if begun is None or begun.final or not begun.outcome or begun.outcome in told:
            continue
        onward = walk(case.definition, begun.id)
        for state in onward:
            left = {ends[one] for one in walk(case.definition, state) if one in ends}
            if state not in ends and left and begun.outcome not in left:
                story = (*case.story(begun.id), *onward.story(state))
                params = {"outcome": begun.outcome, "state": state}
                yield case.problem("outcome_without_end", f"states.{state}", story, **params)
                told.add(begun.outcome)
                break


def _unanswerable(case: Case) -> Iterator[Problem]:
    """States that ask one of the guards of which exactly one holds, and not each of them."""
    for state in case.definition.states:
        exits = case.definition.leaving(state.id)
        asked = frozenset(guard for move in exits for guard in move.guards)
        for answers in case.binding.alternatives:
            if asked & answers and (missing := ", ".join(sorted(answers - asked))):
                key, story = f"states.{state.id}", case.story(state.id)
                yield case.problem("way_missing", key, story, state=state.id, name=missing)


def _called_for(case: Case) -> Steps:
    """What the definition knows, with what that calls for: one that leaves a whole act out
    does not get around it."""
    found = _known(case.definition)
    for known, others in case.binding.entails:
        if known <= found:
            found |= others
    return found


def _known(definition: Definition) -> Steps:
    """The steps that moves claim, and the issue of each kind of paper that makes them move,
    whatever of its states they answer: the wrong one does not do."""
    kinds = {event_of(move)[0] for move in definition.transitions if move.on}
    issued = {f"{kind}:{ISSUED}" for kind in kinds}
    return frozenset(issued.union(*(move.steps for move in definition.transitions)))


def _done(case: Case, move: Transition) -> Steps:
    """What the move does, and what its guards make sure is not needed."""
    spared = (case.binding.spared.get(name, Steps()) for name in move.guards)
    return frozenset({*move.steps, move.on or ""}).union(*spared)
