"""``perform``: the only writer of a state.

In one transaction: the row is locked, the same key answers as before, a stale version is
told what changed, the person is checked on the server, every guard is asked and every
refusal collected, effects write rows, the history grows by one hashed row, the state moves,
papers are frozen, and what must follow goes to the outbox. All or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from engine import clock, fields, handover, ledger, machine, policy, rebinding, terms
from engine.db import after_commit, contended, in_writing, writing
from engine.definition import Transition, Words, scope_of
from engine.errors import Conflict, EngineError, Forbidden, Refusal, Refused, Stale
from engine.history import fold
from engine.house import House
from engine.ledger import Found
from engine.move import UNTOLD, Command, Handover, Move, Opening
from engine.policy import Actor, Office
from engine.rebinding import Rebinding
from engine.repeating import Outcome as Outcome
from engine.repeating import Wish, repeated


@dataclass(frozen=True, slots=True)
class Option:
    """A move out of the present state, and every reason why this person may not make it.

    Guards that depend on the inputs of the form are asked only when it is sent.
    """

    transition: Transition
    refusals: tuple[Refusal, ...]

    @property
    def open(self) -> bool:
        return not self.refusals


def perform(session: Session, house: House, command: Wish | Handover) -> Outcome:
    """Makes one move, and those that follow from it, in one transaction.

    Joins the caller's ``writing`` transaction when there is one. Raises ``NotFound``,
    ``Forbidden``, ``Conflict``, ``Stale`` or ``Refused``; then nothing was written.
    """
    for attempt in (1, 2):
        last = attempt == 2 or in_writing(session)
        try:
            with writing(session):
                return _perform(session, house, command, clock.now())
        except EngineError:
            earlier = _lost_a_race(session, house, command)
            if earlier is None:
                raise
            return earlier
        except IntegrityError:
            # Two at once where the tables let one of them in (a key is used once, a place has
            # one case a year): asked again, the loser is told what whoever comes later is told.
            if last:
                raise
        except OperationalError as error:
            # Somebody was in the way and nothing was written: it is tried once more.
            if in_writing(session) or not contended(error):
                raise
            if last:
                raise Conflict(Refusal("busy")) from error
    raise AssertionError("the loop returns or raises")


def _lost_a_race(session: Session, house: House, command: Wish | Handover) -> Outcome | None:
    """The answer to the same press that opened the subject while this one was being refused:
    unlike moves of a subject, openings have no lock before which the key is looked up."""
    if in_writing(session) or not isinstance(command, Opening):
        return None
    return repeated(session, house, command)


def available(session: Session, house: House, subject_id: int, actor: Actor) -> list[Option]:
    """The moves people make out of the subject's present state, each with the reasons why
    this actor may not. Raises ``NotFound``."""
    at = clock.now()
    found = ledger.find(session, house, subject_id, lock=False)
    return [
        Option(transition, tuple(_reasons(session, house, found, transition, actor, at)))
        for transition in found.definition.leaving(found.state)
        if not transition.automatic
    ]


def prospect(session: Session, house: House, subject_id: int, action: str, actor: Actor) -> Move:
    """The move as guards would see it now, without inputs: for forms and previews."""
    found = ledger.find(session, house, subject_id, lock=False)
    transition = found.definition.transition(action)
    return _move(session, house, found, transition, actor, None, clock.now())


def openable(session: Session, house: House, opening: Opening) -> Option:
    """The opening with every reason against it, guards that need its inputs not asked.
    Nothing is written."""
    at = clock.now()
    found = ledger.imagined(session, house, opening, at)
    transition = found.definition.transition(opening.action)
    actor = _actor(session, house, opening.person_id, at)
    reasons = _reasons(session, house, found, transition, actor, at, opening.evidence)
    return Option(transition, (*house.unsound(found.definition), *reasons))


def foreseen(session: Session, house: House, opening: Opening) -> Move:
    """The opening as its guards would see it now, without inputs: for forms."""
    at = clock.now()
    found = ledger.imagined(session, house, opening, at)
    transition = found.definition.transition(opening.action)
    actor = _actor(session, house, opening.person_id, at)
    move = _move(session, house, found, transition, actor, None, at)
    move.evidence = opening.evidence
    return move


def objections(session: Session, house: House, command: Command, actor: Actor) -> Sequence[Refusal]:
    """Every reason against the inputs of a move, nothing being written; whether it is this
    actor's to make is not asked. Raises ``NotFound``."""
    move = prospect(session, house, command.subject_id, command.action, actor)
    return list(_examine(move, command.data))


