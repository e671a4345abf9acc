"""The counts that reports take from the register of results and from what waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, bindparam, func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.subjects import Subject, SubjectScope, Waiting
from workflows.results import Result, counting
from workflows.streaks.members import THERE, asked, was_there
from workflows.units import Unit, UnitSpan, by_level, on_day


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were judged in a year, and how many recognised."""

    judged: int
    recognised: int

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.judged + other.judged, self.recognised + other.recognised)


@dataclass(frozen=True, slots=True)
class Tallies:
    """By year: of the areas of each unit right below (or of itself, if it is one), and of each
    kind of subject."""

    units: Mapping[int, Mapping[int, Tally]]
    kinds: Mapping[str, Mapping[int, Tally]]


@dataclass(frozen=True, slots=True)
class Late:
    """How many files of a unit are overdue with holders of a role, and since when."""

    role: str
    count: int
    oldest: datetime


_TOLD = THERE.c.top, THERE.c.kind, Result.year
_TALLIES = (
    select(*_TOLD, func.count(), func.count().filter(Result.recognised))
    .join(Result, was_there(THERE, Result.area_id, Result.year))
    .where(counting(bindparam("today", type_=Date)))
    .group_by(*_TOLD)
)


def tallies(session: Session, unit_id: int, first: int, last: int) -> Tallies:
    """What was in a unit in a year was judged, and what became of it; one query."""
    values = asked([unit_id], first, last) | {"today": clock.today()}
    units: dict[int, dict[int, Tally]] = {}
    kinds: dict[str, dict[int, Tally]] = {}
    for top, kind, year, judged, recognised in session.execute(_TALLIES, values):
        found = Tally(judged, recognised)
        if kind == "area" and top is not None:
            units.setdefault(top, {})[year] = found
        of_kind = kinds.setdefault(kind, {})
        of_kind[year] = of_kind.get(year, Tally(0, 0)) + found
    return Tallies(units, kinds)


def in_order(session: Session, ids: Collection[int]) -> Sequence[Unit]:
    """These units, in their order."""
    return session.scalars(select(Unit).where(Unit.id.in_(ids)).order_by(Unit.sort, Unit.id)).all()


def children(session: Session, unit_id: int, on: date) -> Sequence[UnitSpan]:
    """The units right below on a day, as they were then, in their order, areas and offices
    before schools and others."""
    query = select(UnitSpan).join(Unit, Unit.id == UnitSpan.unit_id)
    query = query.where(UnitSpan.parent_id == unit_id, on_day(on))
    return session.scalars(query.order_by(by_level(), Unit.sort, Unit.id)).all()


def late(session: Session, unit_id: int) -> Sequence[Late]:
    """What is overdue now in the unit, by whom it waits on."""
    now = clock.now()
    query = (
        select(Waiting.role, func.count(Waiting.subject_id.distinct()), func.min(Waiting.due_at))
        .join(SubjectScope, SubjectScope.subject_id == Waiting.subject_id)
        .join(Subject, Subject.id == Waiting.subject_id)
        .where(
            SubjectScope.unit_id == unit_id,
            Waiting.due_at < now,
            Subject.kind == "nomination",
        )
        .group_by(Waiting.role)
        .order_by(Waiting.role)
    )
    return [Late(role, count, due) for role, count, due in session.execute(query) if due]
