"""What each year counts as, told again from the papers in force, beside what is recorded.

The rows of ``results`` are only what is read fast: whoever rewrites one is found out, on
whatever day it would count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import clock, standing
from engine import history as chains
from engine.history import Break, Event
from engine.house import House
from engine.papers import numbering
from engine.subjects import Subject
from workflows.cycles import SECURITY
from workflows.nominations import Nomination
from workflows.recount import Sheet, fold, sheets_of
from workflows.results import EVER, Result
from workflows.takeover.rechecking import acts
from workflows.territory.rechecking import units

RESULT = "result"
"""Code: a year counts as something else than its papers make of it."""

ABOUT = "about"
"""Code: a nomination is of another area, year or title than the one it was opened for."""

BATCH = 500


def verify(session: Session, house: House) -> Sequence[Break]:
    """Everything that is told again: the chains with the states, units and lists they explain
    (``engine.history``), the terms and who is waited for (``engine.standing``), the numbers
    (``engine.papers.numbering``), what the nominations are about, the results, the acts on
    those taken over, and the past of units."""
    series = {kind.id: kind.series for kind in house.kinds.values()}
    return [
        *chains.verify(session),
        *standing.verify(session, house),
        *numbering.verify(session, series),
        *abouts(session),
        *results(session),
        *acts(session),
        *units(session),
    ]


def abouts(session: Session) -> Iterator[Break]:
    """A ``Break`` (``about``) for each nomination that is not what its opening says, or that is
    not there at all."""
    query = (
        select(Event.subject_id, Event.data, Nomination.area_id, Nomination.year, Nomination.title)
        .join(Subject, (Subject.id == Event.subject_id) & (Subject.kind == "nomination"))
        .outerjoin(Nomination, Nomination.id == Subject.id)
        .where(Event.version == 1)
    )
    for row in session.execute(query, execution_options={"yield_per": 2000}):
        said = tuple(row.data.get(name) for name in ("area", "year", "title"))
        if said != (stands := (row.area_id, row.year, row.title)):
            yield Break(row.subject_id, 1, ABOUT, f"{said} ≠ {stands}")


def results(session: Session) -> Iterator[Break]:
    """A ``Break`` (``result``) for each nomination whose year is recorded as something else
    than its papers make of it."""
    yield from _of_others(session)
    own = select(Nomination.id, Nomination.area_id, Nomination.year).order_by(Nomination.id)
    last = 0
    query = own.where(Nomination.title == SECURITY).limit(BATCH)
    while batch := session.execute(query.where(Nomination.id > last)).all():
        last = batch[-1].id
        sheets = sheets_of(session, [one.id for one in batch])
        rows = _recorded(session, batch)
        for one in batch:
            recorded = rows.get((one.area_id, one.year), ())
            if difference := _difference(one.id, sheets.get(one.id, ()), recorded):
                yield Break(one.id, 0, RESULT, difference)


def _of_others(session: Session) -> Iterator[Break]:
    """Results that name a nomination of another area, year or title."""
    query = (
        select(Result.nomination_id, Result.year)
        .join(Nomination, Nomination.id == Result.nomination_id)
        .where(
            or_(
                Nomination.area_id != Result.area_id,
                Nomination.year != Result.year,
                Nomination.title != SECURITY,
            )
        )
    )
    for nomination, year in session.execute(query):
        yield Break(nomination or 0, 0, RESULT, str(year))


def _recorded(session: Session, batch: Sequence[Any]) -> Mapping[tuple[int, int], Sequence[Any]]:
    found: dict[tuple[int, int], list[Any]] = {}
    query = select(Result.__table__).where(
        Result.area_id.in_({one.area_id for one in batch}),
        Result.year.in_({one.year for one in batch}),
    )
    for row in session.execute(query):
        found.setdefault((row.area_id, row.year), []).append(row)
    return found


def _difference(nomination: int, sheets: Collection[Sheet], rows: Sequence[Any]) -> str:
    """On which day what papers make of the year is not what is recorded, and both."""
    for day in sorted(_days(sheets)):
        counted = fold(sheet.on(day) for sheet in sheets)
        told = counted and (counted.recognised, counted.level, counted.number, counted.day)
        there = [row for row in rows if _counts(row, day)]
        if told is None and all(row.nomination_id is None for row in there):
            continue  # taken over from elsewhere, or nothing known
        if [_told(row) for row in there] != [(nomination, *(told or ()))]:
            said = (" ".join(map(str, side)) for side in (told or ("-",), *map(_told, there)))
            return f"{day}: {' ≠ '.join(said)}"
    return _gap(sheets, rows) if sheets else ""


def _told(row: Any) -> tuple[Any, ...]:
    deciding = (row.recognised, row.level, row.decision_number, row.decided_on)
    return (row.nomination_id, *deciding)


def _counts(row: Any, day: date) -> bool:
    return bool(row.counts_from <= day and (row.counts_until is None or row.counts_until > day))


def _days(sheets: Collection[Sheet]) -> set[date]:
    """Today, and both sides of each day on which a paper ends by itself. The latest paper of
    all rewrote what its own day and later ones count as; of earlier days nothing can be told
    again."""
    last = max((one.ends.day if one.ends else one.day for one in sheets), default=EVER)
    ends = {day for day in _falls(sheets) if day > last}
    return {clock.today(), *ends, *(day - timedelta(days=1) for day in ends)}


def _falls(sheets: Collection[Sheet]) -> set[date]:
    return {one.ends.on for one in sheets if one.ends and one.ends.on > one.ends.day}


def _gap(sheets: Collection[Sheet], rows: Sequence[Any]) -> str:
    """Where the days on which the rows count are not all days, one row after the other, each
    until a paper ended by itself."""
    ordered = sorted(rows, key=lambda row: row.counts_from)
    begins = [row.counts_from for row in ordered]
    ends = [row.counts_until for row in ordered]
    if begins == [EVER, *ends[:-1]] and ends[-1] is None and {*begins[1:]} <= _falls(sheets):
        return ""
    return " ".join(f"{begin}-{end or ''}" for begin, end in zip(begins, ends, strict=True))
