"""What streaks are counted from, read from the database: results, lineage, and what the
regime of the year says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import CTE, Select, or_, select
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.subjects import Subject
from workflows.cycles import SECURITY, Cycle
from workflows.lineage import Link, UnitLineage
from workflows.regimes import regime_for, regime_on
from workflows.results import Result, counting
from workflows.streaks.descent import Descent, Fact, Policy
from workflows.streaks.tiers import Tier, tiers_of
from workflows.takeover.acts import ResultAct
from workflows.units import Unit

REVOKED = "revoked"
"""The state of a nomination that lost its decision."""


def whole_line(units: Select[int]) -> CTE:
    """These units and everything they came out of."""
    up = select(units.subquery().c[0].label("id")).cte(recursive=True)
    older = select(UnitLineage.predecessor_id).join(up, UnitLineage.successor_id == up.c.id)
    return up.union(older)


def descent(
    session: Session,
    units: Select[int],
    *,
    years: tuple[int, int] = (0, 9999),
    on: date | None = None,
) -> Descent:
    """All that the streaks of these units need, of these years, as of a day (today); three
    queries, however many units there are."""
    line = whole_line(units)
    first, last = years
    wanted = (
        Result.area_id.in_(select(line.c.id)),
        Result.year.between(first, last),
        counting(on),
    )
    facts: dict[int, dict[int, Fact]] = {}
    for row in session.execute(_FACTS.where(*wanted)):
        facts.setdefault(row.area_id, {})[row.year] = _fact(row)
    origins, begun = _origins(session, line)
    return Descent(facts, origins, begun, policy_on, _tiers(session))


_FACTS = select(
    Result.area_id,
    Result.year,
    Result.recognised,
    Result.level,
    Result.decision_number,
    Result.decided_on,
    Result.nomination_id,
    Result.source,
    or_(Subject.state == REVOKED, ResultAct.kind == "revocation").label("revoked"),
)
_FACTS = _FACTS.outerjoin(Subject, Subject.id == Result.nomination_id)
_FACTS = _FACTS.outerjoin(ResultAct, ResultAct.id == Result.made_by_id)


def _fact(row: Any) -> Fact:
    return Fact(
        row.area_id,
        row.year,
        row.recognised,
        row.level,
        row.decision_number or "",
        row.decided_on,
        row.nomination_id,
        row.source,
        bool(row.revoked),
    )


def _origins(session: Session, line: CTE) -> tuple[dict[int, list[Link]], dict[int, date]]:
    query = (
        select(
            UnitLineage.successor_id,
            UnitLineage.predecessor_id,
            UnitLineage.effective_on,
            UnitLineage.kind,
            Unit.starts_on,
        )
        .join(Unit, Unit.id == UnitLineage.successor_id)
        .where(UnitLineage.successor_id.in_(select(line.c.id)))
        .order_by(UnitLineage.effective_on, UnitLineage.predecessor_id)
    )
    origins: dict[int, list[Link]] = {}
    begun: dict[int, date] = {}
    for unit, other, day, kind, starts_on in session.execute(query):
        origins.setdefault(unit, []).append(Link(other, day, kind))
        begun[unit] = starts_on
    return origins, begun


def policy_on(day: date) -> Policy:
    """What a merger or a split of that day does to streaks: the regime of that day says, and
    where there was none, the default."""
    found = regime_on(day)
    return Policy(found.streak_policy.merge, found.streak_policy.split) if found else Policy()


def _tiers(session: Session) -> Callable[[int], Sequence[Tier]]:
    """The tiers of a year: those of the definition that its cycle runs under, or, where no
    cycle was held here, of its regime."""
    query = select(Cycle.year, Cycle.definition_id).where(
        Cycle.title == SECURITY, Cycle.kind == "area"
    )
    cycles = dict(session.execute(query).all())
    return lambda year: tiers_of(cycles[year]) if year in cycles else tiers_in(year)


def tiers_in(year: int) -> Sequence[Tier]:
    """The tiers that the regime of a year has for residential areas."""
    try:
        return tiers_of(regime_for(year).kinds["area"].tiers or "")
    except NotFound:
        return ()


def successors(within: Select[int] | None = None) -> Select[int]:
    """The units that came out of others (among these)."""
    query = select(UnitLineage.successor_id).distinct()
    return query if within is None else query.where(UnitLineage.successor_id.in_(within))


def heirs_of(session: Session, unit_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Everything that each of these units went into since, near or far; one query."""
    step = UnitLineage.predecessor_id.label("root"), UnitLineage.successor_id.label("id")
    down = select(*step).where(UnitLineage.predecessor_id.in_(unit_ids))
    line = down.cte(recursive=True)
    further = select(line.c.root, UnitLineage.successor_id)
    line = line.union(further.join(UnitLineage, UnitLineage.predecessor_id == line.c.id))
    found: dict[int, set[int]] = {}
    for root, heir in session.execute(select(line.c.root, line.c.id)):
        found.setdefault(root, set()).add(heir)
    return {root: frozenset(heirs) for root, heirs in found.items()}
