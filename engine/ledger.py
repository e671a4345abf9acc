"""The rows behind the write path: what a command reads under the lock, and what it leaves.

Statements are built once and speak Core to the connection: building them anew for each move,
and the unit of work, would cost as much as the database itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    Connection,
    Table,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import Session

from engine import terms
from engine.clock import law_date
from engine.definition import START, Definition, State, Transition, role_of, scope_of
from engine.errors import NotFound, Refusal, Refused
from engine.history import FORM, Event, kept_data, seal
from engine.house import House
from engine.move import Move, Opening
from engine.outbox import Task
from engine.policy import Held
from engine.subjects import Link, Subject, SubjectScope, Waiting

SUBJECTS = cast(Table, Subject.__table__)
SCOPES = cast(Table, SubjectScope.__table__)
WAITING = cast(Table, Waiting.__table__)
HISTORY = cast(Table, Event.__table__)
LINKS = cast(Table, Link.__table__)
TASKS = cast(Table, Task.__table__)

_ID: BindParameter[int] = bindparam("subject")

_SUBJECT = (
    select(SUBJECTS, SCOPES.c.scope, SCOPES.c.unit_id)
    .join(SCOPES, SCOPES.c.subject_id == SUBJECTS.c.id)
    .where(SUBJECTS.c.id == _ID)
)
_LOCKED = _SUBJECT.with_for_update(of=SUBJECTS)
_ROLE = HISTORY.c.office["role"].as_string().label("role")
_EVENTS = (
    select(
        HISTORY.c.version,
        HISTORY.c.at,
        HISTORY.c.person_id,
        HISTORY.c.action,
        HISTORY.c.duty,
        _ROLE,
        HISTORY.c.to_state,
        HISTORY.c.data,
        HISTORY.c.hash,
        # Asked here, behind the lock, and not with it: whoever held it may have linked this.
        exists().where(or_(LINKS.c.paper_id == _ID, LINKS.c.subject_id == _ID)).label("linked"),
    )
    .where(HISTORY.c.subject_id == _ID)
    .order_by(HISTORY.c.version)
)

_DUTIES = select(HISTORY.c.person_id, HISTORY.c.duty, _ROLE).where(
    HISTORY.c.duty.is_not(None), HISTORY.c.person_id.is_not(None)
)
# Duties count over the subject, the papers that list it, the subjects it lists, and the other
# papers that list those.
_LISTED: BindParameter[Sequence[int]] = bindparam("listed", expanding=True)
_SIBLINGS = LINKS.alias("siblings")
_LINKED_DUTIES = union(
    _DUTIES.join(LINKS, LINKS.c.subject_id == HISTORY.c.subject_id).where(LINKS.c.paper_id == _ID),
    _DUTIES.join(LINKS, LINKS.c.paper_id == HISTORY.c.subject_id).where(LINKS.c.subject_id == _ID),
    _DUTIES.join(_SIBLINGS, _SIBLINGS.c.paper_id == HISTORY.c.subject_id)
    .join(LINKS, LINKS.c.subject_id == _SIBLINGS.c.subject_id)
    .where(LINKS.c.paper_id == _ID),
)
_LISTED_DUTIES = union(
    _DUTIES.where(HISTORY.c.subject_id.in_(_LISTED)),
    _DUTIES.join(LINKS, LINKS.c.paper_id == HISTORY.c.subject_id).where(
        LINKS.c.subject_id.in_(_LISTED)
    ),
)

_LOCKED_LISTED = (
    select(SUBJECTS.c.id).where(SUBJECTS.c.id.in_(_LISTED)).order_by(SUBJECTS.c.id)
).with_for_update()

_KEYED = select(
    HISTORY.c.subject_id,
    HISTORY.c.action,
    HISTORY.c.person_id,
    HISTORY.c.to_state,
    HISTORY.c.version,
    HISTORY.c.definition_id,
    HISTORY.c.definition_digest,
    HISTORY.c.data,
).where(HISTORY.c.key == bindparam("wanted"))

_SCOPES = select(SCOPES.c.scope, SCOPES.c.unit_id).where(SCOPES.c.subject_id == _ID)

_NEW_SUBJECT = insert(SUBJECTS).returning(SUBJECTS.c.id)
_NEW_SCOPES = insert(SCOPES)
_NEW_EVENT = insert(HISTORY)
_NEW_TASK = insert(TASKS).returning(TASKS.c.id)
_MOVED = update(SUBJECTS).where(SUBJECTS.c.id == _ID)
_MOVED = _MOVED.values(
    {name: bindparam(f"new_{name}") for name in ("state", "version", "entered_at", "due_at")}
)
_REBOUND = update(SUBJECTS).where(SUBJECTS.c.id == _ID)
_REBOUND = _REBOUND.values(
    {
        name: bindparam(f"new_{name}")
        for name in ("definition_id", "definition_digest", "version", "due_at")
    }
)
_NOT_WAITING = delete(WAITING).where(WAITING.c.subject_id == _ID)
_NOW_WAITING = insert(WAITING)
_TERM_MOVED = update(WAITING).where(WAITING.c.subject_id == _ID)
_TERM_MOVED = _TERM_MOVED.values(due_at=bindparam("new_due_at"))
_WAITS = select(WAITING.c.due_at, WAITING.c.since).where(WAITING.c.subject_id == _ID)
_RESCOPED = (
    update(SCOPES)
    .where(SCOPES.c.subject_id == _ID, SCOPES.c.scope == bindparam("which"))
    .values(unit_id=bindparam("new_unit_id"))
)
_HANDED_ON = update(WAITING).where(WAITING.c.subject_id == _ID)
_HANDED_ON = _HANDED_ON.values(
    {name: bindparam(f"new_{name}") for name in ("role", "unit_id", "due_at", "since")}
)


@dataclass(slots=True)
class Found:
    """A subject as it stands: its row, its units, its whole history as far as moves need it;
    and the connection it was read on, on which its move is written."""

    connection: Connection
    id: int
    definition: Definition
    state: str
    version: int
    entered_at: datetime
    due_at: datetime | None
    scopes: Mapping[str, int]
    events: Sequence[Any]
    held: list[Held] | None = None


def find(session: Session, house: House, subject_id: int, *, lock: bool) -> Found:
    """The subject, its row locked against other commands if asked; raises ``NotFound``."""
    connection = session.connection()
    rows = connection.execute(_LOCKED if lock else _SUBJECT, {"subject": subject_id}).all()
    if not rows:
        raise NotFound(Refusal("no_such_subject", {"id": subject_id}))
    row = rows[0]
    return Found(
        connection,
        row.id,
        house.definition(row.definition_digest),
        row.state,
        row.version,
        row.entered_at,
        row.due_at,
        {each.scope: each.unit_id for each in rows},
        connection.execute(_EVENTS, {"subject": subject_id}).all(),
    )


def imagined(session: Session, house: House, opening: Opening, at: datetime) -> Found:
    """What ``begin`` would make, without making it: for forms and previews."""
    definition = house.named(opening.definition_id, opening.as_of or law_date(at))
    scopes = dict(opening.scopes)
    return Found(session.connection(), 0, definition, START, 0, at, None, scopes, ())


def begin(session: Session, house: House, opening: Opening, at: datetime) -> Found:
    """A new subject, in no state yet, at the units of the opening. Raises ``Refused`` where
    its definition is unsound."""
    definition = house.named(opening.definition_id, opening.as_of or law_date(at))
    if refusals := house.unsound(definition):
        raise Refused(*refusals)
    if not opening.scopes:
        raise ValueError("a subject belongs somewhere")
    connection = session.connection()
    subject_id: int = connection.execute(
        _NEW_SUBJECT,
        {
            "kind": definition.meta.subject,
            "definition_id": definition.id,
            "definition_digest": definition.digest,
            "state": START,
            "version": 0,
            "entered_at": at,
            "due_at": None,
        },
    ).scalar_one()
    scopes = [
        {"subject_id": subject_id, "scope": scope, "unit_id": unit}
        for scope, unit in opening.scopes.items()
    ]
    connection.execute(_NEW_SCOPES, scopes)
    return Found(connection, subject_id, definition, START, 0, at, None, dict(opening.scopes), ())


def lock(session: Session, subject_ids: Sequence[int]) -> None:
    """Locks several subjects at once, always in the same order, so that two papers drafted
    over the same ones wait for each other instead of dying of each other."""
    if subject_ids:
        session.connection().execute(_LOCKED_LISTED, {"listed": list(subject_ids)})


def scopes_of(session: Session, subject_id: int) -> dict[str, int]:
    """The units of a subject by scope."""
    rows = session.connection().execute(_SCOPES, {"subject": subject_id})
    return {row.scope: row.unit_id for row in rows}


def keyed(session: Session, key: str | None) -> Any | None:
    """The event that was written under that key, if any."""
    return session.connection().execute(_KEYED, {"wanted": key}).first()


def held(found: Found, transition: Transition, listing: Sequence[int] = ()) -> list[Held]:
    """The duties people exercised over this subject, the papers that list it, and the
    subjects it lists (``listing`` are those that a paper about to be opened will list).

    Nothing for a move without a duty, which nobody's other duty can bar.
    """
    if transition.duty is None:
        return []
    if found.held is None:
        own = [e for e in found.events if e.duty and e.person_id]
        every = [*own, *_others(found, listing)]
        found.held = [Held(e.person_id, e.duty, e.role or "") for e in every]
    return found.held


def _others(found: Found, listing: Sequence[int]) -> Sequence[Any]:
    """Person, duty and role of the moves of whatever is linked to the subject."""
    if found.events:
        linked = found.events[-1].linked
        values = {"subject": found.id}
        return found.connection.execute(_LINKED_DUTIES, values).all() if linked else ()
    if listing:
        return found.connection.execute(_LISTED_DUTIES, {"listed": list(listing)}).all()
    return ()


def write_event(move: Move, to_state: str, key: str | None, found: Found) -> int:
    """One more link of the subject's chain; returns the version it leads to."""
    values: dict[str, Any] = {
        "form": FORM,
        "subject_id": move.subject_id,
        "version": move.version + 1,
        "at": move.at,
        "person_id": move.actor.person_id,
        "office": move.office.record() if move.office else None,
        "action": move.transition.id,
        "duty": move.transition.duty,
        "from_state": move.from_state,
        "to_state": to_state,
        "data": kept_data(move.data, move.record),
        "definition_id": move.definition.id,
        "definition_digest": move.definition.digest,
        "key": key,
        "previous_hash": found.events[-1].hash if found.events else "",
    }
    values["hash"] = seal(values)
    found.connection.execute(_NEW_EVENT, values)
    return move.version + 1


