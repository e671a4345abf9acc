"""Results of years in which the unit is not there any more: those that an act of an earlier day
would make, and those that are recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import extract, or_, select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows.results import Result, counting
from workflows.territory.atlas import Atlas
from workflows.units import Unit, titled

CODE = "results_after_end"
CHUNK = 10_000


def orphans(session: Session, after: Atlas, ends: Mapping[int, date]) -> Mapping[int, Refusal]:
    """Why units may not end on these days, by unit: the years that they have results of later
    on would belong to nobody. A sheet may tell no result of such a year either."""
    years: dict[int, set[int]] = {}
    known = [unit for unit in ends if unit > 0]  # a new one has no results yet
    for start in range(0, len(known), CHUNK):
        query = select(Result.area_id, Result.year).where(
            Result.area_id.in_(known[start : start + CHUNK]),
            Result.year > min(ends.values()).year,
            counting(),
        )
        for unit, year in session.execute(query):
            if year > ends[unit].year:
                years.setdefault(unit, set()).add(year)
    return {
        unit: Refusal(
            CODE,
            {
                "unit": f"{after.last(unit).name} ({after.last(unit).code})",
                "on": ends[unit].isoformat(),
                "years": ", ".join(map(str, sorted(found))),
            },
        )
        for unit, found in years.items()
    }


@dataclass(frozen=True, slots=True)
class Late:
    """A unit that ended, and the years of which results are recorded at it that are later, or
    were decided when it was no more."""

    code: str
    unit: str
    ended_on: date
    years: tuple[int, ...]


def late_results(session: Session) -> Sequence[Late]:
    """The results that count and are of years after their unit's last one, which acts refuse to
    make, or were decided after its last day; older data may hold some. One query."""
    query = (
        select(Unit, Result.year)
        .join(Result, Result.area_id == Unit.id)
        .where(
            Unit.ends_on.is_not(None),
            or_(Result.year > extract("year", Unit.ends_on), Result.decided_on > Unit.ends_on),
            counting(),
        )
        .order_by(Unit.code, Unit.id, Result.year)
    )
    years: dict[Unit, list[int]] = {}
    for unit, year in session.execute(query):
        years.setdefault(unit, []).append(year)
    return [
        Late(unit.code, unit.heading, unit.ends_on, tuple(found))
        for unit, found in years.items()
        if unit.ends_on
    ]


def decided_since(session: Session, after: Atlas, ends: Mapping[int, date]) -> Sequence[Late]:
    """The results of units that are to end on these days, decided when they were no more: such
    a year would be inherited, although the unit could not be recognised any longer."""
    years: dict[int, set[int]] = {}
    known = [unit for unit in ends if unit > 0]
    for start in range(0, len(known), CHUNK):
        query = select(Result.area_id, Result.year, Result.decided_on).where(
            Result.area_id.in_(known[start : start + CHUNK]),
            Result.decided_on > min(ends.values()),
            counting(),
        )
        for unit, year, decided_on in session.execute(query):
            if decided_on and decided_on > ends[unit]:
                years.setdefault(unit, set()).add(year)
    return [
        Late(span.code, titled(span.kind, span.form, span.name), ends[unit], tuple(sorted(found)))
        for unit, found in years.items()
        for span in (after.last(unit),)
    ]