def unfit(session: Session, house: House, opening: Opening) -> Sequence[Refusal]:
    """Every reason against an opening as it is filled in; nothing is written."""
    return list(_examine(foreseen(session, house, opening), opening.data))


def _reasons(
    session: Session,
    house: House,
    found: Found,
    transition: Transition,
    actor: Actor,
    at: datetime,
    evidence: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[Refusal]:
    move = _move(session, house, found, transition, actor, None, at)
    move.evidence = evidence
    held = ledger.held(found, transition, evidence.get("subjects", ()))
    try:
        policy.permit(actor, transition, found.scopes, held, house.binding.roles)
    except EngineError as error:
        yield from error.refusals
        return
    yield from _ask(move, unusable=set(transition.fields))


def _perform(session: Session, house: House, command: Wish | Handover, at: datetime) -> Outcome:
    # The locks first: a racing repetition then sees the answer of the one before it.
    if not isinstance(command, Opening):
        found = ledger.find(session, house, command.subject_id, lock=True)
    else:
        ledger.lock(session, command.evidence.get("subjects", ()))
    if earlier := repeated(session, house, command):
        return earlier
    if isinstance(command, Opening):
        found = ledger.begin(session, house, command, at)
    if isinstance(command, Handover):
        return _hand_over(session, house, command, found, at)
    if isinstance(command, Rebinding):
        return _rebind(session, house, command, found, at)
    return _decide(session, house, command, found, at)


def _decide(
    session: Session, house: House, command: Command | Opening, found: Found, at: datetime
) -> Outcome:
    transition = found.definition.transition(command.action)
    actor = _actor(session, house, command.person_id, at)
    listing = command.evidence.get("subjects", ())
    held = ledger.held(found, transition, listing)
    office = policy.permit(actor, transition, found.scopes, held, house.binding.roles)
    _refuse_stale(command, found)
    move = _move(session, house, found, transition, actor, office, at)
    move.evidence = command.evidence
    to_state = machine.fire(
        found.definition, found.state, command.action, lambda: _against(move, command)
    )
    return _write(move, found, to_state, command.key)


def _hand_over(
    session: Session, house: House, command: Handover, found: Found, at: datetime
) -> Outcome:
    transition = handover.transition_for(found, command)
    move = _move(session, house, found, transition, policy.THE_SYSTEM, None, at)
    handover.rescope(found, move, command)
    return _write(move, found, transition.target, command.key)


def _write(move: Move, found: Found, to_state: str, key: str | None) -> Outcome:
    """What every decided move does: its effects, its paper, its history row, the new state,
    what the worker must do, and the moves that follow from it."""
    if not found.events:
        move.record["scopes"] = dict(found.scopes)
    for effect in move.transition.effects:
        move.house.binding.effects[effect](move)
    if move.transition.paper:
        move.freeze(move.transition.paper, found.scopes[scope_of(move.transition.by[0])])
    version = ledger.write_event(move, to_state, key, found)
    ledger.write_state(move, found, to_state, version)
    if tasks := ledger.write_tasks(move, found):
        after_commit(move.session, partial(move.house.wake, tasks))
    for following in move.follow:
        _perform(move.session, move.house, following, move.at)
    return Outcome(found.id, to_state, version)


def _rebind(
    session: Session, house: House, command: Rebinding, found: Found, at: datetime
) -> Outcome:
    """The subject under another definition, in the state it is in."""
    actor = _actor(session, house, command.person_id, at)
    held = [office for office in actor.offices if office.role in command.roles]
    if not held:
        raise Forbidden(Refusal("not_yours", {"by": sorted(command.roles)}))
    if command.asked_by == command.person_id:
        raise Forbidden(Refusal("second_person_needed"))
    _refuse_stale(command, found)
    new = house.definition(command.digest)
    if clock.law_date(at) < (begins := house.since(new)):
        raise Refused(Refusal("definition_not_begun", {"starts_on": begins.isoformat()}))
    reasons = rebinding.obstacles(found.definition, new, found.state, found.scopes, found.events)
    if refusals := [*house.unsound(new), *reasons]:
        raise Refused(*refusals)
    move = _move(session, house, found, rebinding.MOVE, actor, held[0], at)
    move.definition = new
    move.record = {"from": found.definition.digest, "to": new.digest}
    if command.asked_by is not None:
        move.record["asked_by"] = command.asked_by
    version = ledger.write_event(move, found.state, command.key, found)
    ledger.write_definition(move, found, version)
    return Outcome(found.id, found.state, version)


def _actor(session: Session, house: House, person_id: int | None, at: datetime) -> Actor:
    if person_id is None:
        return policy.THE_SYSTEM
    return house.find_actor(session, person_id, clock.law_date(at))


def _refuse_stale(command: Wish, found: Found) -> None:
    seen = found.version if isinstance(command, Opening) else command.version
    if seen not in (None, UNTOLD, found.version):
        since = [event for event in found.events if event.version > seen]
        raise Stale(Refusal("stale", {"seen": seen, "now": found.version}), since=since)


def _move(
    session: Session,
    house: House,
    found: Found,
    transition: Transition,
    actor: Actor,
    office: Office | None,
    at: datetime,
) -> Move:
    return Move(
        session=session,
        house=house,
        definition=found.definition,
        transition=transition,
        subject_id=found.id,
        from_state=found.state,
        version=found.version,
        scopes=found.scopes,
        facts=fold(found.definition, found.events),
        actor=actor,
        office=office,
        at=at,
        entered_at=found.entered_at,
        due_at=found.due_at,
    )


def _against(move: Move, command: Command | Opening) -> Iterator[Refusal]:
    if isinstance(command, Command) and command.version == UNTOLD:
        yield Refusal("version_needed", {"now": move.version}, field="version")
    yield from _examine(move, command.data)


def _examine(move: Move, raw: Mapping[str, Any]) -> Iterator[Refusal]:
    """Reads the inputs into the move, then yields every reason against it."""
    values, refusals = fields.clean(
        move.definition.fields_of(move.transition),
        raw,
        columns=move.definition.by_field,
        rows=lambda name: [row.id for row in move.house.binding.rows[name](move)],
    )
    move.data = values
    yield from (_explained(move, refusal) for refusal in refusals)
    # A table with a cell that cannot be read is still asked about: the cell counts as empty,
    # and is not blamed twice.
    unusable = {refusal.field or "" for refusal in refusals}
    yield from (each for each in _ask(move, unusable) if each.field not in unusable)


def _ask(move: Move, unusable: set[str]) -> Iterator[Refusal]:
    if terms.over(move):
        yield _explained(move, Refusal("term_passed"))
    for name in move.transition.guards:
        guard = move.house.binding.guards[name]
        if unusable.isdisjoint(guard.uses):
            for refusal in guard.ask(move):
                yield _explained(move, refusal)


def _explained(move: Move, refusal: Refusal) -> Refusal:
    """The same with the clause of the move where it has none of its own, and with what its
    input is called."""
    clause = refusal.clause or move.transition.clause
    return replace(refusal, clause=clause, labels=tuple(_labels(move, refusal.field or "")))


def _labels(move: Move, place: str) -> Iterator[Words]:
    name, *inside = place.split(".")
    known = move.definition.by_field.get(name)
    if known and known.rows and len(inside) == 2:
        for row in move.house.binding.rows[known.rows](move):
            if row.id == inside[0]:
                yield Words(vi=row.label, en=row.label_en or row.label)
        known = move.definition.by_field.get(inside[1])
    if known:
        yield known.label
