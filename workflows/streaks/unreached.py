"""Later results whose level rested on a year that is lost.

A result taken over has no paper that could be marked as resting on the year, and a level that
the years running granted stands in the register all the same: so it is told beforehand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.streaks.descent import Descent
from workflows.streaks.reading import heirs_of
from workflows.streaks.tiers import LEVELS, granted
from workflows.units import Unit


@dataclass(frozen=True, slots=True)
class Unreached:
    """A year recognised by ``level`` when ``streak`` years ran, of which ``streak_after`` are
    left: enough for ``level_after`` alone. ``number`` is that of the year's decision."""

    area: str
    year: int
    level: str
    level_after: str
    number: str
    streak: int
    streak_after: int


def unreached(session: Session, now: Descent, lost: Collection[tuple[int, int]]) -> list[Unreached]:
    """The results of years after a lost one, of these units and of what they went into since,
    whose level exceeds what the regime's tiers grant once the years are ``lost``."""
    heirs = heirs_of(session, [unit for unit, _ in lost])
    since: dict[int, int] = {}
    for unit, year in lost:
        for one in {unit, *heirs.get(unit, ())}:
            since[one] = min(year, since.get(one, year))
    query = select(Unit).where(Unit.id.in_(since)).order_by(Unit.id)
    names = {one.id: one.title for one in session.scalars(query)}
    then = now.without(lost)
    return [told for one in names for told in fallen_below(now, then, one, since[one], names[one])]


def fallen_below(
    now: Descent, then: Descent, unit: int, since: int, name: str = ""
) -> Iterator[Unreached]:
    """The same for one unit, from what is known to what will be; a regime without tiers grants
    its level whatever the years running."""
    for year, fact in sorted(now.facts.get(unit, {}).items()):
        tiers = now.tiers(year)
        before, after = now.run(unit, year), then.run(unit, year)
        allowed = granted(after.length, tiers)
        if year <= since or allowed is None or after.length >= before.length:
            continue
        told = (fact.decided, None if fact.nomination_id else granted(before.length, tiers))
        held = max((LEVELS.index(level) for level in told if level), default=-1)
        if held > LEVELS.index(allowed):
            lengths = before.length, after.length
            yield Unreached(name, year, LEVELS[held], allowed, fact.number, *lengths)
