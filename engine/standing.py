"""Until when each subject may stand where it does, and on whom it waits, told again.

Both follow from the definition, from what the history says and from the calendar. Their rows
are only what inboxes and reports read fast; whoever rewrites one is found out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import ledger, policy, rebinding, terms
from engine.definition import Definition, State
from engine.errors import EngineError, NotFound
from engine.history import Break
from engine.house import House
from engine.move import Move
from engine.subjects import Subject, SubjectScope, Waiting

TERM, WAITING = "term", "waiting"
"""Codes: the term ends at another moment than it would by any calendar there was; a subject
waits on others, since another moment or until another, than it does where it stands."""


def verify(session: Session, house: House) -> Iterator[Break]:
    """Every difference, of each subject whose definition is known here."""
    scopes = _scopes(session)
    waits = _waits(session)
    known: dict[str, Definition | None] = {}
    subjects = select(Subject.__table__).order_by(Subject.id)
    for subject in session.execute(subjects).all():
        digest = subject.definition_digest
        if digest not in known:
            known[digest] = _definition(house, digest)
        definition = known[digest]
        state = definition.by_state.get(subject.state) if definition else None
        if definition is None or state is None:
            continue
        if why := _off_term(_move(session, house, definition, subject), state, subject.due_at):
            yield Break(subject.id, subject.version, TERM, why)
        owed = {
            (*office, subject.due_at, subject.entered_at)
            for office in ledger.offices_of(state, scopes.get(subject.id, {}))
        }
        if owed != (there := waits.get(subject.id, set())):
            yield Break(subject.id, subject.version, WAITING, f"{_plain(owed)} ≠ {_plain(there)}")


def _definition(house: House, digest: str) -> Definition | None:
    try:
        return house.definition(digest)
    except NotFound:
        return None


def _scopes(session: Session) -> Mapping[int, Mapping[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for row in session.execute(select(SubjectScope.__table__)):
        found.setdefault(row.subject_id, {})[row.scope] = row.unit_id
    return found


def _waits(session: Session) -> Mapping[int, set[tuple[Any, ...]]]:
    found: dict[int, set[tuple[Any, ...]]] = {}
    for row in session.execute(select(Waiting.__table__)):
        found.setdefault(row.subject_id, set()).add((row.role, row.unit_id, row.due_at, row.since))
    return found


def _move(session: Session, house: House, definition: Definition, subject: Any) -> Move:
    """What the functions that name days read: the subject, and nothing of what it told."""
    return Move(
        session=session,
        house=house,
        definition=definition,
        transition=rebinding.MOVE,
        subject_id=subject.id,
        from_state=subject.state,
        version=subject.version,
        scopes={},
        facts={},
        actor=policy.THE_SYSTEM,
        office=None,
        at=subject.entered_at,
        entered_at=subject.entered_at,
        due_at=subject.due_at,
    )


def _off_term(move: Move, state: State, due_at: datetime | None) -> str:
    """What the term would be by today's calendar, and what stands instead, if it is not that of
    an earlier calendar either; nothing where the day that it names can no longer be told."""
    due = state.due
    if due is None:
        return f"- ≠ {due_at}" if due_at else ""
    try:
        day = terms.named(move, due)
    except (EngineError, LookupError):
        return ""
    now = terms.until(move.house.calendar, due, move.entered_at, day)
    if due_at == now or any(
        due_at == terms.until(earlier, due, move.entered_at, day)
        for earlier in move.house.calendar.earlier()
    ):
        return ""
    return f"{now} ≠ {due_at}"


def _plain(waits: set[tuple[Any, ...]]) -> str:
    return ", ".join(" ".join(map(str, one)) for one in sorted(waits, key=str)) or "-"
