"""Which units belonged to which unit in a year: by the end of it, or by their last day."""

from __future__ import annotations

from datetime import MAXYEAR
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    select,
)

from workflows.units import Unit, UnitSpan


def members(roots: Select[int], first: int, last: int) -> CTE:
    """Every unit below (and at) each of these, with the years between these in which it was:
    ``root``, ``top`` (what right below the root it is at or under, none for the root itself),
    ``id``, ``kind``, ``since``, ``until``. Units move, so one may have several rows, of years
    that do not meet. What ended in a year was still there."""
    top, years = cast(null(), Integer).label("top"), (literal(first), literal(last))
    begin = select(Unit.id.label("root"), top, Unit.id.label("id"), Unit.kind.label("kind"))
    begin = begin.add_columns(years[0].label("since"), years[1].label("until"))
    down = begin.where(Unit.id.in_(roots)).cte("members", recursive=True)
    place = _places()
    since, until = place.c.since, place.c.until
    below = (
        select(
            down.c.root,
            func.coalesce(down.c.top, place.c.id),
            place.c.id,
            place.c.kind,
            case((since > down.c.since, since), else_=down.c.since),
            case((until < down.c.until, until), else_=down.c.until),
        )
        .join(place, place.c.parent_id == down.c.id)
        .where(since <= down.c.until, until >= down.c.since)
    )
    return down.union_all(below)


def members_of(unit_id: int, first: int, last: int) -> CTE:
    """The same for one unit."""
    return members(select(Unit.id).where(Unit.id == unit_id), first, last)


def was_there(there: CTE, area: Any, year: Any) -> ColumnElement[bool]:
    """Whether a row of ``members`` has that unit in that year."""
    return (there.c.id == area) & year.between(there.c.since, there.c.until)


def _places() -> Subquery:
    """Where units belonged, from a year to a year: by what they were under at its end, or, in
    the year they ended, on their last day."""
    span, unit = UnitSpan.__table__.c, Unit.__table__.c
    last = _part("year", span.ends_on)
    whole = (_part("month", span.ends_on) == 12) & (_part("day", span.ends_on) == 31)
    until = case(
        (span.ends_on.is_(None), MAXYEAR),
        (whole | (span.ends_on == unit.ends_on), last),
        else_=last - 1,
    )
    since = _part("year", span.starts_on)
    told = span.parent_id, unit.id, unit.kind, since.label("since"), until.label("until")
    return select(*told).where(unit.id == span.unit_id).subquery("places")


def _part(name: str, day: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(extract(name, day), Integer)
