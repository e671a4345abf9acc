"""The life of an area: what it came out of and went into, each year, and its streak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import lineage
from workflows.streaks import Descent, Fact, descent, standing
from workflows.streaks.telling import Telling, names_in, tell
from workflows.units import Unit


@dataclass(frozen=True, slots=True)
class Year:
    """What a year counts as for the area: ``recognised`` is None without any result;
    ``of`` names the areas whose year it was where it was not its own."""

    year: int
    recognised: bool | None
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kin:
    """An area that this one came out of or went into, and since when."""

    id: int
    name: str
    day: date
    kind: str


@dataclass(frozen=True, slots=True)
class Life:
    """An area with its years, its streak in the year asked for, and its kin."""

    unit: Unit
    commune: Unit | None
    years: Sequence[Year]
    telling: Telling | None
    came_of: Sequence[Kin]
    went_into: Sequence[Kin]


def life(session: Session, unit_id: int, year: int | None, language: str) -> Life | None:
    """The life of an area, up to the year asked for or the last that was judged; None if
    there is no such area. The number of queries is the same for all."""
    unit = session.get(Unit, unit_id)
    if unit is None or unit.kind != "area":
        return None
    known = descent(session, select(Unit.id).where(Unit.id == unit_id))
    judged = sorted({y for facts in known.facts.values() for y in facts})
    commune = session.get(Unit, unit.parent_id) if unit.parent_id else None
    kin = [
        _kin(session, found.get(unit_id, ()))
        for found in (
            lineage.predecessors(session, [unit_id]),
            lineage.successors(session, [unit_id]),
        )
    ]
    if not judged:
        return Life(unit, commune, (), None, *kin)
    asked = judged[-1] if year is None or not judged[0] <= year <= judged[-1] else year
    telling = tell(session, standing(session, unit_id, asked), language)
    return Life(unit, commune, _years(session, known, unit_id, judged), telling, *kin)


def _kin(session: Session, links: Sequence[lineage.Link]) -> Sequence[Kin]:
    if not links:
        return ()
    query = select(Unit.id, Unit.name).where(Unit.id.in_({link.unit_id for link in links}))
    names = dict(session.execute(query).all())
    return [Kin(one.unit_id, names[one.unit_id], one.effective_on, one.kind) for one in links]


def _years(session: Session, known: Descent, unit_id: int, judged: Sequence[int]) -> Sequence[Year]:
    by_year = {y: known.judged(unit_id, y) for y in range(judged[0], judged[-1] + 1)}
    others = {
        (fact.unit_id, fact.year)
        for facts in by_year.values()
        for fact in facts
        if fact.unit_id != unit_id
    }
    names = names_in(session, others) if others else {}
    return [_year(y, facts, names) for y, facts in by_year.items()]


def _year(
    year: int, facts: Sequence[Fact], names: Mapping[tuple[int, int], tuple[str, str]]
) -> Year:
    of = tuple(names[key][0] for fact in facts if (key := (fact.unit_id, year)) in names)
    return Year(year, all(fact.recognised for fact in facts) if facts else None, of)
