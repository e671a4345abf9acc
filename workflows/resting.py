"""Papers in force that rest on a paper that fell: found beforehand, marked, listed.

A certificate rests on its decision, a higher decision on the commune's, one for several
years running on the decision of each of those years. What rests on a fallen paper does not
fall by itself: whoever issued it decides (law/rules/aftermath.toml).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any

from sqlalchemy import ForeignKey, bindparam, func, insert, select, union
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from engine.db import Base, Instant
from engine.papers.book import Paper
from engine.subjects import Link, Subject
from workflows.aftermath import IN_FORCE, LEVEL_OF, aftermath
from workflows.nominations import Nomination
from workflows.streaks import heirs_of
from workflows.takeover.acts import RestingOnAct, ResultAct
from workflows.units import Unit, title_of

LONGEST_STREAK = 20
"""No tier asks for more years running than this."""


class Resting(Base):
    """A paper rests on one that fell. It counts while the paper itself is in force."""

    __tablename__ = "resting_papers"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    fallen_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)


_MARKS: tuple[type[Resting] | type[RestingOnAct], ...] = (Resting, RestingOnAct)


@dataclass(frozen=True, slots=True)
class Dependent:
    """A paper in force that rests on another one, for the areas named."""

    paper_id: int
    kind: str
    number: str
    issued_on: date
    authority_id: int
    authority: str
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shaken:
    """A paper in force that rests on a fallen one, and which one that is; or on a year taken
    over from elsewhere that an act took away: then ``fallen_id`` is 0, ``fallen_kind`` empty,
    ``fallen_number`` that of the act, and ``year`` the year."""

    paper_id: int
    kind: str
    number: str
    issued_on: date
    authority: str
    fallen_id: int
    fallen_kind: str
    fallen_number: str
    fallen_state: str
    year: int = 0


def listed_in(session: Session, paper_id: int) -> frozenset[int]:
    """The nominations that a paper lists."""
    query = select(Link.subject_id).where(Link.paper_id == paper_id, Link.position > 0)
    return frozenset(session.scalars(query))


def dependents(session: Session, paper_id: int, kept: Collection[int] = ()) -> Sequence[Dependent]:
    """The papers in force that rest on this one for nominations not among ``kept``, in the
    order of their issue. Three queries, whatever their number."""
    fallen = session.get_one(Paper, paper_id)
    lost = [(one.area_id, one.year) for one in _listed(session, paper_id) if one.id not in kept]
    return _dependents(session, fallen.kind, fallen.authority_id, lost)


def dependents_of_year(session: Session, area_id: int, year: int) -> Sequence[Dependent]:
    """The papers in force that rest on a year of an area of which no paper is here: one taken
    over from elsewhere. It counts as the decision that years are counted by."""
    return _dependents(session, aftermath().counts.base, None, [(area_id, year)])


def _dependents(
    session: Session, kind: str, authority_id: int | None, lost: Sequence[tuple[int, int]]
) -> Sequence[Dependent]:
    if not lost:
        return ()
    years = _years_lost(session, lost)
    found: dict[int, tuple[Any, list[str]]] = {}
    for row in _candidates(session, kind, years):
        if any(_rests(row, kind, authority_id, year) for year in years[row.area_id]):
            found.setdefault(row.id, (row, []))[1].append(row.area)
    return [
        Dependent(
            row.id,
            row.kind,
            row.number_text,
            row.issued_on,
            row.authority_id,
            authority.title,
            tuple(areas),
        )
        for (row, areas) in found.values()
        for authority in (row.Unit,)
    ]


def _years_lost(session: Session, lost: Sequence[tuple[int, int]]) -> Mapping[int, set[int]]:
    """By area, the years that fall: its own, and those of the areas it came out of."""
    heirs = heirs_of(session, [area for area, _ in lost])
    years: dict[int, set[int]] = {}
    for own, year in lost:
        for area in (own, *heirs.get(own, ())):
            years.setdefault(area, set()).add(year)
    return years


def _listed(session: Session, paper_id: int) -> Sequence[Nomination]:
    query = select(Nomination).join(Link, Link.subject_id == Nomination.id)
    return session.scalars(query.where(Link.paper_id == paper_id)).all()


def _candidates(
    session: Session, fallen: str, lost: Mapping[int, Collection[int]]
) -> Iterator[Any]:
    """Papers in force of the kinds that may rest on one of the fallen kind, one row for each
    area they list."""
    kinds = [kind for kind, base in aftermath().rests_on.items() if fallen in base]
    area, authority = aliased(Unit), Unit
    first = min(chain.from_iterable(lost.values()))
    last = max(chain.from_iterable(lost.values())) + LONGEST_STREAK
    query = (
        select(
            Paper.id,
            Paper.kind,
            Paper.number_text,
            Paper.issued_on,
            Paper.authority_id,
            Paper.values["streak"].as_integer().label("streak"),
            Nomination.area_id,
            Nomination.year,
            title_of(area).label("area"),
            authority,
        )
        .join(Subject, Subject.id == Paper.id)
        .join(Link, Link.paper_id == Paper.id)
        .join(Nomination, Nomination.id == Link.subject_id)
        .join(area, area.id == Nomination.area_id)
        .join(authority, authority.id == Paper.authority_id)
        .where(
            Paper.kind.in_(kinds),
            Subject.state.in_(IN_FORCE),
            Nomination.area_id.in_(lost),
            Nomination.year.between(first, last),
        )
        .order_by(Paper.issued_on, Paper.id, Link.position)
    )
    yield from session.execute(query)


def _rests(row: Any, fallen: str, authority_id: int | None, year: int) -> bool:
    """Whether a paper over that row's area rests on the fallen one's year. What rests on a
    decision of a higher level is only what that level gave for the same year."""
    if LEVEL_OF.get(fallen, "commune") != "commune":
        return bool(row.authority_id == authority_id and row.year == year)
    return bool(row.year - max(row.streak or 1, 1) < year <= row.year)


def mark(session: Session, fallen_id: int, paper_ids: Sequence[int], at: datetime) -> None:
    """Notes that these papers rest on one that fell."""
    rows = [{"paper_id": one, "fallen_id": fallen_id, "since": at} for one in paper_ids]
    if rows:
        session.execute(insert(Resting), rows)


def shaken(
    session: Session, *, units: Collection[int] | None = None, paper_id: int | None = None
) -> Sequence[Shaken]:
    """Papers in force that rest on fallen ones: of these authorities (None: of all), or one
    paper's own; the latest fall first."""
    fallen, its = aliased(Paper), aliased(Subject)
    query = (
        select(
            Paper.id,
            Paper.kind,
            Paper.number_text,
            Paper.issued_on,
            Unit,
            fallen.id.label("fallen_id"),
            fallen.kind.label("fallen_kind"),
            fallen.number_text.label("fallen_number"),
            its.state.label("fallen_state"),
        )
        .join(Resting, Resting.paper_id == Paper.id)
        .join(Subject, Subject.id == Paper.id)
        .join(Unit, Unit.id == Paper.authority_id)
        .join(fallen, fallen.id == Resting.fallen_id)
        .join(its, its.id == fallen.id)
        .where(Subject.state.in_(IN_FORCE))
        .order_by(Resting.since.desc(), Paper.id)
    )
    if units is not None:
        query = query.where(Paper.authority_id.in_(units))
    if paper_id is not None:
        query = query.where(Paper.id == paper_id)
    rows = session.execute(query).all()
    return [*map(_shaken, rows), *_on_acts(session, units, paper_id)]


