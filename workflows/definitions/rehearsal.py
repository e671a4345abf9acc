"""What would have happened: past cases made again, move by move, under another definition.

Who moved, in which office, when and with what inputs is taken from the history. A condition
that was asked then was answered then; only what the other definition asks anew is asked anew,
as of that moment. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from engine import clock, terms
from engine.definition import START, SYSTEM, Definition, State, Transition, scope_of
from engine.errors import Refusal
from engine.handover import HAND_OVER
from engine.history import fold
from engine.house import House
from engine.move import Move
from engine.policy import Actor, Office
from engine.rebinding import ADOPT

Verdict = Literal["same", "other_end", "refused", "lapsed", "waits"]
VERDICTS: tuple[Verdict, ...] = ("same", "other_end", "refused", "lapsed", "waits")

PRESENT = frozenset({"no_other_case", "year_not_decided", "registration_in_order"})
"""Guards that look at rows as they are today, not at what was known then."""

UNASKED = frozenset({ADOPT, HAND_OVER})
"""Moves that no definition knows: they change under what and where a case goes on, not how."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One past case: its units, and its history with the names of who moved."""

    subject_id: int
    definition: Definition
    state: str
    scopes: Mapping[str, int]
    events: Sequence[Any]
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would have become of one case. ``step`` is the move that would have gone another
    way (from 1), ``at`` when; ``untold`` are guards that the record cannot answer. ``late``
    counts the moves after their term, by the record's definition and by the other one."""

    subject_id: int
    verdict: Verdict
    state: str
    step: int = 0
    action: str = ""
    at: datetime | None = None
    refusals: tuple[Refusal, ...] = ()
    untold: tuple[str, ...] = ()
    late: tuple[int, int] = (0, 0)


@dataclass
class _Run:
    session: Session
    house: House
    new: Definition
    case: Recorded
    state: str = START
    entered_at: datetime = field(default_factory=clock.now)
    scopes: Mapping[str, int] = field(default_factory=dict)
    terms: tuple[datetime | None, datetime | None] = (None, None)
    late: tuple[int, int] = (0, 0)
    untold: list[str] = field(default_factory=list)
    held: dict[int, set[str]] = field(default_factory=dict)

    def verdict(self, verdict: Verdict, **told: Any) -> Rehearsed:
        untold = tuple(dict.fromkeys(self.untold))
        return Rehearsed(
            self.case.subject_id, verdict, self.state, untold=untold, late=self.late, **told
        )


def rehearse(session: Session, house: House, case: Recorded, new: Definition) -> Rehearsed:
    """What would have become of one case under the other definition."""
    run = _Run(session, house, new, case)
    told = [
        (event, scopes)
        for event, scopes in zip(case.events, _places(case), strict=True)
        if event.action not in UNASKED
    ]
    events = [event for event, _ in told]
    for number, (event, run.scopes) in enumerate(told):
        place: dict[str, Any] = {"step": number + 1, "action": event.action, "at": event.at}
        if lapsed := _lapsed(run, event.at, event.action):
            return run.verdict("lapsed", **(place | lapsed))
        if _too_early(run, event):
            return run.verdict("waits", **(place | {"at": run.terms[1]}))
        if refusals := tuple(_reasons(run, events[:number], event)):
            return run.verdict("refused", refusals=refusals, **place)
        _advance(run, events[:number], event)
    if lapsed := _lapsed(run, clock.now(), ""):
        return run.verdict("lapsed", step=len(events), **lapsed)
    return run.verdict("same" if run.state == case.state else "other_end", step=len(events))


def _places(case: Recorded) -> list[Mapping[str, int]]:
    """The units of the case at each of its events: a hand-over tells which they were before."""
    scopes, found = case.scopes, list[Mapping[str, int]]()
    for event in reversed(case.events):
        if event.action == HAND_OVER:
            scopes = {**scopes, **event.data["from"]}
        found.append(scopes)
    return found[::-1]


def _state(run: _Run) -> State | None:
    return run.new.by_state.get(run.state)


def _lapsed(run: _Run, at: datetime, action: str) -> dict[str, Any] | None:
    """What the system would have done before that moment, its term having passed."""
    state, due_at = _state(run), run.terms[1]
    then = state.due.then if state and state.due else None
    if then is None or due_at is None or at < due_at or action == then:
        return None
    return {"action": then, "at": due_at}


