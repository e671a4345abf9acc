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

from sqlalchemy import ForeignKey, bindparam, func, insert, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from engine.db import Base, Instant
from engine.papers.book import Paper
from engine.subjects import Link, Subject
from workflows.aftermath import IN_FORCE, LEVEL_OF, aftermath
from workflows.nominations import Nomination
from workflows.streaks import heirs_of
from workflows.units import Unit, title_of

LONGEST_STREAK = 20
"""No tier asks for more years running than this."""


class Resting(Base):
    """A paper rests on one that fell. It counts while the paper itself is in force."""

    __tablename__ = "resting_papers"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    fallen_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)


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
    """A paper in force that rests on a fallen one, and which one that is."""

    paper_id: int
    kind: str
    number: str
    issued_on: date
    authority: str
    fallen_id: int
    fallen_kind: str
    fallen_number: str
    fallen_state: str


def listed_in(session: Session, paper_id: int) -> frozenset[int]:
    """The nominations that a paper lists."""
    query = select(Link.subject_id).where(Link.paper_id == paper_id, Link.position > 0)
    return frozenset(session.scalars(query))


def dependents(session: Session, paper_id: int, kept: Collection[int] = ()) -> Sequence[Dependent]:
    """The papers in force that rest on this one for nominations not among ``kept``, in the
    order of their issue. Three queries, whatever their number."""
    fallen = session.get_one(Paper, paper_id)
    lost = [one for one in _listed(session, paper_id) if one.id not in kept]
    if not lost:
        return ()
    years = _years_lost(session, lost)
    found: dict[int, tuple[Any, list[str]]] = {}
    for row in _candidates(session, fallen, years):
        if any(_rests(row, fallen, year) for year in years[row.area_id]):
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


def _years_lost(session: Session, lost: Sequence[Nomination]) -> Mapping[int, set[int]]:
    """By area, the years that fall: its own, and those of the areas it came out of."""
    heirs = heirs_of(session, [one.area_id for one in lost])
    years: dict[int, set[int]] = {}
    for one in lost:
        for area in (one.area_id, *heirs.get(one.area_id, ())):
            years.setdefault(area, set()).add(one.year)
    return years


def _listed(session: Session, paper_id: int) -> Sequence[Nomination]:
    query = select(Nomination).join(Link, Link.subject_id == Nomination.id)
    return session.scalars(query.where(Link.paper_id == paper_id)).all()


def _candidates(
    session: Session, fallen: Paper, lost: Mapping[int, Collection[int]]
) -> Iterator[Any]:
    """Papers in force of the kinds that may rest on it, one row for each area they list."""
    kinds = [kind for kind, base in aftermath().rests_on.items() if fallen.kind in base]
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


def _rests(row: Any, fallen: Paper, year: int) -> bool:
    """Whether a paper over that row's area rests on the fallen one's year. What rests on a
    decision of a higher level is only what that level gave for the same year."""
    if LEVEL_OF.get(fallen.kind, "commune") != "commune":
        return bool(row.authority_id == fallen.authority_id and row.year == year)
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
    return [_shaken(row) for row in session.execute(query)]


def has_lost_ground(session: Session, paper_id: int) -> bool:
    """Whether a paper rests on one that fell."""
    query = select(Resting.fallen_id).where(Resting.paper_id == paper_id).limit(1)
    return session.scalar(query) is not None


_COUNT = (
    select(func.count(Paper.id.distinct()))
    .join(Resting, Resting.paper_id == Paper.id)
    .join(Subject, Subject.id == Paper.id)
    .where(Subject.state.in_(IN_FORCE), Paper.authority_id.in_(bindparam("units", expanding=True)))
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
