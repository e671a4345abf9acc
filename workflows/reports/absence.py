"""Years in which a unit was not there: a nought would say that nothing was recognised, where
another unit holds the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflows import lineage
from workflows.lawfiles import LAW, table
from workflows.units import Unit

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Absence:
    """Years before a unit's first or, if it ``ended``, at whose end it was no more; ``day`` is
    its first or last day, ``kin`` what it came out of or went into that was there in one of
    these years."""

    first: int
    last: int
    ended: bool
    day: date
    kin: Sequence[Unit]

    def __contains__(self, year: int) -> bool:
        return self.first <= year <= self.last


def absences(session: Session, unit: Unit, first: int, last: int) -> Sequence[Absence]:
    """Which of these years lie before and after the unit's time; no query where none does."""
    found = []
    if unit.starts_on.year > first:
        until = min(last, unit.starts_on.year - 1)
        kin = _kin(session, unit.id, first, until, came_of=True)
        found.append(Absence(first, until, False, unit.starts_on, kin))
    if unit.ends_on and unit.ends_on < date(last, 12, 31):
        since = max(first, (unit.ends_on + ONE_DAY).year)
        kin = _kin(session, unit.id, since, last, came_of=False)
        found.append(Absence(since, last, True, unit.ends_on, kin))
    return found


def _kin(session: Session, unit_id: int, first: int, last: int, *, came_of: bool) -> Sequence[Unit]:
    """All along the lineage, a query for each generation: what was there in these years."""
    ask = lineage.predecessors if came_of else lineage.successors
    seen = level = {unit_id}
    while level:
        links = ask(session, level)
        level = {link.unit_id for ones in links.values() for link in ones} - seen
        seen = seen | level
    query = select(Unit).where(
        Unit.id.in_(seen - {unit_id}),
        Unit.starts_on <= date(last, 12, 31),
        or_(Unit.ends_on.is_(None), Unit.ends_on >= date(first, 1, 1)),
    )
    return session.scalars(query.order_by(Unit.starts_on, Unit.sort, Unit.id)).all()


def without(rows: Sequence[Mapping[str, Any]], found: Sequence[Absence]) -> dict[int, Absence]:
    """The years of a yearly table that say nothing because the unit was not there. Results
    that were recorded all the same are shown."""
    return {
        row["year"]: one
        for row in rows
        for one in found
        if row["year"] in one and not row["registered"]
    }


def remarks(unit: Unit, gone: Mapping[int, Absence], language: str) -> Iterator[str]:
    """A sentence for the years before and one for those after, naming who has the figures."""
    notes = table(LAW / "words" / "reports.toml")["note"]
    for ended in (False, True):
        years = [year for year, one in gone.items() if one.ended is ended]
        if not years:
            continue
        one = gone[years[0]]
        told = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
        said = notes["no_more" if ended else "not_yet"][language]
        said = said.format(years=told, unit=unit.title, day=_day(one.day))
        kin = ", ".join(_named(other, one.first) for other in one.kin)
        elsewhere = notes["elsewhere"][language].format(units=kin) if kin else ""
        yield f"{said} {elsewhere}".rstrip()


def _named(unit: Unit, first: int) -> str:
    """With its code and, codes being reused, the days it bore it."""
    since = _day(unit.starts_on) if unit.starts_on > date(first, 1, 1) else "…"
    until = _day(unit.ends_on) if unit.ends_on else "…"
    time = "" if since == until else f"; {since} – {until}"
    return f"{unit.title} ({unit.code}{time})"


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")