def _too_early(run: _Run, event: Any) -> bool:
    """Whether the record's lapse came before the term that there would have been."""
    old = run.case.definition.by_state.get(run.state)
    lapse = old.due.then if old and old.due else None
    if event.person_id is not None or event.action != lapse:
        return False
    return run.terms[1] is None or event.at < run.terms[1]


def _reasons(run: _Run, before: Sequence[Any], event: Any) -> Iterator[Refusal]:
    move = run.new.by_transition.get(event.action)
    if move is None:
        yield Refusal("unknown_action", {"action": event.action})
        return
    if run.state not in (move.sources or (START,)):
        yield Refusal("not_from_here", {"action": event.action, "state": run.state}, move.clause)
        return
    yield from _about_who(run, move, event)
    yield from _about_inputs(run, move, event)
    yield from _about_guards(run, move, before, event)


def _about_who(run: _Run, move: Transition, event: Any) -> Iterator[Refusal]:
    if event.person_id is None:
        old = run.case.definition.by_transition.get(event.action)
        if SYSTEM not in move.by or (old is not None and old.on != move.on):
            yield Refusal("not_yours", {"by": list(move.by)}, move.clause)
        return
    role, unit = event.office["role"], event.office["unit"]
    if not any(
        rule == f"{role}@{scope_of(rule)}" and run.scopes.get(scope_of(rule)) == unit
        for rule in move.by
    ):
        yield Refusal("not_yours", {"by": list(move.by)}, move.clause)
    other = run.held.get(event.person_id, set()) - {move.duty}
    if move.duty and other:
        told = {"duty": move.duty, "held": sorted(other)}
        yield Refusal("separation_of_duties", told, move.clause)


def _about_inputs(run: _Run, move: Transition, event: Any) -> Iterator[Refusal]:
    for one in run.new.fields_of(move):
        if one.required and event.data.get(one.id) in (None, "", [], {}):
            yield Refusal("required", field=one.id)


def _about_guards(
    run: _Run, move: Transition, before: Sequence[Any], event: Any
) -> Iterator[Refusal]:
    old = run.case.definition.by_transition.get(event.action)
    asked = set(old.guards) if old else set()
    for name in move.guards:
        if name in asked:
            continue
        if name in PRESENT:
            run.untold.append(name)
            continue
        try:
            yield from list(run.house.binding.guards[name].ask(_move(run, move, before, event)))
        except (LookupError, TypeError, ValueError):
            # It asks for something that was not written down then.
            run.untold.append(name)


def _move(run: _Run, transition: Transition, before: Sequence[Any], event: Any) -> Move:
    """The move as guards would have seen it then."""
    office = None
    if event.office:
        told = event.office
        office = Office(
            told["appointment"], told["role"], told["unit"], told["unit_name"], told["title"]
        )
    name = run.case.names.get(event.person_id or 0, "")
    return Move(
        session=run.session,
        house=run.house,
        definition=run.new,
        transition=transition,
        subject_id=run.case.subject_id,
        from_state=run.state,
        version=event.version - 1,
        scopes=run.scopes,
        facts=fold(run.new, before),
        actor=Actor(event.person_id, name, (office,) if office else ()),
        office=office,
        at=event.at,
        entered_at=run.entered_at,
        due_at=run.terms[1],
        data=event.data,
        evidence=event.data,
    )


def _advance(run: _Run, before: Sequence[Any], event: Any) -> None:
    """Makes the move in the rehearsal: the state, its term by either definition, the duties."""
    transition = run.new.by_transition[event.action]
    old, new = (term is not None and event.at >= term for term in run.terms)
    run.late = (run.late[0] + old, run.late[1] + new)
    if transition.duty and event.person_id is not None:
        run.held.setdefault(event.person_id, set()).add(transition.duty)
    if transition.target == run.state:
        return
    move = _move(run, transition, before, event)
    run.state, run.entered_at = transition.target, event.at
    states = (run.case.definition.by_state.get(event.to_state), run.new.by_state[run.state])
    found = [terms.deadline(move, one, event.at) if one else None for one in states]
    run.terms = (found[0], found[1])
