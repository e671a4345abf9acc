"""Units for those who keep them: all that there are or were, and the story of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.subjects import SubjectScope, Waiting
from workflows import lineage
from workflows.lineage import Link, UnitAct
from workflows.names import words_of
from workflows.people import Appointment
from workflows.units import Unit, UnitSpan, by_level, searched, spans_of

DEPTH = 4
"""How many steps of a lineage are told in either direction."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A unit as a list shows it: as it is, will be first or was last."""

    id: int
    kind: str
    title: str
    code: str
    parent: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Chapter:
    """What a unit was from a day to a day, and the paper that made it so (none: from the
    beginning, or loaded without one)."""

    title: str
    code: str
    parent: str
    starts_on: date
    ends_on: date | None
    act: UnitAct | None
    category: str


@dataclass(frozen=True, slots=True)
class Step:
    """A unit in a lineage: ``level`` below zero for what came before, above for what came
    after; ``via`` is the unit one step nearer, ``kind`` and ``on`` how and when."""

    unit_id: int
    title: str
    code: str
    level: int
    via: int
    kind: str
    on: date


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of a unit through time."""

    unit: Unit
    chapters: Sequence[Chapter]
    before: Sequence[Step]
    after: Sequence[Step]
    children: int


def listing(
    session: Session,
    *,
    search: str = "",
    kind: str = "",
    ended: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[Listed], int]:
    """Units whose own or parent's name or own code begins so, and how many there are; those
    that ended only if asked for. Diacritics and case do not matter."""
    parent = aliased(Unit)
    conditions: list[ColumnElement[bool]] = []
    if kind:
        conditions.append(Unit.kind == kind)
    if not ended:
        conditions.append(or_(Unit.ends_on.is_(None), Unit.ends_on >= clock.today()))
    names = searched(Unit, parent)
    named = [names.contains(f" {word}", autoescape=True) for word in words_of(search)]
    if named:
        conditions.append(or_(and_(*named), Unit.code.startswith(search.strip(), autoescape=True)))
    joined = select(func.count()).select_from(Unit).outerjoin(parent, parent.id == Unit.parent_id)
    total = session.scalar(joined.where(*conditions)) or 0
    rows = session.execute(
        select(Unit, parent)
        .outerjoin(parent, parent.id == Unit.parent_id)
        .where(*conditions)
        .order_by(by_level(), parent.sort, Unit.sort, Unit.id)
        .limit(limit)
        .offset(offset)
    )
    return [_listed(unit, above) for unit, above in rows], total


def _listed(unit: Unit, parent: Unit | None) -> Listed:
    above = parent.title if parent else ""
    return Listed(unit.id, unit.kind, unit.heading, unit.code, above, unit.starts_on, unit.ends_on)


def story(session: Session, unit_id: int) -> Story | None:
    """The story of a unit; nothing for one that is not known."""
    unit = session.get(Unit, unit_id)
    if unit is None:
        return None
    spans = spans_of(session, unit_id)
    children = select(func.count()).where(
        Unit.parent_id == unit_id, or_(Unit.ends_on.is_(None), Unit.ends_on >= clock.today())
    )
    return Story(
        unit,
        [_chapter(session, span) for span in spans],
        _steps(session, unit_id, -1),
        _steps(session, unit_id, 1),
        session.scalar(children) or 0,
    )


def _chapter(session: Session, span: UnitSpan) -> Chapter:
    act = session.get(UnitAct, span.act_id) if span.act_id is not None else None
    parent = _as_of(session, span.parent_id, span.starts_on) if span.parent_id else None
    title = parent.title if parent else ""
    return Chapter(span.heading, span.code, title, span.starts_on, span.ends_on, act, span.category)


def _as_of(session: Session, unit_id: int, on: date) -> UnitSpan | None:
    """What a unit was on a day, or at its nearest end."""
    spans = spans_of(session, unit_id)
    begun = [span for span in spans if span.starts_on <= on]
    return begun[-1] if begun else next(iter(spans), None)


def _steps(session: Session, unit_id: int, direction: int) -> list[Step]:
    """The lineage in one direction, nearest first, each unit once."""
    found: list[Step] = []
    seen, level = {unit_id}, [unit_id]
    for depth in range(1, DEPTH + 1):
        links = _links(session, level, direction)
        level = []
        for via, others in links.items():
            for link in others:
                if link.unit_id not in seen:
                    seen.add(link.unit_id)
                    level.append(link.unit_id)
                    found.append(_step(session, link, via, depth * direction))
        if not level:
            break
    return found


def _links(session: Session, units: Sequence[int], direction: int) -> dict[int, list[Link]]:
    ask = lineage.predecessors if direction < 0 else lineage.successors
    return ask(session, units)


def _step(session: Session, link: Link, via: int, level: int) -> Step:
    day = date.fromordinal(link.effective_on.toordinal() - 1) if level < 0 else link.effective_on
    span = _as_of(session, link.unit_id, day)
    title, code = (span.heading, span.code) if span else ("", "")
    return Step(link.unit_id, title, code, level, via, link.kind, link.effective_on)


@dataclass(frozen=True, slots=True)
class Weight:
    """What stands at units that are to end: offices held there, and open files that wait
    there or have it as one of their places."""

    offices: int
    waiting: int


def weight(session: Session, unit_ids: Sequence[int]) -> Weight:
    """What an act would move besides the units themselves."""
    today = clock.today()
    offices = select(func.count()).where(
        Appointment.unit_id.in_(unit_ids),
        or_(Appointment.ends_on.is_(None), Appointment.ends_on >= today),
    )
    open_ = select(func.count(Waiting.subject_id.distinct())).where(
        Waiting.subject_id.in_(
            select(SubjectScope.subject_id).where(SubjectScope.unit_id.in_(unit_ids))
        )
    )
    return Weight(session.scalar(offices) or 0, session.scalar(open_) or 0)


def acts(session: Session, limit: int = 100) -> Sequence[UnitAct]:
    """The acts on record, the latest to take effect first."""
    query = select(UnitAct).order_by(UnitAct.effective_on.desc(), UnitAct.id.desc())
    return session.scalars(query.limit(limit)).all()
