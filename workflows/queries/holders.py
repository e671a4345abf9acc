"""By whom an office is held today: whom to telephone when something waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from engine import clock
from workflows.actors import LEVELS, at_level
from workflows.people import Appointment, Person
from workflows.units import Unit, titled

Post = tuple[str, int]
"""A role at a unit."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody in an office today. ``unit`` is written as inside a sentence; ``role`` is that
    of the office held, where a post was taken over not the one that was asked for."""

    person_id: int
    name: str
    phone: str
    title: str
    unit: str
    role: str = ""


_HELD = (
    select(
        Appointment.role,
        Appointment.unit_id,
        Appointment.title,
        Person.id,
        Person.name,
        Person.phone,
        Unit.kind,
        Unit.form,
        Unit.name.label("unit"),
    )
    .join(Person, Person.id == Appointment.person_id)
    .join(Unit, Unit.id == Appointment.unit_id)
    .where(
        Appointment.unit_id.in_(bindparam("units", expanding=True)),
        Appointment.role.in_(bindparam("roles", expanding=True)),
        Appointment.starts_on <= bindparam("on"),
        or_(Appointment.ends_on.is_(None), Appointment.ends_on >= bindparam("on")),
        Unit.starts_on <= bindparam("on"),
        or_(Unit.ends_on.is_(None), Unit.ends_on >= bindparam("on")),
    )
    .order_by(Appointment.starts_on, Appointment.id)
)


def holders(session: Session, posts: Collection[Post]) -> Mapping[Post, Holder]:
    """Who holds each of these posts today, the longest in office; a vacant one is missing. A
    post of another level than its unit (a district's at the province that took over) is held
    by whoever holds that of the unit's own.

    One query, however many posts.
    """
    if not posts:
        return {}
    roles, units = zip(*posts, strict=True)
    asked = {at_level(role, kind) for role in roles for kind in ("", *LEVELS)}
    values = {"roles": asked, "units": set(units), "on": clock.today()}
    found: dict[Post, Holder] = {}
    kinds: dict[int, str] = {}
    for row in session.execute(_HELD, values):
        unit = titled(row.kind, row.form, row.unit)
        holder = Holder(row.id, row.name, row.phone, row.title, unit, row.role)
        found.setdefault((row.role, row.unit_id), holder)
        kinds[row.unit_id] = row.kind
    own = {post: (at_level(post[0], kinds.get(post[1], "")), post[1]) for post in posts}
    return {post: found[held] for post, held in own.items() if held in found}
