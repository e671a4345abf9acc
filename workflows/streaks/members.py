"""Which areas belonged to which unit in a year: by the end of it, or by their last day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CTE, Date, Select, literal, select, true, union_all
from sqlalchemy.orm import aliased

from workflows.units import Unit, UnitSpan


def members(roots: Select[int], first: int, last: int) -> CTE:
    """``root``, ``year`` and ``id`` of every unit below (and at) each of these, in each of the
    years: units move, so what was below in one year may be elsewhere in the next. What ended
    in the year was still there."""
    years = union_all(
        *(
            select(
                literal(year).label("year"),
                literal(date(year, 1, 1), Date).label("begins"),
                literal(date(year, 12, 31), Date).label("ends"),
            )
            for year in range(first, last + 1)
        )
    ).subquery()
    begin = select(Unit.id.label("root"), years, Unit.id.label("id")).where(Unit.id.in_(roots))
    down = begin.join(years, true()).cte(recursive=True)
    span, unit = aliased(UnitSpan), aliased(Unit)
    lasts = span.ends_on.is_(None) | (span.ends_on >= down.c.ends)
    ended = (span.ends_on >= down.c.begins) & (span.ends_on == unit.ends_on)
    there = (span.starts_on <= down.c.ends) & (lasts | ended)
    below = select(down.c.root, down.c.year, down.c.begins, down.c.ends, span.unit_id)
    below = below.join(span, span.parent_id == down.c.id).join(unit, unit.id == span.unit_id)
    return down.union_all(below.where(there))


def members_of(unit_id: int, first: int, last: int) -> CTE:
    """The same for one unit."""
    return members(select(Unit.id).where(Unit.id == unit_id), first, last)