def write_state(move: Move, found: Found, to_state: str, version: int) -> None:
    """The subject's new state, its deadline, and on whom it waits now."""
    state = found.definition.by_state[to_state]
    stays = to_state == found.state
    entered = found.entered_at if stays else move.at
    due_at = terms.deadline(move, state, entered)
    found.connection.execute(
        _MOVED,
        {
            "subject": found.id,
            "new_state": to_state,
            "new_version": version,
            "new_entered_at": entered,
            "new_due_at": due_at,
        },
    )
    if not stays:
        _hand_on(found, state, due_at, move.at)
    elif due_at != found.due_at:
        found.connection.execute(_TERM_MOVED, {"subject": found.id, "new_due_at": due_at})


def write_definition(move: Move, found: Found, version: int) -> None:
    """The subject's new definition, and with it its deadline and whom it waits on. It came to
    its state when it did: the term is counted from then."""
    state = move.definition.by_state[found.state]
    due_at = terms.deadline(move, state, found.entered_at)
    found.connection.execute(
        _REBOUND,
        {
            "subject": found.id,
            "new_definition_id": move.definition.id,
            "new_definition_digest": move.definition.digest,
            "new_version": version,
            "new_due_at": due_at,
        },
    )
    _hand_on(found, state, due_at, found.entered_at)


