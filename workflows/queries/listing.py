"""The list of nominations somebody may read, filtered, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import MINYEAR, date, datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.subjects import Subject, SubjectScope
from workflows.cycles import SECURITY, Cycle
from workflows.names import words_of
from workflows.nominations import Nomination
from workflows.queries.then import Then, then
from workflows.streaks.members import places
from workflows.units import Unit, UnitSpan, searched, title_of

MOST_TO_CHOOSE_FROM = 300
PORTION = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter. ``units`` are those the reader's offices are at; None reads everything."""

    units: Sequence[int] | None
    state: str = ""
    commune_id: int | None = None
    year: int | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One nomination of the list. Area and commune are those of its year: a unit that was
    renamed since, or moved elsewhere, is told as it was."""

    id: int
    area_code: str
    area: str
    commune: str
    year: int
    state: str
    digest: str
    entered_at: datetime
    due_at: datetime | None
    version: int


def page(
    session: Session, wanted: Wanted, *, limit: int = 50, offset: int = 0
) -> tuple[Sequence[Row], int]:
    """Some nominations in the order of year and place, and how many there are in all."""
    values = _values(wanted)
    words = words_of(wanted.search)
    counting = _named(_counting(*_shape(wanted), named=bool(words)), words)
    total = session.scalar(counting, values) or 0
    query = _named(_some(*_shape(wanted)), words)
    part = {"limit": limit, "offset": offset}
    return _rows(session, session.execute(query, values | part).all()), total


def every(session: Session, wanted: Wanted) -> Iterator[Row]:
    """All of them, read in portions."""
    query = _named(_listing(*_shape(wanted)), words_of(wanted.search))
    rows = session.execute(query, _values(wanted), execution_options={"yield_per": PORTION})
    for portion in rows.partitions():
        yield from _rows(session, portion)


# Statements are built once for each shape of a filter: whether it keeps to some units, to a
# state, a commune, a year.

_commune = aliased(Unit)
_NAMES = searched(Unit, _commune)
_UNITS: BindParameter[Any] = bindparam("units", expanding=True)
Commune = Literal["", "each", "now", "then"]
Shape = tuple[bool, bool, Commune, bool]


def _shape(wanted: Wanted) -> Shape:
    """``then``: of a year that is over, the commune is that of the year; of any year
    (``each``), it is that of each one's own."""
    commune: Commune = ""
    if wanted.commune_id:
        commune = "then" if _over(wanted.year) else "now" if wanted.year else "each"
    return wanted.units is not None, bool(wanted.state), commune, bool(wanted.year)


def _over(year: int | None) -> bool:
    return year is not None and MINYEAR <= year < clock.today().year


def _values(wanted: Wanted) -> dict[str, Any]:
    return {
        "units": wanted.units,
        "state": wanted.state,
        "commune": wanted.commune_id,
        "year": wanted.year,
        "end": date(wanted.year or MINYEAR, 12, 31) if _over(wanted.year) else None,
    }


