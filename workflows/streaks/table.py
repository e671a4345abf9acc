"""The yearly table: registered, recognised, and how many have which streak."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from sqlalchemy import CTE, Date, Over, Select, bindparam, func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import Refusal, Refused
from engine.history import Event
from workflows.cycles import SECURITY
from workflows.nominations import Nomination
from workflows.results import Result, counting
from workflows.streaks.denominators import basis, denominator, existing, existing_in
from workflows.streaks.members import FIRST, LAST, THERE, asked, members_of, was_there
from workflows.streaks.reading import descent, successors
from workflows.units import Unit

AT_LEAST = (2, 3, 4, 5)  # the streaks a yearly table counts
LONGEST = max(AT_LEAST)
MOST_YEARS = 200  # of a table; a database answers with no more than some hundred columns
REGISTER = "register"  # the move by which a nomination is registered


def percent(part: int, whole: int) -> str | None:
    """``part`` of ``whole`` in percent with two decimals, half rounded up; exact integers."""
    if whole == 0:
        return None
    hundredths = (20_000 * part + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def yearly_table(
    session: Session, first: int, last: int, unit_id: int | None = None
) -> list[dict[str, Any]]:
    """A row for each year: registered, recognised, percent, of how many it is taken and on
    what that rests, and the streaks of at least n years among the areas recognised that year.

    Registered is every area with a result, and every one whose nomination got as far as
    registering, whatever became of it; of a unit, those that belonged to it at the end of the
    year. A handful of queries, whatever the number of areas: the
    database counts the streaks of areas that came out of no others, the rest are walked. A
    year in which nothing was registered has zeros and no percent. Raises ``Refused``
    (``report_years_wrong``).
    """
    if last - first >= MOST_YEARS:
        raise Refused(Refusal("report_years_wrong", {"most": MOST_YEARS}))
    there = None if unit_id is None else THERE
    values = _values(first, last, unit_id)
    decided = {year: counts for year, *counts in session.execute(_counts(there), values)}
    pending: dict[int, int] = dict(session.execute(_undecided(there), values).all())
    stood = _existing(session, first, last, unit_id)
    inherited = _inherited(session, first, last, unit_id)
    table = []
    for year in range(first, last + 1):
        results, recognised, *streaks = decided.get(year, [0] * (2 + len(AT_LEAST)))
        registered = results + pending.get(year, 0)
        whole = denominator(year, registered, stood.get(year, 0))
        table.append(
            {
                "year": year,
                "registered": registered,
                "recognised": recognised,
                "percent": percent(recognised, whole) if registered else None,
                "denominator": {"count": whole, **basis(year)},
                "streaks": {
                    str(n): count + inherited[year, n]
                    for n, count in zip(AT_LEAST, streaks, strict=True)
                },
            }
        )
    return table


def _existing(session: Session, first: int, last: int, unit_id: int | None) -> dict[int, int]:
    if unit_id is None:
        return existing(session, first, last)
    found = existing_in(session, [unit_id], first, last)
    return {year: count for (_, year), count in found.items()}


def _inherited(
    session: Session, first: int, last: int, unit_id: int | None
) -> Counter[tuple[int, int]]:
    """How many areas that came out of others have a streak of at least n, by year and n."""
    query = _heirs_judged(None if unit_id is None else THERE)
    judged = session.execute(query, _values(first, last, unit_id)).all()
    counted: Counter[tuple[int, int]] = Counter()
    if not judged:
        return counted
    areas = _areas(None if unit_id is None else members_of(unit_id, first, last))
    known = descent(session, successors(areas), years=(first - LONGEST + 1, last))
    for area, year in judged:
        length = known.run(area, year).length
        counted.update((year, n) for n in AT_LEAST if length >= n)
    return counted


# The statements are built once: for everything, and for what was in a unit (``THERE``).

_TODAY = bindparam("today", type_=Date)


def _values(first: int, last: int, unit_id: int | None) -> dict[str, Any]:
    units = () if unit_id is None else (unit_id,)
    return asked(units, first, last) | {"today": clock.today()}


@cache
def _heirs_judged(there: CTE | None) -> Any:
    heirs = successors(_areas(there))
    query = select(Result.area_id, Result.year)
    query = query.where(Result.recognised, counting(_TODAY), Result.area_id.in_(heirs))
    # A unit's own years are said once: said again, they lead PostgreSQL to start from them.
    if there is None:
        return query.where(Result.year.between(FIRST, LAST))
    return _in_unit(query, Result.area_id, Result.year, there)


def _areas(there: CTE | None) -> Select[int]:
    """The residential areas, or those that were in a unit in any of the years."""
    if there is None:
        return select(Unit.id).where(Unit.kind == "area")
    return select(there.c.id).where(there.c.kind == "area")


def _in_unit(query: Any, area: Any, year: Any, there: CTE | None) -> Any:
    """Only the years in which the area was in the unit."""
    return query if there is None else query.join(there, was_there(there, area, year))


@cache
def _undecided(there: CTE | None) -> Any:
    """Nominations per year that registered and have no result yet, or never got one."""
    registered = select(Event.id).where(Event.subject_id == Nomination.id, Event.action == REGISTER)
    decided = select(Result.id).where(
        Result.area_id == Nomination.area_id, Result.year == Nomination.year, counting(_TODAY)
    )
    query = select(Nomination.year, func.count()).where(
        Nomination.year.between(FIRST, LAST),
        Nomination.title == SECURITY,
        Nomination.area_id.in_(_areas(there)),
        registered.exists(),
        ~decided.exists(),
    )
    query = _in_unit(query, Nomination.area_id, Nomination.year, there)
    return query.group_by(Nomination.year)


def _years_before(places: int) -> Over[int]:
    return func.lag(Result.year, places).over(
        partition_by=(Result.area_id, Result.recognised), order_by=Result.year
    )


@cache
def _counts(there: CTE | None) -> Any:
    """Counts per year. A streak of at least n ends in a year exactly if, n - 1 places before
    among the area's recognised years, stands the year n - 1 earlier. Streaks of areas that
    came out of others are left out."""
    alone = Result.area_id.not_in(successors())
    # ``+ 0`` keeps SQLite on the index by area, along which the windows need no sort.
    runs = select(
        Result.area_id,
        Result.year,
        Result.recognised,
        alone.label("alone"),
        *((_years_before(n - 1) == Result.year - (n - 1)).label(f"run{n}") for n in AT_LEAST),
    ).where((Result.year + 0).between(FIRST - LONGEST + 1, LAST), counting(_TODAY))
    run = runs.where(Result.area_id.in_(_areas(there))).subquery()
    streaks = (
        func.count().filter(run.c.recognised, run.c[f"run{n}"], run.c.alone) for n in AT_LEAST
    )
    query = select(run.c.year, func.count(), func.count().filter(run.c.recognised), *streaks).where(
        run.c.year >= FIRST
    )
    return _in_unit(query, run.c.area_id, run.c.year, there).group_by(run.c.year)
