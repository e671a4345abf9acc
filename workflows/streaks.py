"""Streaks: years of recognition running without a gap, and what they entitle to.

A year without a result, or one not recognised, ends a streak; the next starts at one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Over, Select, func, select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from engine.history import Event
from workflows.cycles import SECURITY, cycle
from workflows.nominations import Nomination
from workflows.results import Result, of_area
from workflows.units import areas_under

LEVELS = ("commune", "district", "province")
AT_LEAST = (2, 3, 4, 5)  # the streaks a yearly table counts
REGISTER = "register"  # the move by which a nomination is registered


@dataclass(frozen=True, slots=True)
class Tier:
    """So many years running let this level recognise."""

    years: int
    level: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an area stands in a year: its streak, the results it is made of, the highest
    level reached in it, and why not a higher one (``None`` at the highest)."""

    area_id: int
    year: int
    streak: int
    level: str | None
    because: tuple[Result, ...]
    not_higher: Refusal | None


@cache
def tiers_of(definition_id: str) -> tuple[Tier, ...]:
    """The tiers of a regime, shortest first; none if it knows no tiers (law/tiers)."""
    file = files("workflows") / "law" / "tiers" / f"{definition_id}.toml"
    if not file.is_file():
        return ()
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(sorted((Tier(**tier) for tier in data["tiers"]), key=lambda t: t.years))


def streak(facts: Iterable[tuple[int, bool]], year: int) -> int:
    """How many years running were recognised, counting back from ``year``; 0 if it was not."""
    recognised = {y for y, ok in facts if ok}
    length = 0
    while year - length in recognised:
        length += 1
    return length


def granted(length: int, tiers: Sequence[Tier]) -> str | None:
    """The highest level that recognises in the year a streak gets this long.

    The first tier recognises every year, a higher one once: when its mark is first reached.
    """
    if length < 1 or not tiers:
        return None
    return next((tier.level for tier in tiers if tier.years == length), tiers[0].level)


def streak_of(session: Session, area_id: int, year: int) -> int:
    """The streak of an area that ends in ``year``."""
    facts = select(Result.year, Result.recognised).where(
        Result.area_id == area_id, Result.year <= year
    )
    return streak(((y, ok) for y, ok in session.execute(facts)), year)


def standing(session: Session, area_id: int, year: int) -> Standing:
    """The streak of an area in a year, explained."""
    results = {r.year: r for r in of_area(session, area_id)}
    length = streak(((y, r.recognised) for y, r in results.items()), year)
    run = tuple(results[y] for y in range(year - length + 1, year + 1))
    reached = max((LEVELS.index(r.level) for r in run if r.level), default=-1)
    level = LEVELS[reached] if run else None
    broken = results.get(year - length)
    found = cycle(session, year)
    why = _why_not_higher(
        length, reached, tiers_of(found.definition_id if found else ""), broken, year - length
    )
    return Standing(area_id, year, length, level, run, why)


def _why_not_higher(
    length: int, reached: int, tiers: Sequence[Tier], broken: Result | None, broken_in: int
) -> Refusal | None:
    if reached == len(LEVELS) - 1:
        return None
    broken_by = "not_recognised" if broken else "no_result"
    if length == 0:
        return Refusal(broken_by, {"year": broken_in})
    above = [tier for tier in tiers if LEVELS.index(tier.level) > reached]
    if not above:
        return Refusal("no_tiers")
    params = {"level": above[0].level, "needs": above[0].years, "has": length}
    broken_off = {"broken_in": broken_in, "broken_by": broken_by}
    return Refusal("streak_too_short", params | broken_off)


def percent(part: int, whole: int) -> str | None:
    """``part`` of ``whole`` in percent with two decimals, half rounded up; exact integers."""
    if whole == 0:
        return None
    hundredths = (20_000 * part + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def yearly_table(
    session: Session, first: int, last: int, unit_id: int | None = None
) -> list[dict[str, Any]]:
    """A row for each year: registered, recognised, percent, and the streaks of at least n
    years among the areas recognised that year.

    Registered is every area with a result, and every one whose nomination got as far as
    registering, whatever became of it. Two queries, whatever the number of areas. A year
    in which nothing was registered has zeros and no percent.
    """
    decided = {year: counts for year, *counts in session.execute(_counts(first, last, unit_id))}
    pending = dict(session.execute(_undecided(first, last, unit_id)).all())
    table = []
    for year in range(first, last + 1):
        results, recognised, *streaks = decided.get(year, [0] * (2 + len(AT_LEAST)))
        registered = results + pending.get(year, 0)
        table.append(
            {
                "year": year,
                "registered": registered,
                "recognised": recognised,
                "percent": percent(recognised, registered),
                "streaks": {str(n): count for n, count in zip(AT_LEAST, streaks, strict=True)},
            }
        )
    return table


def _undecided(first: int, last: int, unit_id: int | None) -> Select[int, int]:
    """Nominations per year that registered and have no result yet, or never got one."""
    registered = select(Event.id).where(Event.subject_id == Nomination.id, Event.action == REGISTER)
    decided = select(Result.id).where(
        Result.area_id == Nomination.area_id, Result.year == Nomination.year
    )
    query = select(Nomination.year, func.count()).where(
        Nomination.year.between(first, last),
        Nomination.title == SECURITY,
        registered.exists(),
        ~decided.exists(),
    )
    if unit_id is not None:
        query = query.where(Nomination.area_id.in_(areas_under(unit_id)))
    return query.group_by(Nomination.year)


def _years_before(places: int) -> Over[int]:
    return func.lag(Result.year, places).over(
        partition_by=(Result.area_id, Result.recognised), order_by=Result.year
    )


def _counts(first: int, last: int, unit_id: int | None) -> Select[Any]:
    """Counts per year. A streak of at least n ends in a year exactly if, n - 1 places before
    among the area's recognised years, stands the year n - 1 earlier."""
    # ``+ 0`` keeps SQLite on the index by area, along which the windows need no sort.
    runs = select(
        Result.year,
        Result.recognised,
        *((_years_before(n - 1) == Result.year - (n - 1)).label(f"run{n}") for n in AT_LEAST),
    ).where((Result.year + 0).between(first - max(AT_LEAST) + 1, last))
    if unit_id is not None:
        runs = runs.where(Result.area_id.in_(areas_under(unit_id)))
    run = runs.subquery()
    streaks = (func.count().filter(run.c.recognised, run.c[f"run{n}"]) for n in AT_LEAST)
    return (
        select(run.c.year, func.count(), func.count().filter(run.c.recognised), *streaks)
        .where(run.c.year >= first)
        .group_by(run.c.year)
    )
