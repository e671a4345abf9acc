"""Which areas belonged to which unit in a year: by the end of it, or by their last day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Select,
    Subquery,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from engine.errors import Refusal, Refused
from workflows.units import Unit, UnitSpan

MOST_YEARS = 200


def members(roots: Select[int], first: int, last: int) -> CTE:
    """``root``, ``year`` and ``id`` of every unit below (and at) each of these, in each of the
    years: units move, so what was below in one year may be elsewhere in the next. What ended
    in the year was still there."""
    years = _years(first, last)
    begin = select(Unit.id.label("root"), years, Unit.id.label("id")).where(Unit.id.in_(roots))
    down = begin.join(years, true()).cte(recursive=True)
    span, unit = aliased(UnitSpan), aliased(Unit)
    below = select(down.c.root, down.c.year, down.c.begins, down.c.ends, span.unit_id)
    below = below.join(span, span.parent_id == down.c.id).join(unit, unit.id == span.unit_id)
    return down.union_all(below.where(_there(span, unit, down)))


def members_of(unit_id: int, first: int, last: int) -> CTE:
    """The same for one unit."""
    return members(select(Unit.id).where(Unit.id == unit_id), first, last)


def right_below(unit_id: int, first: int, last: int) -> CTE:
    """``year`` and ``id`` of what was right below a unit in each of the years, as above."""
    years, span, unit = _years(first, last), aliased(UnitSpan), aliased(Unit)
    query = select(years.c.year, span.unit_id.label("id")).select_from(span)
    query = query.join(unit, unit.id == span.unit_id).join(years, true())
    return query.where(span.parent_id == unit_id, _there(span, unit, years)).cte()


def _years(first: int, last: int) -> Subquery:
    """Raises ``Refused`` (``report_years_wrong``) for more years than a database takes rows
    written out."""
    if last - first >= MOST_YEARS:
        raise Refused(Refusal("report_years_wrong", {"most": MOST_YEARS}))
    return union_all(
        *(
            select(
                literal(year).label("year"),
                literal(date(year, 1, 1), Date).label("begins"),
                literal(date(year, 12, 31), Date).label("ends"),
            )
            for year in range(first, last + 1)
        )
    ).subquery()


def _there(span: type[UnitSpan], unit: type[Unit], year: FromClause) -> ColumnElement[bool]:
    """Whether a span is the one that tells where its unit belonged in that year."""
    lasts = span.ends_on.is_(None) | (span.ends_on >= year.c.ends)
    ended = (span.ends_on >= year.c.begins) & (span.ends_on == unit.ends_on)
    return (span.starts_on <= year.c.ends) & (lasts | ended)
