"""Reading records: those that stand, their history, their sums over the units below."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import groupby
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from workflows.records.below import below, highest, places_below, was_below
from workflows.records.book import Record
from workflows.records.kinds import kinds
from workflows.records.numbers import Number

Place = tuple[str, str, str, date, date]
PLACE = (Record.kind, Record.name, Record.reference, Record.starts_on, Record.ends_on)
"""What tells two lines of a report apart."""

Columns = TypeVarTuple("Columns")
PORTION = 5_000  # as many ids as either database takes in one question


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: of a unit or of those below it, of a kind, touching some years."""

    unit_id: int
    kind: str = ""
    first: int | None = None
    last: int | None = None
    below: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of figures: a record of the unit itself, or the sum of those below it."""

    kind: str
    name: str
    starts_on: date
    ends_on: date
    measures: Mapping[str, Number]
    records: tuple[Record, ...]

    @property
    def summed(self) -> bool:
        return len(self.records) > 1

    @property
    def reference(self) -> str:
        return "" if self.summed else self.records[0].reference

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.source for one in self.records))


def standing(session: Session, wanted: Wanted, *, limit: int | None = None) -> Sequence[Record]:
    """The records that no later row supersedes and none withdrew, by kind, time and name."""
    order = (Record.kind, Record.starts_on, Record.ends_on, Record.id)
    query = _chosen(select(Record), wanted).order_by(*order)
    return session.scalars(query.limit(limit)).all()


def _chosen(query: Select[*Columns], wanted: Wanted) -> Select[*Columns]:
    """A question about records, asked of those wanted; what is below a unit is what was there
    on the last day of the record's time."""
    if not wanted.below:
        return query.where(Record.unit_id == wanted.unit_id, *_conditions(wanted))
    there = below(wanted.unit_id)
    return query.join(there, was_below(there)).where(*_conditions(wanted))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    later = aliased(Record)
    found = [
        ~Record.withdrawn,
        ~select(later.id).where(later.supersedes_id == Record.id).exists(),
    ]
    if wanted.kind:
        found.append(Record.kind == wanted.kind)
    if wanted.first:
        found.append(Record.ends_on >= date(wanted.first, 1, 1))
    if wanted.last:
        found.append(Record.starts_on <= date(wanted.last, 12, 31))
    return found


def story(session: Session, record_id: int) -> Sequence[Record]:
    """A record with all that it superseded and that superseded it, the latest first."""
    found = session.get(Record, record_id)
    if found is None:
        return ()
    line = [found]
    while line[0].supersedes_id is not None:
        line.insert(0, session.get_one(Record, line[0].supersedes_id))
    while True:
        query = select(Record).where(Record.supersedes_id == line[-1].id)
        later = session.scalars(query).first()
        if later is None:
            return line[::-1]
        line.append(later)


def lines(session: Session, unit_id: int, first: int, last: int) -> dict[str, list[Line]]:
    """The lines of a unit that lie within some years, by kind: its own records; where it has
    none of a kind, name and time, the sums over the units then below that state them. A unit
    that states a line stands for all below it, so that nothing is counted twice; what was counted
    over a longer time says nothing of these years."""
    own = standing(session, Wanted(unit_id, first=first, last=last))
    kept = [one for one in own if _within(one.starts_on, one.ends_on, first, last)]
    found = [_line([one]) for one in kept]
    below = Wanted(unit_id, first=first, last=last, below=True)
    found += _sums(session, below, {_place(one) for one in kept})
    order = list(kinds())
    found.sort(key=lambda one: (order.index(one.kind) if one.kind in order else 99, one.starts_on))
    return {kind: list(group) for kind, group in groupby(found, key=lambda line: line.kind)}


def _sums(session: Session, wanted: Wanted, told: Collection[Place]) -> Iterator[Line]:
    """The sums of what is told below and not above. Only what is summed is read whole."""
    columns = (Record.id, Record.unit_id, *PLACE)
    rows: Sequence[Any] = session.execute(_chosen(select(*columns), wanted)).all()
    first, last = wanted.first or 0, wanted.last or 9999
    units: dict[Place, dict[int, list[int]]] = {}
    for record, unit, kind, name, reference, starts_on, ends_on in rows:
        key = (kind, name, reference, starts_on, ends_on)
        if key not in told and _within(starts_on, ends_on, first, last):
            units.setdefault(key, {}).setdefault(unit, []).append(record)
    places = places_below(session, wanted.unit_id) if units else {}
    for place, stated in units.items():
        ids = [id for unit in highest(stated, places, place[-1]) for id in stated[unit]]
        yield _line(_read(session, ids))


def _read(session: Session, ids: Sequence[int]) -> Sequence[Record]:
    found: list[Record] = []
    for start in range(0, len(ids), PORTION):
        portion = ids[start : start + PORTION]
        found += session.scalars(select(Record).where(Record.id.in_(portion)))
    return found


def _within(starts_on: date, ends_on: date, first: int, last: int) -> bool:
    return starts_on.year >= first and ends_on.year <= last


def _place(one: Record) -> Place:
    return (one.kind, one.name, one.reference, one.starts_on, one.ends_on)


def _line(records: Sequence[Record]) -> Line:
    """A record, or the sum of several. Years are not summed: one that all tell is theirs."""
    first = records[0]
    known = kinds().get(first.kind)
    plain = {one.id for one in known.measures if one.plain} if known else set()
    told: dict[str, list[Number]] = {}
    for record in records:
        for one in record.measures:
            told.setdefault(one.measure, []).append(Number(one.value, one.high, one.mark))
    measures = {
        name: numbers[0] if name in plain else reduce(added, numbers)
        for name, numbers in told.items()
        if name not in plain or len(set(numbers)) == 1
    }
    return Line(first.kind, first.name, first.starts_on, first.ends_on, measures, tuple(records))


def added(one: Number, other: Number) -> Number:
    """The sum; it is stated as loosely as the looser of the two."""
    high = None
    if one.high is not None or other.high is not None:
        high = (one.high or one.value) + (other.high or other.value)
    marks = {one.mark, other.mark} - {""}
    mark = "" if not marks else marks.pop() if len(marks) == 1 else "about"
    return Number(one.value + other.value, high, mark)
