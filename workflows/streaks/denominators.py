"""What the share of a year is taken of: all areas there were, or those registered. The regime
of the year says, with where that stands and how sure it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine.errors import NotFound
from workflows.regimes import Denominator, regime_for
from workflows.streaks.members import THERE, asked
from workflows.units import Unit


def rule(year: int) -> Denominator | None:
    """The regime's rule of a year; nothing where no regime covers it: then it is those
    registered."""
    try:
        return regime_for(year).denominator
    except NotFound:
        return None


def of_existing(year: int) -> bool:
    """Whether the share of that year is taken of all areas there were."""
    told = rule(year)
    return told is not None and told.of == "existing"


def existing(session: Session, first: int, last: int) -> dict[int, int]:
    """How many areas there were at the end of each year whose share is taken of them; no
    query where there is no such year."""
    years = [year for year in range(first, last + 1) if of_existing(year)]
    if not years:
        return {}
    counts = (func.count().filter(_there(date(year, 12, 31))) for year in years)
    found = session.execute(select(*counts).where(Unit.kind == "area")).one()
    return dict(zip(years, found, strict=True))


_TOLD = THERE.c.root, THERE.c.since, THERE.c.until, Unit.ends_on
_STOOD = (
    select(*_TOLD, func.count())
    .join(Unit, Unit.id == THERE.c.id)
    .where(THERE.c.kind == "area")
    .group_by(*_TOLD)
)


def existing_in(
    session: Session, units: Collection[int], first: int, last: int
) -> dict[tuple[int, int], int]:
    """The same for each of these units, by unit and year."""
    years = [year for year in range(first, last + 1) if of_existing(year)]
    if not years:
        return {}
    found: Counter[tuple[int, int]] = Counter()
    rows = session.execute(_STOOD, asked(units, years[0], years[-1]))
    for root, since, until, ends_on, count in rows:
        for year in range(since, until + 1):
            stood = ends_on is None or ends_on >= date(year, 12, 31)
            found[root, year] += count if stood else 0
    return {(root, year): found[root, year] for root, year in found if year in years}


def denominator(year: int, registered: int, there: int) -> int:
    """Of how many the share of a year is taken; never of fewer than were registered, which
    some did in the year they ended."""
    return max(registered, there) if of_existing(year) else registered


def basis(year: int) -> dict[str, Any]:
    """What the rule rests on, as plain values: ``of``, ``basis``, ``confidence``."""
    told = rule(year)
    if told is None:
        return {"of": "registered", "basis": [], "confidence": "assumed"}
    return {"of": told.of, "basis": list(told.basis), "confidence": told.confidence}


def told_of(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the rows of a yearly table are taken of, told once for years running: the years
    (``2009–2012``), then as ``basis``."""
    for rests, ones in groupby(rows, lambda row: basis(row["year"])):
        years = [row["year"] for row in ones]
        first, last = years[0], years[-1]
        yield (str(first) if first == last else f"{first}–{last}"), rests


def _there(day: date) -> Any:
    return (Unit.starts_on <= day) & or_(Unit.ends_on.is_(None), Unit.ends_on >= day)
