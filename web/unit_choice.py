"""Which unit a page is about: the one asked for, or this person's own."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request
from sqlalchemy import select

from engine.errors import NotFound, Refusal
from web import access, numbers
from web.extensions import db
from web.identity import somebody
from workflows.reports.counting import children
from workflows.units import Unit

Choice = tuple[int, str]


def asked() -> Unit:
    """The unit of ``?unit=``, else the first this person's offices are at, else the whole."""
    wanted = request.values.get("unit", type=numbers.whole)
    own = somebody().units
    if wanted is None and own:
        wanted = own[0]
    if wanted is None:
        wanted = db.session().scalar(select(Unit.id).where(Unit.parent_id.is_(None)).limit(1))
    if wanted is None:
        raise NotFound(Refusal("no_such_unit"))
    return access.unit(wanted)


def choices(unit: Unit) -> Sequence[Choice]:
    """The unit, the one above it if that may be read, and those right below."""
    found = [(unit.id, unit.heading)]
    person = somebody()
    reads_above = person.reads_everything or not set(person.units) <= {unit.id}
    if unit.parent_id and reads_above:
        above = db.session().get_one(Unit, unit.parent_id)
        found.append((above.id, f"↑ {above.heading}"))
    found += [(one.id, f"↓ {one.heading}") for one in children(db.session(), unit.id)]
    return found
