"""The counts that reports take from the register of results and from what waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.subjects import Subject, SubjectScope, Waiting
from workflows.results import Result, counting
from workflows.streaks.members import members, members_of, right_below
from workflows.units import Unit, UnitSpan, on_day


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were judged in a year, and how many recognised."""

    judged: int
    recognised: int


@dataclass(frozen=True, slots=True)
class Late:
    """How many files of a unit are overdue with holders of a role, and since when."""

    role: str
    count: int
    oldest: datetime


def by_unit(
    session: Session, unit_id: int, first: int, last: int
) -> Mapping[int, Mapping[int, Tally]]:
    """Per unit right below in a year, per year: of the areas that belonged to it then, or of
    itself if it is one."""
    tops = right_below(unit_id, first, last)
    tree = members(select(tops.c.id), first, last)
    query = (
        select(tree.c.root, Result.year, func.count(), func.count().filter(Result.recognised))
        .join(tops, (tops.c.id == tree.c.root) & (tops.c.year == tree.c.year))
        .join(Result, (Result.area_id == tree.c.id) & (Result.year == tree.c.year))
        .join(Unit, Unit.id == tree.c.id)
        .where(counting(), Unit.kind == "area")
        .group_by(tree.c.root, Result.year)
    )
    found: dict[int, dict[int, Tally]] = {}
    for top, year, judged, recognised in session.execute(query):
        found.setdefault(top, {})[year] = Tally(judged, recognised)
    return found


def by_kind(
    session: Session, unit_id: int, first: int, last: int
) -> Mapping[str, Mapping[int, Tally]]:
    """Per kind of subject that was in the unit in a year, per year."""
    there = members_of(unit_id, first, last)
    query = (
        select(Unit.kind, Result.year, func.count(), func.count().filter(Result.recognised))
        .join(Unit, Unit.id == Result.area_id)
        .join(there, (there.c.id == Result.area_id) & (there.c.year == Result.year))
        .where(counting())
        .group_by(Unit.kind, Result.year)
    )
    found: dict[str, dict[int, Tally]] = {}
    for kind, year, judged, recognised in session.execute(query):
        found.setdefault(kind, {})[year] = Tally(judged, recognised)
    return found


def in_order(session: Session, ids: Collection[int]) -> Sequence[Unit]:
    """These units, in their order."""
    return session.scalars(select(Unit).where(Unit.id.in_(ids)).order_by(Unit.sort, Unit.id)).all()


def children(session: Session, unit_id: int, on: date) -> Sequence[UnitSpan]:
    """The units right below on a day, as they were then, in their order."""
    query = select(UnitSpan).join(Unit, Unit.id == UnitSpan.unit_id)
    query = query.where(UnitSpan.parent_id == unit_id, on_day(on)).order_by(Unit.sort, Unit.id)
    return session.scalars(query).all()


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
