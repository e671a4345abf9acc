"""What a ceremony is read from: the papers that wait for an act, and its rows as a table.

However many rows are shown, the number of queries is the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from engine.errors import Refusal
from engine.history import Event
from engine.house import House
from engine.papers.book import ANNEXES, Paper, PaperVersion
from engine.policy import Actor
from engine.subjects import Link, Subject, Waiting
from workflows.ceremonies import MOST, Chosen, outcome_now, told
from workflows.ceremony_rows import Ceremony, CeremonyPaper
from workflows.nominations import Nomination
from workflows.people import Person
from workflows.units import Unit

SEAL = "issue"


@dataclass(frozen=True, slots=True)
class Row:
    """One paper of a ceremony as it is reviewed; ``sha256`` is that of its newest file,
    ``nomination`` the one it lists when it lists no more."""

    paper_id: int
    position: int
    outcome: str
    refusals: tuple[Refusal, ...]
    at: datetime | None
    kind: str
    authority_id: int
    authority: str
    values: Mapping[str, Any]
    drafted_at: datetime
    drafted_by: str
    due_at: datetime | None
    state: str
    digest: str
    number: str
    sha256: str
    listed: int
    nomination: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A nomination that a paper lists, at its place, with the area's name of today."""

    paper_id: int
    position: int
    subject_id: int
    definition_id: str
    digest: str
    state: str
    area: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a paper of a ceremony prints."""

    paper_id: int
    kind: str
    authority_id: int
    values: Mapping[str, Any]


def waiting_for(
    session: Session,
    house: House,
    actor: Actor,
    action: str,
    only: Collection[int] | None = None,
) -> list[Chosen]:
    """The papers that wait for this act of this person, the nearest deadline first; no more
    than one ceremony takes. What is sealed in one ceremony is of one authority: it takes one
    seal."""
    posts = [(office.role, office.unit_id) for office in actor.offices]
    if not posts or only == []:
        return []
    held = [and_(Waiting.role == role, Waiting.unit_id == unit) for role, unit in posts]
    query = (
        select(Subject.id, Subject.version, Paper.authority_id, Waiting.due_at, Waiting.since)
        .join(Waiting, Waiting.subject_id == Subject.id)
        .join(Paper, Paper.id == Subject.id)
        .where(or_(*held), or_(*_before(house, action)))
        .distinct()
        .order_by(Waiting.due_at.asc().nulls_last(), Waiting.since, Subject.id)
        .limit(MOST)
    )
    if only is not None:
        query = query.where(Subject.id.in_(only))
    rows = session.execute(query).all()
    if action == SEAL:
        rows = [row for row in rows if row.authority_id == rows[0].authority_id]
    return [Chosen(row.id, row.version) for row in rows]


def _before(house: House, action: str) -> list[ColumnElement[bool]]:
    """The states of papers from which the act leaves, for each definition its own: one is signed
    as soon as it is drafted, of another the wording is approved before."""
    return [
        and_(
            Subject.definition_digest == definition.digest,
            Subject.state.in_(definition.transition(action).sources),
        )
        for definition in house.runnable
        if definition.meta.subject == "paper" and action in definition.by_transition
    ]


def rows(session: Session, ceremony_id: int, *, limit: int, offset: int = 0) -> list[Row]:
    """The papers of a ceremony in their order."""
    drafted, drafter = aliased(Event), aliased(Person)
    newest = _newest(ceremony_id)
    linked = (
        select(Link.paper_id, func.count().label("many"), func.min(Link.subject_id).label("first"))
        .join(CeremonyPaper, CeremonyPaper.paper_id == Link.paper_id)
        # What stands before the list is the paper that this one acts on.
        .where(CeremonyPaper.ceremony_id == ceremony_id, Link.position > 0)
        .group_by(Link.paper_id)
        .subquery()
    )
    found = session.execute(
        select(
            CeremonyPaper,
            outcome_now(),
            Paper,
            Subject,
            Unit,
            drafter.name,
            PaperVersion.sha256,
            linked,
        )
        .join(Ceremony, Ceremony.id == CeremonyPaper.ceremony_id)
        .join(Paper, Paper.id == CeremonyPaper.paper_id)
        .join(Subject, Subject.id == Paper.id)
        .join(Unit, Unit.id == Paper.authority_id)
        .outerjoin(drafted, and_(drafted.subject_id == Paper.id, drafted.version == 1))
        .outerjoin(drafter, drafter.id == drafted.person_id)
        .outerjoin(newest, newest.c.paper_id == Paper.id)
        .outerjoin(PaperVersion, PaperVersion.id == newest.c.id)
        .outerjoin(linked, linked.c.paper_id == Paper.id)
        .where(CeremonyPaper.ceremony_id == ceremony_id)
        .order_by(CeremonyPaper.position)
        .limit(limit)
        .offset(offset)
        .execution_options(populate_existing=True)
    )
    return [_row(*row) for row in found]


def _newest(ceremony_id: int) -> Subquery:
    """The newest version of each paper of a ceremony, its annex apart."""
    return (
        select(PaperVersion.paper_id, func.max(PaperVersion.id).label("id"))
        .join(CeremonyPaper, CeremonyPaper.paper_id == PaperVersion.paper_id)
        .where(CeremonyPaper.ceremony_id == ceremony_id, PaperVersion.stage.not_in(ANNEXES))
        .group_by(PaperVersion.paper_id)
        .subquery()
    )


def _row(
    place: CeremonyPaper,
    outcome: str,
    paper: Paper,
    subject: Subject,
    unit: Unit,
    drafter: str | None,
    sha256: str | None,
    _paper: int,
    many: int | None,
    first: int | None,
) -> Row:
    return Row(
        paper_id=paper.id,
        position=place.position,
        outcome=outcome,
        refusals=told(place.refusals) if outcome == place.outcome else (),
        at=place.at,
        kind=paper.kind,
        authority_id=unit.id,
        authority=unit.title,
        values=paper.values,
        drafted_at=paper.drafted_at,
        drafted_by=drafter or "",
        due_at=subject.due_at,
        state=subject.state,
        digest=subject.definition_digest,
        number=paper.number_text or "",
        sha256=sha256 or "",
        listed=many or 0,
        nomination=first if many == 1 else None,
    )


def authorities(session: Session, ceremony_id: int) -> set[int]:
    """The authorities whose papers a ceremony is over."""
    query = select(Paper.authority_id).join(CeremonyPaper, CeremonyPaper.paper_id == Paper.id)
    return set(session.scalars(query.where(CeremonyPaper.ceremony_id == ceremony_id).distinct()))


def frozen(session: Session, ceremony_id: int) -> list[Frozen]:
    """What all papers of a ceremony print, whichever page shows them."""
    found = session.execute(
        select(Paper.id, Paper.kind, Paper.authority_id, Paper.values)
        .join(CeremonyPaper, CeremonyPaper.paper_id == Paper.id)
        .where(CeremonyPaper.ceremony_id == ceremony_id)
        .order_by(CeremonyPaper.position)
    )
    return [Frozen(*row) for row in found]


def listed(session: Session, papers: Collection[int]) -> list[Listed]:
    """The nominations that these papers list, in their order."""
    found = session.execute(
        select(
            Link.paper_id,
            Link.position,
            Subject.id,
            Subject.definition_id,
            Subject.definition_digest,
            Subject.state,
            Unit.name,
        )
        .join(Subject, Subject.id == Link.subject_id)
        .join(Nomination, Nomination.id == Subject.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .where(Link.paper_id.in_(papers))
        .order_by(Link.paper_id, Link.position)
    )
    return [Listed(*row) for row in found]


def telling(session: Session, subjects: Collection[int], actions: Collection[str]) -> Sequence[Any]:
    """What was recorded by these moves of these nominations, the oldest first."""
    return session.execute(
        select(Event.subject_id, Event.action, Event.data)
        .where(Event.subject_id.in_(subjects), Event.action.in_(actions))
        .order_by(Event.subject_id, Event.version)
    ).all()


def about(row: Row) -> str:
    """What a paper is about: its area, or the one it lists, or whose areas it lists."""
    return _about(row.values, row.authority)


def all_about(session: Session, papers: Collection[int]) -> dict[int, str]:
    """What each of these papers is about."""
    found = session.execute(
        select(Paper.id, Paper.values, Unit)
        .join(Unit, Unit.id == Paper.authority_id)
        .where(Paper.id.in_(papers))
    )
    return {paper: _about(values, unit.title) for paper, values, unit in found}


def _about(values: Mapping[str, Any], authority: str) -> str:
    areas = values.get("areas", ())
    one = areas[0] if len(areas) == 1 else {}
    area = values.get("area") or one.get("name")
    place = values.get("commune") or one.get("commune") or authority
    return f"{area}, {place}" if area else authority
