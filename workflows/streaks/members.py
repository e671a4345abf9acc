"""Which units belonged to which unit in a year: by the end of it, or by their last day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import MAXYEAR
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Integer,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    select,
)

from workflows.units import Unit, UnitSpan


def members(
    units: Collection[int] | BindParameter[Any], first: ColumnElement[int], last: ColumnElement[int]
) -> CTE:
    """Everything below (and at) each of these units, with the years from the first to the last
    in which it was: ``root``, ``top`` (what right below the root it is at or under, none for
    the root itself), ``id``, ``kind``, ``since``, ``until``. Units move, so one may have
    several rows, of years that do not meet. What ended in a year was still there."""
    top = cast(null(), Integer).label("top")
    begin = select(Unit.id.label("root"), top, Unit.id.label("id"), Unit.kind.label("kind"))
    begin = begin.add_columns(first.label("since"), last.label("until"))
    down = begin.where(Unit.id.in_(units)).cte("members", recursive=True)
    place = places()
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
    """The same for one unit and some years."""
    return members([unit_id], literal(first), literal(last))


def was_there(there: CTE, area: Any, year: Any) -> ColumnElement[bool]:
    """Whether a row of ``members`` has that unit in that year."""
    return and_(there.c.id == area, year.between(there.c.since, there.c.until))


def places() -> Subquery:
    """Where units belonged (``parent_id``), from a year to a year: by what they were under at
    the end of it, or, in the year they ended, on their last day."""
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


# Building a statement over all this takes longer than running it does, so those that are asked
# often are built once over THERE and get ``asked`` with each run.

FIRST, LAST = bindparam("first", type_=Integer), bindparam("last", type_=Integer)
THERE = members(bindparam("units", expanding=True), FIRST, LAST)


def asked(units: Collection[int], first: int, last: int) -> dict[str, Any]:
    """The values of a statement over ``THERE``: these units and these years."""
    return {"units": list(units), "first": first, "last": last}