def _hand_on(found: Found, state: State, due_at: datetime | None, at: datetime) -> None:
    """Relieves whom the subject waited on; names whom it waits on now.

    Most moves lead from one office to one other: then the row is handed on in one statement.
    """
    before = found.definition.by_state[found.state] if found.version else None
    offices = offices_of(state, found.scopes)
    if before and len(offices) == len(offices_of(before, found.scopes)) == 1:
        ((role, unit),) = offices
        handed = {"new_role": role, "new_unit_id": unit, "new_due_at": due_at, "new_since": at}
        if found.connection.execute(_HANDED_ON, {"subject": found.id, **handed}).rowcount == 1:
            return
    if before:
        found.connection.execute(_NOT_WAITING, {"subject": found.id})
    waiting = [
        {"subject_id": found.id, "role": role, "unit_id": unit, "due_at": due_at, "since": at}
        for role, unit in offices
    ]
    if waiting:
        found.connection.execute(_NOW_WAITING, waiting)


def offices_of(state: State, scopes: Mapping[str, int]) -> list[tuple[str, int]]:
    """The offices a state waits on; a rule about a unit the subject lacks names nobody."""
    offices = {(role_of(rule), scopes.get(scope_of(rule))) for rule in state.waiting_on}
    return sorted((role, unit) for role, unit in offices if unit is not None)


def write_scopes(found: Found, scopes: Mapping[str, int]) -> None:
    """The subject is at other units from now on, and waits on their offices as long as it did
    on those before."""
    for scope, unit in scopes.items():
        values = {"subject": found.id, "which": scope, "new_unit_id": unit}
        found.connection.execute(_RESCOPED, values)
    since = found.connection.execute(_WAITS, {"subject": found.id}).all()
    found.scopes = {**found.scopes, **scopes}
    if not since:
        return
    found.connection.execute(_NOT_WAITING, {"subject": found.id})
    state = found.definition.by_state[found.state]
    kept = {"subject_id": found.id, "due_at": since[0].due_at, "since": since[0].since}
    waiting = [
        {**kept, "role": role, "unit_id": unit} for role, unit in offices_of(state, found.scopes)
    ]
    if waiting:
        found.connection.execute(_NOW_WAITING, waiting)


def write_tasks(move: Move, found: Found) -> list[int]:
    """What must happen after the commit; the ids of the tasks."""
    return [
        found.connection.execute(
            _NEW_TASK,
            {"name": name, "ids": ids, "created_at": move.at, "due_at": move.at, "attempts": 0},
        ).scalar_one()
        for name, ids in move.tasks
    ]
