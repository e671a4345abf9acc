"""What was recorded about a unit this year and the year before, beside each criterion; what it
came out of since has its own figures, and is named with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from sqlalchemy.orm import Session

from workflows import lineage
from workflows.assessment import criteria_set
from workflows.records.book import Record
from workflows.records.kinds import Kind, Measure, feeding
from workflows.records.listing import Wanted, added, standing
from workflows.records.numbers import Number
from workflows.units import Unit

Told = tuple[str, str, str]
"""A kind, a name and a measure."""
Years = dict[int, list[tuple[date, date, Number]]]
"""The numbers by year, each with its first and its last day."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """The same figures of a unit that this one came out of, and its last day of its own."""

    unit: str
    until: date
    now: Number | None
    before: Number | None


@dataclass(frozen=True, slots=True)
class Beside:
    """One measure of a kind: this year's figure and last year's, if they were recorded; and
    those of the units that this one came out of since last year began."""

    kind: Kind
    name: str
    measure: str
    now: Number | None
    before: Number | None
    theirs: tuple[Theirs, ...] = ()


def beside(
    session: Session, criteria_id: str, unit_id: int, year: int
) -> Mapping[str, Sequence[Beside]]:
    """The figures by the row of the criterion they speak to. Several rows of a year are added,
    as in the reports; one whose days lie within another's is told by that already."""
    own = _found(session, unit_id, year)
    before = [
        (unit.title, link.effective_on - timedelta(days=1), _found(session, unit.id, year))
        for unit, link in _came_of(session, unit_id, date(year - 1, 1, 1))
    ]
    places = dict.fromkeys((*own, *(place for *_, found in before for place in found)))

    def told(kind: Kind, place: Told) -> Beside:
        now, last = _figures(kind, own.get(place, {}), place, year)
        theirs = [
            Theirs(title, until, *_figures(kind, found[place], place, year))
            for title, until, found in before
            if place in found
        ]
        return Beside(kind, place[1], place[2], now, last, tuple(theirs))

    return {
        criterion.row: rows
        for criterion in criteria_set(criteria_id).criteria
        if (
            rows := [
                told(kind, place)
                for kind in feeding(criteria_id, criterion.code)
                for place in places
                if place[0] == kind.id
            ]
        )
    }


def _found(session: Session, unit_id: int, year: int) -> Mapping[Told, Years]:
    records = standing(session, Wanted(unit_id, first=year - 1, last=year))
    found: dict[Told, Years] = {}
    for one in records:
        if one.starts_on.year == one.ends_on.year:  # over years, it is no year's figure
            _keep(one, found)
    return found


def _keep(record: Record, found: dict[Told, Years]) -> None:
    for one in record.measures:
        years = found.setdefault((record.kind, record.name, one.measure), {})
        number = Number(one.value, one.high, one.mark)
        years.setdefault(record.ends_on.year, []).append((record.starts_on, record.ends_on, number))


def _came_of(session: Session, unit_id: int, since: date) -> Iterator[tuple[Unit, lineage.Link]]:
    """What went into the unit after a day, step by step, each once."""
    seen, latest = {unit_id}, [unit_id]
    while latest:
        steps = lineage.predecessors(session, latest)
        links = [one for every in steps.values() for one in every if one.effective_on > since]
        latest = []
        for link in links:
            if link.unit_id not in seen:
                seen.add(link.unit_id)
                latest.append(link.unit_id)
                yield session.get_one(Unit, link.unit_id), link


def _figures(
    kind: Kind, years: Years, place: Told, year: int
) -> tuple[Number | None, Number | None]:
    measure = kind.measure(place[2])
    return _joined(years.get(year, []), measure), _joined(years.get(year - 1, []), measure)


def _joined(rows: Sequence[tuple[date, date, Number]], measure: Measure | None) -> Number | None:
    """The sum of the rows; shares and years do not add up, they are told from … to."""
    numbers = [
        number
        for first, last, number in rows
        if not any(
            start <= first and last <= end and (start, end) != (first, last)
            for start, end, _ in rows
        )
    ]
    if not numbers:
        return None
    return reduce(_spread if measure and (measure.decimals or measure.plain) else added, numbers)


def _spread(one: Number, other: Number) -> Number:
    if one == other:
        return one
    low = min(one.value, other.value)
    high = max(one.high or one.value, other.high or other.value)
    return Number(low, high if high > low else None, one.mark or other.mark)
