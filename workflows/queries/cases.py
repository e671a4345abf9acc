"""One file, whole: a nomination or a paper with its history, its papers and whom it waits on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.definition import Definition
from engine.history import Event
from engine.papers import annexes
from engine.papers.book import Paper, PaperVersion
from engine.subjects import Link, Subject, SubjectScope
from workflows.cycles import SECURITY
from workflows.nominations import Nomination
from workflows.people import Person
from workflows.units import Unit, titled, unit_on


@dataclass(frozen=True, slots=True)
class Place:
    """A unit as the pages name it: ``title`` inside a sentence, ``heading`` alone."""

    id: int
    kind: str
    title: str

    @property
    def heading(self) -> str:
        return self.title[:1].upper() + self.title[1:]


@dataclass(frozen=True, slots=True)
class Case:
    """A subject with what identifies it. ``units`` are those whose people may read it.

    ``places`` are the units it is about, lowest first; ``paper`` is filled for a paper.
    """

    id: int
    kind: str
    definition_id: str
    digest: str
    state: str
    version: int
    entered_at: datetime
    due_at: datetime | None
    units: frozenset[int]
    places: tuple[Place, ...]
    year: int | None = None
    paper: Sheet | None = None
    title: str = SECURITY

    @property
    def name(self) -> str:
        return ", ".join(place.title for place in self.places[:2])


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a paper's own row says of it."""

    kind: str
    code: str
    authority: Place
    values: Mapping[str, Any]
    drafted_at: datetime
    number: str
    issued_on: date | None

    @property
    def annex(self) -> str:
        """The name of its annex, where that is a file of its own; else empty."""
        return annexes.file_name(self.values)


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper in a list: of a nomination, or waiting in somebody's inbox."""

    id: int
    kind: str
    state: str
    digest: str
    number: str
    issued_on: date | None
    drafted_at: datetime
    authority: str
    level: str


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a history with the name of whoever acted."""

    version: int
    at: datetime
    person_id: int | None
    person: str
    office: Mapping[str, Any] | None
    action: str
    duty: str | None
    from_state: str
    to_state: str
    data: Mapping[str, Any]
    hash: str


# Statements are built once: building one costs several times what running it does.
_ID: BindParameter[int] = bindparam("subject")
_area, _commune, _district = aliased(Unit), aliased(Unit), aliased(Unit)
_NOMINATION = (
    select(Subject, Nomination.year, Nomination.title, _area, _commune, _district)
    .join(Nomination, Nomination.id == Subject.id)
    .join(_area, _area.id == Nomination.area_id)
    .join(_commune, _commune.id == _area.parent_id)
    # The province has nothing above it.
    .outerjoin(_district, _district.id == _commune.parent_id)
    .where(Subject.id == _ID)
)
_SEEN = select(SubjectScope.unit_id).where(SubjectScope.subject_id == _ID)
_PAPER = (
    select(Subject, Paper, Unit)
    .join(Paper, Paper.id == Subject.id)
    .join(Unit, Unit.id == Paper.authority_id)
    .where(Subject.id == _ID)
)
_farther = aliased(Link)
_PAPER_SEEN = (
    select(SubjectScope.unit_id)
    .where(
        or_(
            SubjectScope.subject_id == _ID,
            SubjectScope.subject_id.in_(select(Link.subject_id).where(Link.paper_id == _ID)),
            # A paper that acts on an earlier one is read by those of that one.
            SubjectScope.subject_id.in_(
                select(_farther.subject_id)
                .join(Link, Link.subject_id == _farther.paper_id)
                .where(Link.paper_id == _ID)
            ),
        )
    )
    .distinct()
)


def nomination(session: Session, nomination_id: int) -> Case | None:
    """The nomination of that id."""
    values = {"subject": nomination_id}
    row = session.execute(_NOMINATION, values).first()
    if row is None:
        return None
    subject, year, title, *units = row
    seen = session.scalars(_SEEN, values)
    places = _places(units)
    if year < clock.today().year:
        # A year gone by is told with the names of then.
        places = tuple(_then(session, units[0].id, date(year, 12, 31)))[: len(places)] or places
    return _case(subject, frozenset(seen), places, year=year, title=title)


def _then(session: Session, area_id: int, on: date) -> Iterator[Place]:
    """The unit and what stood above it on a day, lowest first."""
    unit: int | None = area_id
    while unit is not None and (span := unit_on(session, unit, on)):
        yield Place(unit, span.kind, span.title)
        unit = span.parent_id


def paper(session: Session, paper_id: int) -> Case | None:
    """The paper of that id; whoever may read a nomination it lists may read the paper."""
    values = {"subject": paper_id}
    row = session.execute(_PAPER, values).first()
    if row is None:
        return None
    subject, found, unit = row
    seen = session.scalars(_PAPER_SEEN, values)
    sheet = Sheet(
        found.kind,
        found.code,
        _place(unit),
        found.values,
        found.drafted_at,
        found.number_text or "",
        found.issued_on,
    )
    return _case(subject, frozenset(seen), (_place(unit),), paper=sheet)


def _case(
    subject: Subject,
    units: frozenset[int],
    places: tuple[Place, ...],
    *,
    year: int | None = None,
    paper: Sheet | None = None,
    title: str = SECURITY,
) -> Case:
    return Case(
        subject.id,
        subject.kind,
        subject.definition_id,
        subject.definition_digest,
        subject.state,
        subject.version,
        subject.entered_at,
        subject.due_at,
        units,
        places,
        year,
        paper,
        title,
    )


def _places(units: Iterable[Unit | None]) -> tuple[Place, ...]:
    """Above a province there is nothing."""
    return tuple(_place(unit) for unit in units if unit is not None)


def _place(unit: Unit) -> Place:
    return Place(unit.id, unit.kind, unit.title)


_TIMELINE = (
    select(Event.__table__, Person.name.label("person"))
    .outerjoin(Person, Person.id == Event.person_id)
    .where(Event.subject_id == _ID)
    .order_by(Event.version)
)
_PAPERS = (
    select(
        Paper.id,
        Paper.kind,
        Subject.state,
        Subject.definition_digest,
        Paper.number_text,
        Paper.issued_on,
        Paper.drafted_at,
        Unit.kind.label("unit_kind"),
        Unit.form,
        Unit.name,
    )
    .join(Subject, Subject.id == Paper.id)
    .join(Unit, Unit.id == Paper.authority_id)
    .join(Link, Link.paper_id == Paper.id)
    .where(Link.subject_id == _ID)
    .order_by(Paper.drafted_at.desc(), Paper.id.desc())
)


def timeline(session: Session, subject_id: int) -> Sequence[Line]:
    """Every event of a subject, the oldest first."""
    rows = session.execute(_TIMELINE, {"subject": subject_id})
    return [
        Line(
            row.version,
            row.at,
            row.person_id,
            row.person or "",
            row.office,
            row.action,
            row.duty,
            row.from_state,
            row.to_state,
            row.data,
            row.hash,
        )
        for row in rows
    ]


def papers_of(session: Session, nomination_id: int) -> Sequence[Listed]:
    """The papers that list a nomination, the newest first."""
    return [_listed(row) for row in session.execute(_PAPERS, {"subject": nomination_id})]


def _listed(row: Any) -> Listed:
    authority = titled(row.unit_kind, row.form, row.name)
    return Listed(
        row.id,
        row.kind,
        row.state,
        row.definition_digest,
        row.number_text or "",
        row.issued_on,
        row.drafted_at,
        authority,
        row.unit_kind,
    )


def listed_in(session: Session, paper_id: int) -> Sequence[tuple[int, str, str, int, str, str]]:
    """What a paper lists, in its order: id, area, commune, year, state, definition digest."""
    commune = aliased(Unit)
    rows = session.execute(
        select(
            Subject.id,
            Unit.name,
            commune.form,
            commune.name,
            Nomination.year,
            Subject.state,
            Subject.definition_digest,
        )
        .join(Link, Link.subject_id == Subject.id)
        .join(Nomination, Nomination.id == Subject.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .join(commune, commune.id == Unit.parent_id)
        .where(Link.paper_id == paper_id)
        .order_by(Link.position)
    )
    return [(i, area, f"{form} {name}", y, s, d) for i, area, form, name, y, s, d in rows]


def versions(session: Session, paper_id: int) -> Sequence[tuple[str, str, int, datetime]]:
    """The files of a paper, the newest first: stage, digest, size, when."""
    rows = session.execute(
        select(PaperVersion.stage, PaperVersion.sha256, PaperVersion.size, PaperVersion.at)
        .where(PaperVersion.paper_id == paper_id)
        .order_by(PaperVersion.id.desc())
    )
    return [(stage, sha256, size, at) for stage, sha256, size, at in rows]


def before_return(
    session: Session, definition: Definition, case: Case, action: str
) -> tuple[datetime, Mapping[str, Any]] | None:
    """When and what the same move of this file told the last time, if that counts no more:
    the file was returned, or whoever told it took it back."""
    voiders = definition.voiders(action)
    if not voiders:
        return None
    rows = session.execute(
        select(Event.action, Event.at, Event.data)
        .where(Event.subject_id == case.id, Event.action.in_({action, *voiders}))
        .order_by(Event.version)
    ).all()
    told = [row for row in rows if row.action == action]
    return (told[-1].at, told[-1].data) if told and rows[-1].action in voiders else None


def last_year(session: Session, case: Case, action: str) -> tuple[int, Mapping[str, Any]] | None:
    """What was told by the same move of the same area in the latest year before."""
    if case.year is None:
        return None
    row = session.execute(
        select(Nomination.year, Event.data)
        .join(Event, Event.subject_id == Nomination.id)
        .where(
            Nomination.area_id == case.places[0].id,
            Nomination.year < case.year,
            Event.action == action,
        )
        .order_by(Nomination.year.desc(), Event.version.desc())
        .limit(1)
    ).first()
    return (row.year, row.data) if row else None
