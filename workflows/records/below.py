"""Which units lay below which on the day a record ends: units move, records do not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import CTE, ColumnElement, Date, Subquery, case, func, literal, select
from sqlalchemy.orm import Session

from workflows.records.book import Record
from workflows.units import Unit, UnitSpan

FOREVER = literal(date.max, Date)


@dataclass(frozen=True, slots=True)
class Place:
    """What a unit was right under, from a day to a day."""

    parent: int
    since: date
    until: date


def below(unit_id: int) -> CTE:
    """Everything that ever was below a unit, without itself: ``id``, ``parent_id`` (what it
    was right under), ``since``, ``until``. Units move, so one may have several rows, of days
    that do not meet."""
    place = _places()
    told = place.c.id, place.c.parent_id
    begin = select(*told, place.c.since, place.c.until).where(place.c.parent_id == unit_id)
    down = begin.cte("below", recursive=True)
    since, until = place.c.since, place.c.until
    further = select(
        *told,
        case((since > down.c.since, since), else_=down.c.since),
        case((until < down.c.until, until), else_=down.c.until),
    ).join(down, place.c.parent_id == down.c.id)
    return down.union_all(further.where(since <= down.c.until, until >= down.c.since))


def was_below(there: CTE) -> ColumnElement[bool]:
    """Whether a row of ``below`` has the unit of a record on the last day of its time."""
    return (there.c.id == Record.unit_id) & Record.ends_on.between(there.c.since, there.c.until)


def _places() -> Subquery:
    """Where units belonged. What is counted over a year in which a unit ended is still the
    place's where it was on its last day."""
    span, unit = UnitSpan.__table__.c, Unit.__table__.c
    until = case(
        (span.ends_on == unit.ends_on, FOREVER), else_=func.coalesce(span.ends_on, FOREVER)
    )
    told = unit.id, span.parent_id, span.starts_on.label("since"), until.label("until")
    return select(*told).where(unit.id == span.unit_id).subquery("places")


def places_below(session: Session, unit_id: int) -> Mapping[int, Sequence[Place]]:
    """Where each unit that ever was below this one belonged, and when."""
    there = below(unit_id)
    found: dict[int, list[Place]] = {}
    for unit, *place in session.execute(select(there)):
        found.setdefault(unit, []).append(Place(*place))
    return found


def highest(
    stating: Collection[int], places: Mapping[int, Sequence[Place]], on: date
) -> Sequence[int]:
    """Those units that had no unit above them among these on that day."""

    def covered(unit: int) -> bool:
        above = (one.parent for one in places.get(unit, ()) if one.since <= on <= one.until)
        return any(parent in stating or covered(parent) for parent in above)

    return [unit for unit in stating if not covered(unit)]
