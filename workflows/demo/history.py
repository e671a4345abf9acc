"""The years the report counts: cycles, and an invented assignment that fits every count.

The report says how many areas were recognised each year, and how long the streaks of
those of 2012 were. Which area it was is not told, so it is chosen: backwards from the
streaks of that year, then forwards with a steady few lost each year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from workflows.cycles import SECURITY, Cycle
from workflows.demo.data import chance, facts
from workflows.demo.population import Spot
from workflows.quoted import PERCENT, Quoted
from workflows.regimes import regime
from workflows.results import Result
from workflows.streaks import Tier, granted, streak, tiers_of
from workflows.successions import latest

Years = dict[int, set[int]]

# A regime without tiers is decided by the commune, every year.
_NO_TIERS = (Tier(1, "commune"),)


def build_cycles(session: Session, year: int) -> None:
    """Insert a cycle for each year of the report and each kind of unit its regime knows, and
    the live one."""
    told = facts("history")
    rows = [row for regime in told["regimes"] for y in _span(regime) for row in _cycles(y, regime)]
    live = [
        row | {"definition_id": latest(row["definition_id"])} for row in _cycles(year, told["live"])
    ]
    session.execute(insert(Cycle), [*rows, *live])


def _span(regime: Mapping[str, Any]) -> range:
    return range(regime["from"], regime["to"] + 1)


def _cycles(year: int, told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, rules in regime(told["definition"]).kinds.items():
        window = rules.window(year)
        yield {
            "year": year,
            "title": SECURITY,
            "kind": kind,
            "definition_id": rules.definition,
            "criteria_id": rules.criteria,
            "starts_on": window.starts_on,
            "ends_on": window.ends_on,
        }


def build_history(session: Session, spots: Sequence[Spot], seed: int) -> None:
    """Insert a result for every area and year of the report."""
    told = facts("history")
    counts = {int(year): count for year, count in told["recognised"].items()}
    at_least = {int(n): count for n, count in told["streaks"]["at_least"].items()}
    choices = chance(seed, "history")
    areas = _in_order(spots, choices)
    anchor = told["streaks"]["year"]
    years = backwards(areas, counts, anchor, at_least, choices)
    lost = told["invented"]["lost_a_year"]
    years |= forwards(areas, counts, years[anchor], anchor, lost, choices)
    regimes = {y: regime["definition"] for regime in told["regimes"] for y in _span(regime)}
    session.execute(insert(Result), [*_rows(areas, years, regimes, told["source"])])


def build_quoted(session: Session, district_id: int) -> None:
    """Insert the percentages that the report states, as it states them."""
    told = facts("history")["quoted"]
    rows = [
        {
            "unit_id": district_id,
            "year": int(year),
            "what": PERCENT,
            "quoted": text,
            "denominator": of["count"],
            "basis": of["basis"],
            "source": told["source"],
        }
        for year, text in told["percent"].items()
        for of in told["denominators"]
        if int(year) in _span(of)
    ]
    session.execute(insert(Quoted), rows)


def _in_order(spots: Sequence[Spot], choices: Random) -> list[int]:
    """The areas, best first: those the report names as exemplary, the others by chance."""
    communes = {spot.id: spot.code for spot in spots if spot.kind == "commune"}
    told = [(place["commune"], place["area"]) for place in facts("place")["exemplary"]]
    areas = {
        (communes[spot.parent_id], spot.name): spot.id
        for spot in spots
        if spot.kind == "area" and spot.parent_id is not None
    }
    best = [areas[key] for key in told]
    others = [id for id in areas.values() if id not in best]
    choices.shuffle(others)
    return best + others


def backwards(
    areas: Sequence[int],
    counts: Mapping[int, int],
    anchor: int,
    at_least: Mapping[int, int],
    choices: Random,
) -> Years:
    """Who was recognised from the first year of ``counts`` to ``anchor``.

    The first areas have the longest streaks at the anchor. Going back a year, those of a
    longer streak are in, those whose streak began the year after are out, and the rest of
    the count is drawn from the others, never so that a third year runs together: then
    only streaks alive at the anchor reached the second tier, as the report counts them.
    """
    years: Years = {anchor: set(areas[: counts[anchor]])}
    longer = {1: counts[anchor], **at_least}
    for year in range(anchor - 1, min(counts) - 1, -1):
        back = anchor - year
        others = list(areas[longer[back] :])
        choices.shuffle(others)
        running = years[year + 1] & years.get(year + 2, set())
        free = [area for area in others if area not in running]
        missing = counts[year] - longer[back + 1]
        years[year] = set(areas[: longer[back + 1]]) | set(free[:missing])
    return years


def forwards(
    areas: Sequence[int],
    counts: Mapping[int, int],
    recognised: set[int],
    anchor: int,
    lost: int,
    choices: Random,
) -> Years:
    """Who was recognised after ``anchor``: each year ``lost`` areas fall out, others come in.

    The exemplary areas, first in ``areas``, never fall out.
    """
    years: Years = {}
    safe = set(areas[: len(facts("place")["exemplary"])])
    for year in range(anchor + 1, max(counts) + 1):
        losing = choices.sample([a for a in areas if a in recognised and a not in safe], lost)
        gaining = counts[year] - (len(recognised) - lost)
        gained = choices.sample([a for a in areas if a not in recognised], gaining)
        recognised = recognised - set(losing) | set(gained)
        years[year] = recognised
    return years


def _rows(
    areas: Sequence[int], years: Years, regimes: Mapping[int, str], source: str
) -> Iterator[dict[str, Any]]:
    for area in sorted(areas):
        facts_ = [(year, area in recognised) for year, recognised in sorted(years.items())]
        for year, recognised in facts_:
            tiers = tiers_of(regimes[year]) or _NO_TIERS
            yield {
                "area_id": area,
                "year": year,
                "recognised": recognised,
                "level": granted(streak(facts_, year), tiers),
                "source": source,
            }
