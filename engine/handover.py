"""When a unit is no more: what is under way goes on elsewhere, and no definition says so.

A definition tells what people do with a subject; that its units end is none of their doing,
and comes over every definition alike. So these two moves are known to all of them. They are
made by the system only, and leave a history row like any other.
"""

from __future__ import annotations

from engine import ledger
from engine.belonging import HAND_OVER as HAND_OVER
from engine.definition import SYSTEM, Definition, State, Transition, Words
from engine.errors import Conflict, Refusal
from engine.ledger import Found
from engine.move import Handover, Move

LAPSE = "end_with_authority"
ACTIONS = (HAND_OVER, LAPSE)

TELL_LISTED = "tell_listed"


def void_state(definition: Definition) -> State | None:
    """Where a paper ends that came to nothing; none if the definition knows no such end."""
    return next((state for state in definition.states if state.outcome == "void"), None)


def name_of(command: Handover) -> str:
    """What the history calls the move."""
    return LAPSE if command.lapse else HAND_OVER


def transition_for(found: Found, command: Handover) -> Transition:
    """The move: where it stands, or to its void end, telling those it lists. Raises
    ``Conflict`` (``not_from_here``) for a subject that has come to its end."""
    state = found.definition.by_state[found.state]
    void = void_state(found.definition) if command.lapse else None
    if state.final or (command.lapse and void is None):
        raise Conflict(Refusal("not_from_here", {"action": HAND_OVER, "state": found.state}))
    name = name_of(command)
    return Transition(
        id=name,
        label=Words(vi=name, en=name),
        **{"from": (found.state,), "to": void.id if void else found.state},
        by=(f"{SYSTEM}@",),
        effects=(TELL_LISTED,) if void else (),
    )


def rescope(found: Found, move: Move, command: Handover) -> None:
    """Moves the subject to the units of the command, and tells the history what was before.
    Raises ``Conflict`` (``not_from_here``) for a scope that it does not have."""
    strange = command.scopes.keys() - found.scopes.keys()
    if strange:
        raise Conflict(Refusal("not_from_here", {"action": HAND_OVER, "state": found.state}))
    before = {scope: found.scopes[scope] for scope in command.scopes}
    move.record |= {"basis": dict(command.basis), "from": before, "to": dict(command.scopes)}
    ledger.write_scopes(found, command.scopes)
    move.scopes = found.scopes
