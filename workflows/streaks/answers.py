"""Where an area stands in a year, explained; and the streaks of very many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows.results import Result, counting
from workflows.streaks.descent import Break, Fact, Run
from workflows.streaks.members import members_of
from workflows.streaks.reading import descent, successors
from workflows.streaks.tiers import LEVELS, Tier
from workflows.units import Unit


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an area stands in a year: its streak, the facts of each of its years (those of
    predecessors among them), the highest level reached in it, the highest that decided on it,
    what ended it, and why it is not of a higher level (``None`` at the highest)."""

    area_id: int
    year: int
    streak: int
    level: str | None
    decided: str | None
    because: tuple[tuple[Fact, ...], ...]
    broken: tuple[Break, ...]
    not_higher: Refusal | None


def one(area_id: int) -> Select[int]:
    """A query of this area alone."""
    return select(Unit.id).where(Unit.id == area_id)


def run_of(session: Session, area_id: int, year: int, on: date | None = None) -> Run:
    """The streak of an area that ends in a year, with what it is made of, as of a day."""
    return descent(session, one(area_id), years=(0, year), on=on).run(area_id, year)


def streak_of(session: Session, area_id: int, year: int, on: date | None = None) -> int:
    """How long the streak of an area is that ends in ``year``, as of a day (today)."""
    return run_of(session, area_id, year, on).length


def standing(session: Session, area_id: int, year: int, on: date | None = None) -> Standing:
    """The streak of an area in a year, explained, as of a day (today)."""
    found = descent(session, one(area_id), years=(0, year), on=on)
    run = _ended(session, area_id, year) or found.run(area_id, year)
    level, decided = (LEVELS[at] if at >= 0 else None for at in (run.level, run.decided))
    why = _why_not_higher(run, found.tiers(year))
    return Standing(area_id, year, run.length, level, decided, run.years, run.broken, why)


def _ended(session: Session, area_id: int, year: int) -> Run | None:
    """No streak, for the area had ended before the year: its years count on at whoever
    succeeded it."""
    day = session.scalar(select(Unit.ends_on).where(Unit.id == area_id))
    if day is None or day.year >= year:
        return None
    return Run(broken=(Break(area_id, year, "unit_ended", day=day),))


def _why_not_higher(run: Run, tiers: Sequence[Tier]) -> Refusal | None:
    if run.level == len(LEVELS) - 1:
        return None
    broken = run.broken[0] if run.broken else None
    if run.length == 0 and broken:
        on = {"on": broken.day.isoformat()} if broken.day else {}
        return Refusal(broken.why, {"year": broken.year, **on})
    above = [tier for tier in tiers if LEVELS.index(tier.level) > run.level]
    if not above:
        return Refusal("no_tiers")
    params = {"level": above[0].level, "needs": above[0].years, "has": run.length}
    if broken:
        params |= {"broken_in": broken.year, "broken_by": broken.why}
    return Refusal("streak_too_short", params)


def streaks_in(
    session: Session, year: int, unit_id: int | None = None, on: date | None = None
) -> dict[int, int]:
    """The streaks ending in a year of all areas recognised in it (in a unit), by area.

    Four queries, however many areas: the database counts those that came out of no others,
    the rest are walked one by one.
    """
    within = None
    if unit_id is not None:
        within = select(members_of(unit_id, year, year).c.id)
    found = dict(session.execute(_runs(year, within, on)).all())
    heirs = session.scalars(successors(within)).all()
    if heirs:
        known = descent(session, successors(within), years=(0, year), on=on)
        walked = ((area, known.run(area, year).length) for area in heirs)
        found |= {area: length for area, length in walked if length}
    return found


def _runs(year: int, within: Select[int] | None, on: date | None) -> Select[int, int]:
    """Recognised years counted backwards: as long as none is missing, a year and its place
    in that order add up to the same."""
    place = func.row_number().over(partition_by=Result.area_id, order_by=Result.year.desc())
    years = select(Result.area_id, (Result.year + place).label("sum")).where(
        Result.recognised, Result.year <= year, counting(on)
    )
    years = years.where(Result.area_id.not_in(successors()))
    if within is not None:
        years = years.where(Result.area_id.in_(within))
    run = years.subquery()
    return select(run.c.area_id, func.count()).where(run.c.sum == year + 1).group_by(run.c.area_id)
