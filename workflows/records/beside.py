"""What was recorded about a unit this year and the year before, beside each criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from workflows.assessment import criteria_set
from workflows.records.kinds import Kind, feeding
from workflows.records.listing import Wanted, standing
from workflows.records.numbers import Number


@dataclass(frozen=True, slots=True)
class Beside:
    """One measure of a kind: this year's figure and last year's, if they were recorded."""

    kind: Kind
    name: str
    measure: str
    now: Number | None
    before: Number | None


def beside(
    session: Session, criteria_id: str, unit_id: int, year: int
) -> Mapping[str, Sequence[Beside]]:
    """The figures by the row of the criterion they speak to; one query."""
    records = standing(session, Wanted(unit_id, first=year - 1, last=year))
    found: dict[tuple[str, str, str], dict[int, Number]] = {}
    for one in records:
        if one.starts_on.year != one.ends_on.year:
            continue  # counted over years, it is no year's figure
        for told in one.measures:
            place = found.setdefault((one.kind, one.name, told.measure), {})
            place[one.ends_on.year] = Number(told.value, told.high, told.mark)
    return {
        criterion.row: rows
        for criterion in criteria_set(criteria_id).criteria
        if (rows := list(_rows(feeding(criteria_id, criterion.code), found, year)))
    }


def _rows(
    wanted: Sequence[Kind], found: Mapping[tuple[str, str, str], Mapping[int, Number]], year: int
) -> Sequence[Beside]:
    return [
        Beside(kind, name, measure, years.get(year), years.get(year - 1))
        for kind in wanted
        for (kind_id, name, measure), years in found.items()
        if kind_id == kind.id
    ]