@cache
def _listing(units: bool, state: bool, commune: Commune, year: bool) -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = (
        select(
            Subject.id,
            Unit.id.label("area_id"),
            Unit.code,
            title_of(Unit).label("area"),
            _commune.form,
            _commune.name.label("commune"),
            Nomination.year,
            Subject.state,
            Subject.definition_digest,
            Subject.entered_at,
            Subject.due_at,
            Subject.version,
        )
        .join(Nomination, Nomination.id == Subject.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .join(_commune, _commune.id == Unit.parent_id)
        .order_by(Nomination.year.desc(), _commune.sort, Unit.sort, Subject.id)
    )
    return query.where(*_conditions(units, state, commune, year))


@cache
def _some(units: bool, state: bool, commune: bool, year: bool) -> Select[*tuple[Any, ...]]:
    """A part of them."""
    limit, offset = (bindparam(name, type_=Integer) for name in ("limit", "offset"))
    return _listing(units, state, commune, year).limit(limit).offset(offset)


@cache
def _counting(
    units: bool, state: bool, commune: Commune, year: bool, *, named: bool
) -> Select[*tuple[Any, ...]]:
    """The same counted, joined to no more than the filter asks about."""
    query: Select[*tuple[Any, ...]] = select(func.count()).select_from(Nomination)
    if state:
        query = query.join(Subject, Subject.id == Nomination.id)
    if commune or named:
        query = query.join(Unit, Unit.id == Nomination.area_id)
        query = query.join(_commune, _commune.id == Unit.parent_id)
    return query.where(*_conditions(units, state, commune, year))


def _conditions(
    units: bool, state: bool, commune: Commune, year: bool
) -> Iterator[ColumnElement[bool]]:
    if units:
        allowed = select(SubjectScope.subject_id).where(SubjectScope.unit_id.in_(_UNITS))
        yield Nomination.id.in_(allowed)
    if state:
        yield Subject.state == bindparam("state")
    if commune == "now":
        yield _commune.id == bindparam("commune")
    elif commune == "each":
        yield from _of_its_year()
    elif commune:
        span = aliased(UnitSpan)
        there = select(span.id).where(
            span.unit_id == Unit.id, span.parent_id == bindparam("commune"), _last_of(span, Unit)
        )
        yield there.exists()
    if year:
        yield Nomination.year == bindparam("year")


def _of_its_year() -> Iterator[ColumnElement[bool]]:
    """Whether the area of a nomination belonged to the commune in the nomination's year. The
    first condition alone is what a database can begin with: few areas were ever there."""
    ever = select(UnitSpan.unit_id).where(UnitSpan.parent_id == bindparam("commune"))
    yield Nomination.area_id.in_(ever)
    place = places()
    there = select(place.c.id).where(
        place.c.id == Nomination.area_id,
        place.c.parent_id == bindparam("commune"),
        Nomination.year.between(place.c.since, place.c.until),
    )
    yield there.exists()


def _last_of(span: type[UnitSpan], unit: type[Unit]) -> ColumnElement[bool]:
    """Whether a span is what a unit was on the last day of the year, or on its own last day."""
    end: BindParameter[Any] = bindparam("end")
    lasts = span.ends_on.is_(None) | (span.ends_on >= end) | (span.ends_on == unit.ends_on)
    return (span.starts_on <= end) & lasts


def _named(query: Select[*tuple[Any, ...]], words: Iterable[str]) -> Select[*tuple[Any, ...]]:
    for word in words:
        query = query.where(_NAMES.contains(f" {word}", autoescape=True))
    return query


def _rows(session: Session, rows: Sequence[Any]) -> list[Row]:
    were = then(session, {(row.area_id, row.year) for row in rows})
    return [_row(row, were.get((row.area_id, row.year))) for row in rows]


def _row(row: Any, was: Then | None) -> Row:
    return Row(
        row.id,
        was.code if was else row.code,
        was.title if was else row.area,
        was.parent if was else f"{row.form} {row.commune}",
        row.year,
        row.state,
        row.definition_digest,
        row.entered_at,
        row.due_at,
        row.version,
    )


_ABOVE = select(Unit.parent_id).where(Unit.id.in_(_UNITS))
_BELOW = select(Unit.id).where(Unit.parent_id.in_(_UNITS))
_COMMUNES = (
    select(Unit.id, Unit.form, Unit.name)
    .where(Unit.kind == "commune")
    .order_by(Unit.sort, Unit.id)
    .limit(MOST_TO_CHOOSE_FROM + 1)
)
_MY_COMMUNES = _COMMUNES.where(
    or_(
        Unit.id.in_(_UNITS),
        Unit.id.in_(_ABOVE),
        Unit.parent_id.in_(_UNITS),
        Unit.parent_id.in_(_BELOW),
    )
)


_SPANS_ABOVE = select(UnitSpan.parent_id).where(UnitSpan.unit_id.in_(_UNITS))
_SPANS_BELOW = select(UnitSpan.unit_id).where(UnitSpan.parent_id.in_(_UNITS))
_COMMUNES_THEN = (
    select(UnitSpan.unit_id, UnitSpan.form, UnitSpan.name)
    .join(Unit, Unit.id == UnitSpan.unit_id)
    .where(UnitSpan.kind == "commune", _last_of(UnitSpan, Unit))
    .where(Unit.ends_on.is_(None) | (Unit.ends_on >= bindparam("begin")))
    .order_by(Unit.sort, Unit.id)
    .limit(MOST_TO_CHOOSE_FROM + 1)
)
_MY_COMMUNES_THEN = _COMMUNES_THEN.where(
    or_(
        UnitSpan.unit_id.in_(_UNITS),
        UnitSpan.unit_id.in_(_SPANS_ABOVE),
        UnitSpan.parent_id.in_(_UNITS),
        UnitSpan.parent_id.in_(_SPANS_BELOW),
    )
)


def communes(
    session: Session, units: Sequence[int] | None, year: int | None = None
) -> Sequence[tuple[int, str]]:
    """The communes to choose from: those in, under or above these units (None: all); of a
    ``year`` that is over, those there were in it, by their names of then.

    Nothing when they are too many to choose from; then one searches by name.
    """
    values: dict[str, Any] = {"units": units}
    query = _COMMUNES if units is None else _MY_COMMUNES
    if year is not None and _over(year):
        query = _COMMUNES_THEN if units is None else _MY_COMMUNES_THEN
        values |= {"begin": date(year, 1, 1), "end": date(year, 12, 31)}
    found = [(i, f"{form} {name}") for i, form, name in session.execute(query, values)]
    return found if len(found) <= MOST_TO_CHOOSE_FROM else []


_YEARS = (
    select(Cycle.year)
    .where(exists().where(Nomination.year == Cycle.year))
    .distinct()
    .order_by(Cycle.year.desc())
)


def years(session: Session) -> Sequence[int]:
    """The years that have nominations, the latest first."""
    return session.scalars(_YEARS).all()


def open_areas(session: Session, area_ids: Sequence[int], year: int) -> Sequence[tuple[int, str]]:
    """Those of the units whose kind has a cycle of that year and which have no nomination of it
    yet, with their names."""
    started = select(Nomination.area_id).where(
        Nomination.year == year, Nomination.title == SECURITY
    )
    begun = select(Cycle.year).where(
        Cycle.year == year, Cycle.title == SECURITY, Cycle.kind == Unit.kind
    )
    query = (
        select(Unit.id, title_of(Unit))
        .where(Unit.id.in_(area_ids), begun.exists(), Unit.id.not_in(started))
        .order_by(Unit.sort)
    )
    return [(unit_id, title) for unit_id, title in session.execute(query)]
