"""Appointing people to offices: what an administrator may enter, every fault told at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import Refusal, Refused
from engine.fields import read_day
from workflows.people import Account, Appointment
from workflows.units import Unit, search

CAPACITIES = ("", "TM.", "Q.", "KT.", "TL.", "TUQ.")
"""In whose name an office signs (NĐ 30/2020, annex I, box 7a)."""

LONGEST_TITLE, LONGEST_BASIS = 160, 200
NEEDED = ("title", "basis", "starts_on")

Kinds = Mapping[str, Collection[str]]
"""At which kinds of unit each role is held."""


def appoint(session: Session, roles: Kinds, told: Mapping[str, str], by: int) -> None:
    """Enters an appointment as a form tells it: ``username``, ``role``, ``unit`` (its code or
    name), ``title``, ``capacity``, ``starts_on``, ``ends_on`` (may be empty), ``basis``.

    Raises ``Refused`` with every reason, each with its field; then nothing is written. Nobody
    appoints themself (``by``): whoever appoints makes no move in any file.
    """
    faults: list[Refusal] = []
    values: dict[str, Any] = {name: told.get(name, "").strip() for name in (*NEEDED, "role")}
    faults += [Refusal("required", field=name) for name in NEEDED if not values[name]]
    faults += _too_long(values)
    values["capacity"] = told.get("capacity", "")
    if values["capacity"] not in CAPACITIES:
        faults.append(Refusal("not_a_choice", field="capacity"))
    values["person_id"] = _person(session, told.get("username", "").strip(), by, faults)
    values["unit_id"] = _unit(session, roles, told.get("unit", "").strip(), values["role"], faults)
    values["starts_on"] = _day(values["starts_on"], "starts_on", faults)
    values["ends_on"] = _day(told.get("ends_on", ""), "ends_on", faults)
    faults += _reversed(values["starts_on"], values["ends_on"])
    if faults:
        raise Refused(*faults)
    with writing(session):
        if _held_already(session, values):
            raise Refused(Refusal("appointed_already", field="role"))
        session.execute(insert(Appointment).values(**values))


def _too_long(values: Mapping[str, str]) -> Iterator[Refusal]:
    for name, limit in (("title", LONGEST_TITLE), ("basis", LONGEST_BASIS)):
        if len(values[name]) > limit:
            yield Refusal("too_long", {"limit": limit}, field=name)


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
