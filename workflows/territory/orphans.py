"""Results of years in which, by an act of an earlier day, the unit would not have been there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows.results import Result, counting
from workflows.territory.atlas import Atlas

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
