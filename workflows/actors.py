"""Who somebody is on a day: the person with the offices held then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from engine.errors import Forbidden, Refusal
from engine.policy import Actor, Office
from workflows.lineage import UnitLineage
from workflows.people import Appointment, Person
from workflows.units import Unit, titled

LEVELS = ("commune", "district", "province")
"""The levels whose offices bear them in their role."""

_former = aliased(Unit)
_FORMER = (
    # Of units of another level whose place this one has taken: a province's of its districts.
    select(_former.kind)
    .join(UnitLineage, UnitLineage.predecessor_id == _former.id)
    .where(
        UnitLineage.successor_id == Unit.id,
        UnitLineage.effective_on <= bindparam("on"),
        _former.kind != Unit.kind,
        _former.ends_on < bindparam("on"),
    )
    .limit(1)
    .scalar_subquery()
)
_OFFICES = (
    select(
        Person.name.label("person"),
        Appointment.id,
        Appointment.role,
        Appointment.unit_id,
        Appointment.title,
        Appointment.capacity,
        Unit.kind,
        Unit.form,
        Unit.name,
        _FORMER.label("former"),
    )
    .outerjoin(
        Appointment,
        (Appointment.person_id == Person.id)
        & (Appointment.starts_on <= bindparam("on"))
        & or_(Appointment.ends_on.is_(None), Appointment.ends_on >= bindparam("on")),
    )
    .outerjoin(
        Unit,
        (Unit.id == Appointment.unit_id)
        & (Unit.starts_on <= bindparam("on"))
        & or_(Unit.ends_on.is_(None), Unit.ends_on >= bindparam("on")),
    )
    .where(Person.id == bindparam("person"))
    .order_by(Appointment.starts_on, Appointment.id)
)


def find_actor(session: Session, person_id: int, on: date) -> Actor:
    """The person with every office valid on that law date, in one query.

    An appointment that ended yesterday is gone today, in the middle of a session too; so is
    one at a unit that ended yesterday, whatever the appointment says. Where the unit has taken
    the place of one of another level, the office is that one's, too: what had begun there goes
    on with the same office here.
    Raises ``Forbidden`` (``unknown_person``) for somebody the system does not know.
    """
    rows = session.execute(_OFFICES, {"person": person_id, "on": on}).all()
    if not rows:
        raise Forbidden(Refusal("unknown_person", {"person": person_id}))
    offices = tuple(office for row in rows if row.kind for office in _held(row))
    return Actor(person_id, rows[0].person, offices)


def _held(row: Any) -> Iterator[Office]:
    unit = titled(row.kind, row.form, row.name)
    own = Office(row.id, row.role, row.unit_id, unit, row.title, row.capacity)
    yield own
    level, _, function = row.role.partition("_")
    if row.former and level == row.kind:
        yield replace(own, role=f"{row.former}_{function}", taken_over=True)


def at_level(role: str, kind: str) -> str:
    """The role as a unit of that kind has it: what a province took over from a district waits
    on the same office of the province."""
    level, _, function = role.partition("_")
    return f"{kind}_{function}" if level in LEVELS and kind in LEVELS else role
