"""Which unit a page is about: the one asked for, or this person's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import MINYEAR, date

from flask import request
from sqlalchemy import select

from engine import clock
from engine.errors import NotFound, Refusal
from web import access, numbers
from web.extensions import db
from web.identity import somebody
from workflows.reports.counting import children
from workflows.units import Unit, unit_on

Choice = tuple[int, str]


def asked() -> Unit:
    """The unit of ``?unit=``, else the first this person's offices are at, else the whole.
    Raises ``Refused`` where what is asked for is no number."""
    wanted = numbers.given(request.values, "unit")
    own = somebody().units
    if wanted is None and own:
        wanted = own[0]
    if wanted is None:
        wanted = db.session().scalar(select(Unit.id).where(Unit.parent_id.is_(None)).limit(1))
    if wanted is None:
        raise NotFound(Refusal("no_such_unit"))
    return access.unit(wanted)


def choices(unit: Unit, year: int | None = None) -> Sequence[Choice]:
    """The unit, the one above it if that may be read, and those right below: as they were by
    the end of a year that is over, or by the unit's last day; else as they are."""
    session, person, on = db.session(), somebody(), clock.today()
    if year is not None and MINYEAR <= year < on.year:
        on = date(year, 12, 31)
    on = max(min(on, unit.ends_on or on), unit.starts_on)
    own = unit_on(session, unit.id, on)
    found = [(unit.id, own.heading if own else unit.heading)]
    parent = own.parent_id if own else unit.parent_id
    reads_above = person.reads_everything or not set(person.units) <= {unit.id}
    if parent and reads_above:
        above = unit_on(session, parent, on) or session.get_one(Unit, parent)
        found.append((parent, f"↑ {above.heading}"))
    found += [(one.unit_id, f"↓ {one.heading}") for one in children(session, unit.id, on)]
    return found
