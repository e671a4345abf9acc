"""What anybody may know: which areas were recognised, and what became of a paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.papers import annexes
from engine.papers.book import ANNEX_PUBLIC, PUBLIC, Paper, PaperVersion
from engine.subjects import Link, Subject
from workflows.names import words_of
from workflows.nominations import Nomination
from workflows.queries.then import Then, then
from workflows.results import Result, counting
from workflows.units import Unit, UnitSpan, on_day, searched, unit_on


@dataclass(frozen=True, slots=True)
class Place:
    """A unit with how many of its areas were judged and recognised in a year."""

    id: int
    name: str
    judged: int
    recognised: int


@dataclass(frozen=True, slots=True)
class Area:
    """An area with its results of some years: year → recognised."""

    id: int
    name: str
    commune_id: int
    commune: str
    results: Mapping[int, bool]


@dataclass(frozen=True, slots=True)
class PublicPaper:
    """What the public page tells of a paper: nothing of any person."""

    id: int
    kind: str
    state: str
    digest: str
    number: str
    issued_on: date | None
    authority: str
    areas: Sequence[str]
    sha256: str | None
    annex: str | None
    """The digest of its annex, where that is a file of its own."""

    annex_name: str


def years(session: Session) -> Sequence[int]:
    """The years that have results, the earliest first."""
    return session.scalars(select(Result.year).distinct().order_by(Result.year)).all()


def end_of(year: int) -> date:
    """The last day of a year, or today while it lasts: units are told as they were then."""
    return min(date(year, 12, 31), clock.today())


def _holds(span: type[UnitSpan]) -> ColumnElement[bool]:
    on = bindparam("on", type_=Date)
    return (span.starts_on <= on) & or_(span.ends_on.is_(None), span.ends_on >= on)


_area_then, _commune_then = aliased(UnitSpan), aliased(UnitSpan)
_COMMUNES = (
    select(
        Unit.id,
        _commune_then.form,
        _commune_then.name,
        func.count(),
        func.count().filter(Result.recognised),
    )
    .join(_commune_then, (_commune_then.unit_id == Unit.id) & _holds(_commune_then))
    .join(_area_then, (_area_then.parent_id == Unit.id) & _holds(_area_then))
    .join(Result, Result.area_id == _area_then.unit_id)
    .where(Result.year == bindparam("year"), counting(bindparam("today", type_=Date)))
    .group_by(Unit.id, _commune_then.form, _commune_then.name, Unit.sort)
    .order_by(Unit.sort, Unit.id)
)


def communes(session: Session, year: int) -> Sequence[Place]:
    """The communes with results in a year, as they were at its end."""
    values = {"year": year, "on": end_of(year), "today": clock.today()}
    rows = session.execute(_COMMUNES, values)
    return [Place(i, f"{form} {name}", judged, ok) for i, form, name, judged, ok in rows]


def areas(
    session: Session,
    *,
    commune_id: int | None = None,
    on: date | None = None,
    search: str = "",
    years: Sequence[int] = (),
    limit: int = 100,
) -> Sequence[Area]:
    """Areas of a commune (of those that stood under it on a day, if one is given), or those
    whose own or whose commune's name has words that begin with each word of the search, with
    their results of these years; a handful of queries. On a day of a year that is over they
    are told as they were by the end of it."""
    commune = aliased(Unit)
    query = (
        select(Unit.id, Unit.name, commune.id, commune.form, commune.name)
        .join(commune, commune.id == Unit.parent_id)
        .where(Unit.kind == "area")
        .order_by(commune.sort, Unit.sort, Unit.id)
        .limit(limit)
    )
    if commune_id is not None and on is not None:
        there = select(UnitSpan.unit_id).where(UnitSpan.parent_id == commune_id, on_day(on))
        query = query.where(Unit.id.in_(there))
    elif commune_id is not None:
        query = query.where(commune.id == commune_id)
    names = searched(Unit, commune)
    for word in words_of(search):
        query = query.where(names.contains(f" {word}", autoescape=True))
    found = session.execute(query).all()
    facts = _results(session, [row[0] for row in found], years)
    were = then(session, {(row[0], on.year) for row in found}) if on else {}
    return [_area(row, were.get((row[0], on.year)) if on else None, facts[row[0]]) for row in found]


def _results(
    session: Session, areas: Sequence[int], years: Sequence[int]
) -> dict[int, dict[int, bool]]:
    """The results of each area in these years that count today."""
    facts: dict[int, dict[int, bool]] = {area: {} for area in areas}
    told = session.execute(
        select(Result.area_id, Result.year, Result.recognised).where(
            Result.area_id.in_(areas), Result.year.in_(years), counting()
        )
    )
    for area_id, year, recognised in told:
        facts[area_id][year] = recognised
    return facts


def _area(row: Any, was: Then | None, facts: dict[int, bool]) -> Area:
    area_id, name, commune_id, form, commune = row
    title, parent = (was.title, was.parent) if was else (name, f"{form} {commune}")
    return Area(area_id, title, commune_id, parent, facts)


def unit(session: Session, unit_id: int) -> Unit | None:
    """The unit of that id."""
    return session.get(Unit, unit_id)


def plain_code(text: str) -> str:
    """A paper's code as the register has it, from what somebody typed, read aloud or pasted:
    in capitals, in groups, of full width, or as the address that the printed code holds.

    No letter of a code looks like another, so nothing is lost by that.
    """
    address = unicodedata.normalize("NFKC", text).casefold().partition("#")[0]
    last = address.rpartition("/p/")[2].partition("/")[0].partition("?")[0]
    return "".join(letter for letter in last if letter.isalnum())


def _newest(session: Session, paper_id: int, stages: Sequence[str]) -> str | None:
    """The digest of the newest file of a paper at one of these stages."""
    return session.scalar(
        select(PaperVersion.sha256)
        .where(PaperVersion.paper_id == paper_id, PaperVersion.stage.in_(stages))
        .order_by(PaperVersion.id.desc())
        .limit(1)
    )


def paper(session: Session, code: str) -> PublicPaper | None:
    """The paper with that public code, and the names of the areas it lists."""
    row = session.execute(
        select(Paper, Subject.state, Subject.definition_digest, Unit)
        .join(Subject, Subject.id == Paper.id)
        .join(Unit, Unit.id == Paper.authority_id)
        .where(Paper.code == code)
    ).first()
    if row is None:
        return None
    found, state, digest, authority = row
    on = found.issued_on or clock.today()
    then = unit_on(session, authority.id, on)
    names = session.scalars(
        select(func.coalesce(UnitSpan.name, Unit.name))
        .select_from(Unit)
        .outerjoin(UnitSpan, (UnitSpan.unit_id == Unit.id) & on_day(on))
        .join(Nomination, Nomination.area_id == Unit.id)
        .join(Link, Link.subject_id == Nomination.id)
        .where(Link.paper_id == found.id)
        .order_by(Link.position)
    ).all()
    sha256, annex = (_newest(session, found.id, stages) for stages in (PUBLIC, ANNEX_PUBLIC))
    return PublicPaper(
        found.id,
        found.kind,
        state,
        digest,
        found.number_text or "",
        found.issued_on,
        (then or authority).title,
        names,
        sha256,
        annex,
        annexes.file_name(found.values),
    )
