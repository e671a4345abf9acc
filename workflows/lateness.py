"""Decisions later than the last day that the law of their year names ("before 15 November").

That day is a term of the authority, not of the area: a decision after it counts. So nothing is
refused; it is told before the act, and remains told of whatever was decided late. Where several
levels decide one after the other, the one day says nothing of each, and nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from engine.definition import Definition
from engine.house import House
from engine.papers.book import Paper
from engine.subjects import Link, Subject
from workflows.cycles import SECURITY, Cycle, cycle
from workflows.nominations import Nomination
from workflows.regimes import LastDay, rules_under
from workflows.results import Result, counting
from workflows.streaks.members import members_of, was_there
from workflows.units import Unit

RECORDING = frozenset({"record_result", "record_not_recognised"})


@dataclass(frozen=True, slots=True)
class Late:
    """The last legal day, the rule it rests on, and a nomination decided, or to be decided,
    later; of a paper about many, one of them."""

    nomination_id: int
    area: str
    year: int
    last: date
    clause: str
    decided_on: date | None = None


def rule_of(found: Cycle | None) -> LastDay | None:
    """The last day for deciding in a year, if its law names one for all levels."""
    rules = rules_under(found.definition_id, found.kind) if found else None
    return rules.decision if rules and not rules.tiers else None


def decides(definition: Definition, kind: str) -> bool:
    """Whether the issue of such a paper is what decides a nomination of that definition."""
    return any(
        move.on == f"{kind}:issued" and not RECORDING.isdisjoint(move.effects)
        for move in definition.transitions
    )


def ahead(session: Session, house: House, paper_id: int, on: date) -> list[Late]:
    """What a paper would decide late on a day: one of the nominations for each year and kind of
    unit that it lists."""
    query = (
        select(func.min(Nomination.id), Nomination.year, Nomination.title, Unit.kind)
        .add_columns(Subject.definition_digest, Paper.kind)
        .join(Link, Link.subject_id == Nomination.id)
        .join(Subject, Subject.id == Nomination.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .join(Paper, Paper.id == Link.paper_id)
        .where(Link.paper_id == paper_id)
        .group_by(Nomination.year, Nomination.title, Unit.kind)
        .group_by(Subject.definition_digest, Paper.kind)
    )
    found: dict[tuple[int, date], Late] = {}
    for one, year, title, unit_kind, digest, kind in session.execute(query).all():
        rule = rule_of(cycle(session, year, title, unit_kind))
        if rule and on > rule.of(year) and decides(house.definition(digest), kind):
            late = Late(one, "", year, rule.of(year), _clause(rule))
            found.setdefault((year, late.last), late)
    return list(found.values())


def behind(session: Session, nomination_id: int) -> Late | None:
    """How late a nomination was decided, if it was."""
    query = (
        select(Result, Unit)
        .join(Unit, Unit.id == Result.area_id)
        .where(Result.nomination_id == nomination_id, Result.decided_on.is_not(None), counting())
    )
    row = session.execute(query).first()
    if row is None:
        return None
    result, unit = row
    rule = rule_of(cycle(session, result.year, SECURITY, unit.kind))
    if rule is None or result.decided_on <= rule.of(result.year):
        return None
    return _late(result, unit, rule)


def within(session: Session, unit_id: int, first: int, last: int) -> Sequence[Late]:
    """The nominations of a unit decided late in some years, by year and place."""
    cycles = session.scalars(
        select(Cycle).where(Cycle.title == SECURITY, Cycle.year.between(first, last))
    )
    rules = {(one.year, one.kind): rule for one in cycles if (rule := rule_of(one))}
    if not rules:
        return ()
    there = members_of(unit_id, first, last)
    query = (
        select(Result, Unit)
        .join(Unit, Unit.id == Result.area_id)
        .join(there, was_there(there, Result.area_id, Result.year))
        .where(counting(), Result.nomination_id.is_not(None), or_(*_conditions(rules.items())))
        .order_by(Result.year, Unit.sort, Unit.id)
    )
    return [
        _late(result, unit, rules[result.year, unit.kind])
        for result, unit in session.execute(query)
    ]


def _conditions(rules: Iterable[tuple[tuple[int, str], LastDay]]) -> list[object]:
    return [
        and_(Result.year == year, Unit.kind == kind, Result.decided_on > rule.of(year))
        for (year, kind), rule in rules
    ]


def _late(result: Result, unit: Unit, rule: LastDay) -> Late:
    return Late(
        result.nomination_id or 0,
        unit.heading,
        result.year,
        rule.of(result.year),
        _clause(rule),
        result.decided_on,
    )


def _clause(rule: LastDay) -> str:
    return "; ".join(rule.basis)
