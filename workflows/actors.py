"""Who somebody is on a day: the person with the offices held then."""

from __future__ import annotations

from datetime import date

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from engine.errors import Forbidden, Refusal
from engine.policy import Actor, Office
from workflows.people import Appointment, Person
from workflows.units import Unit, titled

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
    one at a unit that ended yesterday, whatever the appointment says.
    Raises ``Forbidden`` (``unknown_person``) for somebody the system does not know.
    """
    rows = session.execute(_OFFICES, {"person": person_id, "on": on}).all()
    if not rows:
        raise Forbidden(Refusal("unknown_person", {"person": person_id}))
    offices = tuple(
        Office(
            row.id,
            row.role,
            row.unit_id,
            titled(row.kind, row.form, row.name),
            row.title,
            row.capacity,
        )
        for row in rows
        if row.kind is not None
    )
    return Actor(person_id, rows[0].person, offices)