def _on_acts(
    session: Session, units: Collection[int] | None, paper_id: int | None
) -> Iterator[Shaken]:
    """Papers in force that rest on years taken over which an act took away."""
    query = (
        select(Paper, Unit, ResultAct)
        .join(RestingOnAct, RestingOnAct.paper_id == Paper.id)
        .join(Subject, Subject.id == Paper.id)
        .join(Unit, Unit.id == Paper.authority_id)
        .join(ResultAct, ResultAct.id == RestingOnAct.act_id)
        .where(Subject.state.in_(IN_FORCE))
        .order_by(ResultAct.id.desc(), Paper.id)
    )
    if units is not None:
        query = query.where(Paper.authority_id.in_(units))
    if paper_id is not None:
        query = query.where(Paper.id == paper_id)
    for paper, unit, act in session.execute(query):
        told: Any = paper  # issued, so it has a number and a day
        own = (told.id, told.kind, told.number_text, told.issued_on, unit.title)
        state = "revoked" if act.kind == "revocation" else "corrected"
        yield Shaken(*own, 0, "", act.number, state, act.year)


def has_lost_ground(session: Session, paper_id: int) -> bool:
    """Whether a paper rests on one that fell, or on a year that an act took away."""
    queries = (select(table.paper_id).where(table.paper_id == paper_id) for table in _MARKS)
    return any(session.scalar(query.limit(1)) is not None for query in queries)


_COUNT = (
    select(func.count(Paper.id))
    .join(Subject, Subject.id == Paper.id)
    .where(
        Paper.id.in_(union(*(select(table.paper_id) for table in _MARKS))),
        Subject.state.in_(IN_FORCE),
        Paper.authority_id.in_(bindparam("units", expanding=True)),
    )
)


def count(session: Session, units: Collection[int]) -> int:
    """How many papers in force of these authorities rest on fallen ones."""
    return session.scalar(_COUNT, {"units": units}) or 0


def _shaken(row: Any) -> Shaken:
    told: Mapping[str, Any] = row._mapping
    return Shaken(
        row.id,
        row.kind,
        row.number_text,
        row.issued_on,
        row.Unit.title,
        told["fallen_id"],
        told["fallen_kind"],
        told["fallen_number"],
        told["fallen_state"],
    )
