"""Reading records: those that stand, their history, their sums over the units below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from workflows.records.book import Record
from workflows.records.kinds import kinds
from workflows.records.numbers import Number
from workflows.units import Unit


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


def under(unit_id: int) -> Select[int]:
    """The ids of everything below a unit, without itself."""
    down = select(Unit.id).where(Unit.parent_id == unit_id).cte("below", recursive=True)
    down = down.union_all(select(Unit.id).join(down, Unit.parent_id == down.c.id))
    return select(down.c.id)


def standing(session: Session, wanted: Wanted, *, limit: int | None = None) -> Sequence[Record]:
    """The records that no later row supersedes and none withdrew, by kind, time and name."""
    later = aliased(Record)
    query = select(Record).where(
        ~Record.withdrawn, ~select(later.id).where(later.supersedes_id == Record.id).exists()
    )
    query = query.where(
        Record.unit_id.in_(under(wanted.unit_id))
        if wanted.below
        else Record.unit_id == wanted.unit_id
    )
    if wanted.kind:
        query = query.where(Record.kind == wanted.kind)
    if wanted.first:
        query = query.where(Record.ends_on >= date(wanted.first, 1, 1))
    if wanted.last:
        query = query.where(Record.starts_on <= date(wanted.last, 12, 31))
    order = (Record.kind, Record.starts_on, Record.ends_on, Record.id)
    return session.scalars(query.order_by(*order).limit(limit)).all()


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
    none of a kind, name and time, the sums over the units below that state them. A unit that
    states a line stands for all below it, so that nothing is counted twice; what was counted
    over a longer time says nothing of these years. Three queries."""
    own = _within(standing(session, Wanted(unit_id, first=first, last=last)), first, last)
    found = [_line([one]) for one in own]
    told = {_place(one) for one in own}
    rest = standing(session, Wanted(unit_id, first=first, last=last, below=True))
    others = [one for one in _within(rest, first, last) if _place(one) not in told]
    others.sort(key=_place)
    parents = _parents(session, unit_id) if others else {}
    found += [_line(_highest(list(group), parents)) for _, group in groupby(others, key=_place)]
    order = list(kinds())
    found.sort(key=lambda one: (order.index(one.kind) if one.kind in order else 99, one.starts_on))
    return {kind: list(group) for kind, group in groupby(found, key=lambda line: line.kind)}


def _parents(session: Session, unit_id: int) -> Mapping[int, int | None]:
    query = select(Unit.id, Unit.parent_id).where(Unit.id.in_(under(unit_id)))
    return dict(session.execute(query).tuples().all())


def _highest(records: Sequence[Record], parents: Mapping[int, int | None]) -> Sequence[Record]:
    """Those of units that have no unit above them among these records' units."""
    stating = {one.unit_id for one in records}

    def covered(unit: int | None) -> bool:
        above = parents.get(unit) if unit is not None else None
        return above is not None and (above in stating or covered(above))

    return [one for one in records if not covered(one.unit_id)]


def _within(records: Iterable[Record], first: int, last: int) -> list[Record]:
    return [one for one in records if one.starts_on.year >= first and one.ends_on.year <= last]


def _place(one: Record) -> tuple[str, str, date, date]:
    return (one.kind, one.name, one.starts_on, one.ends_on)


def _line(records: Sequence[Record]) -> Line:
    first = records[0]
    measures: dict[str, Number] = {}
    for record in records:
        for one in record.measures:
            told = Number(one.value, one.high, one.mark)
            known = measures.get(one.measure)
            measures[one.measure] = added(known, told) if known else told
    return Line(first.kind, first.name, first.starts_on, first.ends_on, measures, tuple(records))


def added(one: Number, other: Number) -> Number:
    """The sum; it is stated as loosely as the looser of the two."""
    high = None
    if one.high is not None or other.high is not None:
        high = (one.high or one.value) + (other.high or other.value)
    marks = {one.mark, other.mark} - {""}
    mark = "" if not marks else marks.pop() if len(marks) == 1 else "about"
    return Number(one.value + other.value, high, mark)
