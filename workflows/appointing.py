"""Appointing people to offices and ending it: what an administrator may enter, every fault
told at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from engine import clock, texts
from engine.db import writing
from engine.errors import NotFound, Refusal, Refused
from engine.fields import TEXT_LIMIT, read_day
from engine.history import Event
from workflows.people import Account, Appointment, AppointmentEnding, Person
from workflows.reading import ADMIN, READS_EVERYTHING
from workflows.units import Unit, search

CAPACITIES = ("", "TM.", "Q.", "KT.", "TL.", "TUQ.")
"""In whose name an office signs (NĐ 30/2020, annex I, box 7a)."""

LONGEST_TITLE, LONGEST_BASIS = 160, 200
APART = frozenset({ADMIN, *READS_EVERYTHING})
"""Roles that nobody holds together with another: whoever appoints, or watches, decides nothing."""

NEEDED = {"title": LONGEST_TITLE, "basis": LONGEST_BASIS, "starts_on": TEXT_LIMIT}
"""What an appointment cannot be without, and how long it may be. Titles and bases are
printed in papers."""

Kinds = Mapping[str, Collection[str]]
"""At which kinds of unit each role is held."""


def appoint(session: Session, roles: Kinds, told: Mapping[str, str], by: int) -> None:
    """Enters an appointment as a form tells it: ``username``, ``role``, ``unit`` (its code or
    name), ``title``, ``capacity``, ``starts_on``, ``ends_on`` (may be empty), ``basis``.

    Raises ``Refused`` with every reason, each with its field; then nothing is written. Nobody
    appoints themself (``by``), and nobody holds a role of ``APART`` on a day on which they hold
    another: whoever appoints makes no move in any file.
    """
    faults: list[Refusal] = []
    values: dict[str, Any] = {
        name: texts.told(told, name, faults, longest=limit) for name, limit in NEEDED.items()
    }
    values["role"] = told.get("role", "").strip()
    values["capacity"] = told.get("capacity", "")
    if values["capacity"] not in CAPACITIES:
        faults.append(Refusal("not_a_choice", field="capacity"))
    username, unit = (
        texts.told(told, name, faults, longest=TEXT_LIMIT, needed=False)
        for name in ("username", "unit")
    )
    values["person_id"] = _person(session, username, by, faults)
    values["unit_id"] = _unit(session, roles, unit, values["role"], faults)
    values["starts_on"] = _day(values["starts_on"], "starts_on", faults)
    values["ends_on"] = _day(told.get("ends_on", ""), "ends_on", faults)
    faults += _reversed(values["starts_on"], values["ends_on"])
    if faults:
        raise Refused(*faults)
    with writing(session):
        # Two appointments of one person, entered at once, are looked at one after the other.
        person = select(Person.id).where(Person.id == values["person_id"])
        session.execute(person.with_for_update())
        if _held_already(session, values):
            raise Refused(Refusal("appointed_already", field="role"))
        if other := _held_apart(session, values):
            raise Refused(Refusal("roles_apart", {"role": other}, field="role"))
        session.execute(insert(Appointment).values(**values))


def end(session: Session, appointment_id: int, told: Mapping[str, str], by: int) -> None:
    """Gives an office its last day as a form tells it: ``ends_on``, ``basis``; who entered it,
    when and on what basis is kept. What was done in the office stays as it was.

    An office only grows shorter, never shorter than what was done in it, and none that ended is
    opened again: for that somebody is appointed anew. Nobody ends their own (``by``). Raises
    ``NotFound``, or ``Refused`` with every reason, each with its field.
    """
    faults: list[Refusal] = []
    basis = texts.told(told, "basis", faults, longest=LONGEST_BASIS)
    ends = _day(told.get("ends_on", ""), "ends_on", faults)
    if ends is None and not faults:
        faults.append(Refusal("required", field="ends_on"))
    with writing(session):
        locked = select(Appointment).where(Appointment.id == appointment_id).with_for_update()
        found = session.scalar(locked.execution_options(populate_existing=True))
        if found is None:
            raise NotFound(Refusal("no_such_subject", {"id": appointment_id}))
        faults += _not_to_be_ended(session, found, ends, by)
        if faults:
            raise Refused(*faults)
        session.execute(update(Appointment).where(Appointment.id == found.id).values(ends_on=ends))
        row = {"appointment_id": found.id, "ends_on": ends, "basis": basis}
        session.execute(
            insert(AppointmentEnding).values(**row, entered_by=by, entered_at=clock.now())
        )


def _not_to_be_ended(
    session: Session, found: Appointment, ends: date | None, by: int
) -> Iterator[Refusal]:
    if found.person_id == by:
        yield Refusal("ends_oneself", field="ends_on")
    if found.ends_on and found.ends_on < clock.today():
        yield Refusal("appointment_ended", {"ends_on": _iso(found.ends_on)}, field="ends_on")
    elif ends and found.ends_on and ends >= found.ends_on:
        yield Refusal("only_shorter", {"ends_on": _iso(found.ends_on)}, field="ends_on")
    yield from _reversed(found.starts_on, ends)
    last = _last_act(session, found) if ends else None
    if ends and last and ends < last:
        yield Refusal("acted_since", {"on": _iso(last)}, field="ends_on")


def _iso(day: date) -> str:
    return day.isoformat()


def _last_act(session: Session, found: Appointment) -> date | None:
    """The day of the last move its holder made in that very office."""
    acts = select(Event.at, Event.office).where(
        Event.person_id == found.person_id, Event.office.is_not(None)
    )
    # The office is a document whose parts the databases ask for differently: read here.
    for at, office in session.execute(acts.order_by(Event.at.desc())):
        if office and office["appointment"] == found.id:
            return clock.law_date(at)
    return None


def _person(session: Session, username: str, by: int, faults: list[Refusal]) -> int | None:
    person = session.scalar(select(Account.person_id).where(Account.username == username))
    if person is None:
        faults.append(Refusal("unknown_account", {"name": username}, field="username"))
    elif person == by:
        faults.append(Refusal("appoints_oneself", field="username"))
    return person


def _unit(
    session: Session, roles: Kinds, text: str, role: str, faults: list[Refusal]
) -> int | None:
    """The one unit meant by a code or a name, of a kind at which the role is held."""
    kinds = roles.get(role)
    if kinds is None:
        faults.append(Refusal("not_a_choice", field="role"))
        return None
    known = select(Unit).where(Unit.code == text, Unit.kind.in_(kinds))
    exact = [unit for unit in session.scalars(known) if _goes_on(unit)]
    found = exact or [
        unit for unit in search(session, text, limit=50) if unit.kind in kinds and _goes_on(unit)
    ]
    if len(found) != 1:
        faults.append(Refusal("which_unit", {"count": len(found)}, field="unit"))
        return None
    return found[0].id


def _goes_on(unit: Unit) -> bool:
    """At a unit that ended there is no office to hold."""
    return unit.ends_on is None or unit.ends_on >= clock.today()


def _day(text: str, field: str, faults: list[Refusal]) -> date | None:
    if not text.strip():
        return None
    try:
        return read_day(text)
    except ValueError:
        faults.append(Refusal("not_a_date", field=field))
        return None


def _reversed(starts: date | None, ends: date | None) -> Iterator[Refusal]:
    if starts and ends and ends < starts:
        yield Refusal("dates_reversed", field="ends_on")


def _held_already(session: Session, values: Mapping[str, Any]) -> bool:
    """Whether the same person holds the same office there on the day the new one begins: a
    form sent twice makes one appointment."""
    ends = Appointment.ends_on
    query = select(Appointment.id).where(
        Appointment.person_id == values["person_id"],
        Appointment.role == values["role"],
        Appointment.unit_id == values["unit_id"],
        Appointment.capacity == values["capacity"],
        Appointment.starts_on <= values["starts_on"],
        ends.is_(None) | (ends >= values["starts_on"]),
    )
    return session.scalar(query.limit(1)) is not None


def _held_apart(session: Session, values: Mapping[str, Any]) -> str | None:
    """A role the person holds on a day of the new one and that does not go together with it."""
    role, starts, ends = values["role"], values["starts_on"], values["ends_on"]
    query = select(Appointment.role).where(
        Appointment.person_id == values["person_id"],
        Appointment.role != role,
        Appointment.ends_on.is_(None) | (Appointment.ends_on >= starts),
    )
    if role not in APART:
        query = query.where(Appointment.role.in_(APART))
    if ends is not None:
        query = query.where(Appointment.starts_on <= ends)
    return session.scalar(query.order_by(Appointment.id).limit(1))
