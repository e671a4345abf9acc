"""Results of years in which the unit is not there any more: those that an act of an earlier day
would make, and those that are recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import extract, select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows.results import Result, counting
from workflows.territory.atlas import Atlas
from workflows.units import Unit

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
    """A unit that ended, and the later years of which results are recorded at it."""

    code: str
    unit: str
    ended_on: date
    years: tuple[int, ...]


def late_results(session: Session) -> Sequence[Late]:
    """The results that count and are of years after their unit's last one: acts refuse to make
    such, and older data may hold some. One query."""
    query = (
        select(Unit, Result.year)
        .join(Result, Result.area_id == Unit.id)
        .where(Unit.ends_on.is_not(None), Result.year > extract("year", Unit.ends_on), counting())
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
