"""What a definition knows of a title, and what that calls for, no path to its end leaves out.

What every title needs is asked of each state that has the outcome. A procedure that adds a
posting, another level's appraisal, decision or certificate has said that its title is not
whole without: it may not lead past them to an end with that outcome, nor leave one out that
the others call for (a second level decides on an appraisal). A guard that makes sure
which level's title it is spares the path the acts of the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.check.case import Case, event_of
from engine.check.keeping import lacking
from engine.check.paths import Steps
from engine.check.problem import Problem
from engine.definition import Definition, Transition

ISSUED = "issued"
"""The state in which a paper takes effect."""


def problems(case: Case) -> Iterator[Problem]:
    """Each act that a definition knows, or what it knows calls for, and that some path to an
    end with its outcome lacks."""
    acts = {move.id: _done(case, move) for move in case.definition.transitions}
    called = _called_for(case)
    needed = {
        state.id: called & case.binding.whole.get(state.outcome or "", Steps())
        if state.final
        else Steps()
        for state in case.definition.states
    }
    yield from lacking(case, "end_not_whole", acts, needed)


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
