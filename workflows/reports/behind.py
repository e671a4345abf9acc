"""What stands behind a count: the results of a unit and a year, and the files overdue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.papers.book import Paper
from engine.subjects import Link, Subject, SubjectScope, Waiting
from workflows.nominations import Nomination
from workflows.results import Result, counting
from workflows.streaks import streaks_in
from workflows.streaks.members import members_of, was_there
from workflows.units import Unit, UnitSpan

CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which results: of a unit and a year; only those recognised, with a streak of at least
    so many years, of a kind of subject."""

    unit_id: int
    year: int
    streak: int = 0
    recognised: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A result with its place, its decision and its certificate."""

    area: str
    commune: str
    result: Result
    streak: int
    certificate: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """A file whose term has passed, and with whose office it is."""

    id: int
    area: str
    year: int
    role: str
    due_at: datetime


def results(session: Session, asked: Asked) -> Sequence[Row]:
    """The results asked for, in the order of the places."""
    commune = aliased(Unit)
    there = members_of(asked.unit_id, asked.year, asked.year)
    query = (
        select(Result, Unit, commune)
        .join(Unit, Unit.id == Result.area_id)
        .join(there, was_there(there, Result.area_id, Result.year))
        .outerjoin(commune, commune.id == _above(asked.year))
        .where(counting(), Result.year == asked.year)
        .order_by(commune.sort, Unit.sort, Unit.id)
    )
    if asked.recognised or asked.streak:
        query = query.where(Result.recognised)
    if asked.kind:
        query = query.where(Unit.kind == asked.kind)
    found = session.execute(query).all()
    lengths = streaks_in(session, asked.year, asked.unit_id)
    numbers = _certificates(session, [row[0].nomination_id for row in found])
    rows = [
        Row(
            area.heading,
            _title(above),
            result,
            lengths.get(area.id, 0),
            numbers.get(result.nomination_id or 0, ""),
        )
        for result, area, above in found
    ]
    return [row for row in rows if row.streak >= asked.streak]


def _above(year: int) -> ScalarSelect[int | None]:
    """What stood above a unit at the end of a year, or on its last day."""
    spans = select(UnitSpan.parent_id).where(
        UnitSpan.unit_id == Unit.id, UnitSpan.starts_on <= date(year, 12, 31)
    )
    return spans.order_by(UnitSpan.starts_on.desc()).limit(1).scalar_subquery()


def _title(unit: Unit | None) -> str:
    """A unit's title; nothing for the one that has none above it."""
    return unit.title if unit else ""


def _certificates(session: Session, nominations: Sequence[int | None]) -> Mapping[int, str]:
    """The numbers of the certificates of these nominations."""
    ids = [one for one in nominations if one]
    query = (
        select(Link.subject_id, Paper.number_text)
        .join(Paper, Paper.id == Link.paper_id)
        .where(Paper.kind == CERTIFICATE, Paper.number.is_not(None), Link.subject_id.in_(ids))
    )
    return {subject: text or "" for subject, text in session.execute(query)} if ids else {}


def overdue(session: Session, unit_id: int, *, limit: int = 300) -> Sequence[Overdue]:
    """The files of a unit that are overdue now, the oldest term first."""
    query = (
        select(Waiting.subject_id, Unit.name, Nomination.year, Waiting.role, Waiting.due_at)
        .join(SubjectScope, SubjectScope.subject_id == Waiting.subject_id)
        .join(Subject, Subject.id == Waiting.subject_id)
        .join(Nomination, Nomination.id == Subject.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .where(SubjectScope.unit_id == unit_id, Waiting.due_at < clock.now())
        .order_by(Waiting.due_at, Waiting.subject_id)
        .distinct()
        .limit(limit)
    )
    return [
        Overdue(subject, area, year, role, due)
        for subject, area, year, role, due in session.execute(query)
        if due
    ]


def announced(session: Session, unit_id: int, year: int) -> Sequence[Row]:
    """The list read out on 19 August: the areas recognised for the year that is praised."""
    return results(session, Asked(unit_id, year, recognised=True))
