"""Decisions later than the last day that the law of their year names ("before 15 November").

That day is a term of the authority, not of the area: a decision after it counts. So nothing is
refused; it is told before the act, and remains told of whatever was decided late. Where several
levels decide one after the other, the one day says nothing of each, and nothing is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
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


def ahead(
    session: Session, house: House, papers: Collection[int], on: date
) -> Mapping[int, Sequence[Late]]:
    """What papers would decide late on a day, by the paper: one nomination for each year and
    last day."""
    query = (
        select(Paper.id, Paper.kind, func.min(Nomination.id), Nomination.year, Nomination.title)
        .add_columns(Unit.kind, Subject.definition_digest)
        .join(Link, Link.paper_id == Paper.id)
        .join(Nomination, Nomination.id == Link.subject_id)
        .join(Subject, Subject.id == Nomination.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .where(Paper.id.in_(papers))
        .group_by(Paper.id, Paper.kind, Nomination.year, Nomination.title)
        .group_by(Unit.kind, Subject.definition_digest)
    )
    found: dict[int, dict[tuple[int, date], Late]] = {}
    rows = session.execute(query).all()
    rules = _rules(session, {row.year for row in rows})
    for paper, kind, one, year, title, unit_kind, digest in rows:
        rule = rules.get((year, title, unit_kind))
        if rule and on > rule.of(year) and decides(house.definition(digest), kind):
            late = Late(one, "", year, rule.of(year), _clause(rule))
            found.setdefault(paper, {}).setdefault((year, late.last), late)
    return {paper: list(those.values()) for paper, those in found.items()}


def _rules(session: Session, years: Collection[int]) -> Mapping[tuple[int, str, str], LastDay]:
    """The last days of some years, by year, title and kind of unit."""
    cycles = session.scalars(select(Cycle).where(Cycle.year.in_(years))).all()
    told = {(one.year, one.title, one.kind): rule_of(one) for one in cycles}
    return {key: rule for key, rule in told.items() if rule}


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
    decided = result.decided_on
    if rule is None or decided is None or decided <= rule.of(result.year):
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


def _conditions(rules: Iterable[tuple[tuple[int, str], LastDay]]) -> list[ColumnElement[bool]]:
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
