"""Which areas belonged to which unit in a year: by the end of it, or the unit's last day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CTE, Date, Select, case, literal, select, type_coerce, union_all
from sqlalchemy.orm import aliased

from workflows.units import Unit, UnitSpan


def members(roots: Select[int], first: int, last: int) -> CTE:
    """``root``, ``year`` and ``id`` of every unit below (and at) each of these, in each of the
    years: units move, so what was below in one year may be elsewhere in the next."""
    ends = union_all(
        *(
            select(literal(year).label("year"), type_coerce(date(year, 12, 31), Date).label("day"))
            for year in range(first, last + 1)
        )
    ).subquery()
    day = case((Unit.ends_on < ends.c.day, Unit.ends_on), else_=ends.c.day)
    begin = select(Unit.id.label("root"), ends.c.year, day.label("day"), Unit.id.label("id")).where(
        Unit.id.in_(roots)
    )
    down = begin.join(ends, literal(True)).cte(recursive=True)
    span = aliased(UnitSpan)
    there = (span.starts_on <= down.c.day) & (span.ends_on.is_(None) | (span.ends_on >= down.c.day))
    below = select(down.c.root, down.c.year, down.c.day, span.unit_id)
    return down.union_all(below.join(span, (span.parent_id == down.c.id) & there))


def members_of(unit_id: int, first: int, last: int) -> CTE:
    """The same for one unit."""
    return members(select(Unit.id).where(Unit.id == unit_id), first, last)
