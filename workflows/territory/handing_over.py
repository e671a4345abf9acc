"""Open cases and papers under way, when the units they were at are no more.

A nomination goes on at the units above its area as they are now; the area it is about stays
the same. A paper of an authority that ended bears a name nobody may sign under any more: it
ends as void, and what it listed waits for a paper of the successor.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import perform
from engine.db import writing
from engine.errors import EngineError
from engine.handover import void_state
from engine.house import House
from engine.move import Handover
from engine.subjects import Subject, SubjectScope
from workflows.lineage import UnitAct, UnitLineage
from workflows.nominations import Nomination
from workflows.territory import acts, ground
from workflows.territory.orders import Order
from workflows.territory.succession import successor_on
from workflows.units import Unit, UnitSpan, chain, on_day

logger = logging.getLogger(__name__)

AUTHORITY = "authority"


@dataclass(slots=True)
class HandedOver:
    """How many nominations went on elsewhere, how many papers ended with their authority, and
    the subjects that stay where they are, with why: ``no_successor`` (several took the unit's
    place, or nobody), ``no_void_state`` (of a paper), or as what was refused."""

    units: int = 0
    nominations: int = 0
    papers: int = 0
    left: dict[int, str] = field(default_factory=dict)


def hand_over(session: Session, house: House, *, dry_run: bool = False) -> HandedOver:
    """Brings everything in step with the units of today: their columns, then what is open.

    May run as often as one likes; each subject moves in a transaction of its own.
    """
    today = clock.today()
    done = HandedOver()
    if not dry_run:
        done.units = ground.refresh(session, ground.begun(session, today), today)
        session.commit()
    for command in list(_due(session, house, today, done.left)):
        if not dry_run and not _performed(session, house, command, done):
            continue
        done.papers += command.lapse
        done.nominations += not command.lapse
    return done


class _TakenBack(Exception):
    pass


def tried(
    session: Session, house: House, orders: Sequence[Order]
) -> tuple[acts.Report, HandedOver]:
    """What orders lead to, also for what is open: they are carried out and taken back, for
    the rules ask the units as they will be. Raises ``Refused`` as ``acts.decree`` does."""
    with suppress(_TakenBack), writing(session):
        report = acts.decree(session, orders)
        moved = hand_over(session, house, dry_run=True)
        raise _TakenBack
    return replace(report, dry_run=True), moved


def _performed(session: Session, house: House, command: Handover, done: HandedOver) -> bool:
    try:
        perform(session, house, command)
    except EngineError as error:
        session.rollback()
        logger.warning("subject %s was not handed over: %s", command.subject_id, error)
        done.left[command.subject_id] = error.code
        return False
    return True


def _due(session: Session, house: House, today: date, left: dict[int, str]) -> Iterator[Handover]:
    """What has to be handed over, papers first: what they listed then waits for others."""
    yield from _papers(session, house, today, left)
    rows = session.execute(_nominations(house, today)).all()
    for row in rows:
        scopes = _scopes(session, row.id)
        wanted = _wanted(session, row.area_id, scopes, today)
        unclear = [scope for scope, unit in wanted.items() if unit is None]
        moved = {s: u for s, u in wanted.items() if u is not None and u != scopes[s]}
        if unclear:
            left[row.id] = "no_successor"
        if moved:
            yield Handover(row.id, moved, _basis(session, row.area_id, scopes, moved, today))


def _papers(
    session: Session, house: House, today: date, left: dict[int, str]
) -> Iterator[Handover]:
    query = (
        select(Subject.id, Subject.definition_digest, SubjectScope.unit_id)
        .join(SubjectScope, SubjectScope.subject_id == Subject.id)
        .join(Unit, Unit.id == SubjectScope.unit_id)
        .where(SubjectScope.scope == AUTHORITY, Unit.ends_on < today, _open(house))
        .order_by(Subject.id)
    )
    for row in session.execute(query).all():
        if void_state(house.definition(row.definition_digest)) is None:
            left[row.id] = "no_void_state"
            continue
        basis = _told(session, _acts_of(session, [row.unit_id]))
        yield Handover(row.id, {}, basis, lapse=True)


def _open(house: House) -> ColumnElement[bool]:
    """Subjects that are not at their end."""
    return or_(
        *(
            and_(
                Subject.definition_digest == definition.digest,
                Subject.state.in_([s.id for s in definition.states if not s.final]),
            )
            for definition in house.definitions
        )
    )


def _nominations(house: House, today: date) -> Select[int, int]:
    """Open nominations at a unit that ended, or whose area stands elsewhere by now."""
    commune, unit = SubjectScope.__table__.alias("commune"), Unit.__table__.alias("unit")
    scope, area = SubjectScope.__table__.alias("scope"), Unit.__table__.alias("area")
    ended = (
        select(scope.c.subject_id)
        .join(unit, unit.c.id == scope.c.unit_id)
        .where(scope.c.subject_id == Subject.id, unit.c.ends_on < today)
        .exists()
    )
    elsewhere = (
        select(commune.c.subject_id)
        .where(
            commune.c.subject_id == Subject.id,
            commune.c.scope == "commune",
            commune.c.unit_id != area.c.parent_id,
            area.c.parent_id.in_(select(unit.c.id).where(unit.c.kind == "commune")),
        )
        .exists()
    )
    return (
        select(Subject.id, Nomination.area_id)
        .join(Nomination, Nomination.id == Subject.id)
        .join(area, area.c.id == Nomination.area_id)
        .where(_open(house), or_(ended, elsewhere))
        .order_by(Subject.id)
    )


def places(session: Session, subjects: Iterable[int]) -> dict[int, str]:
    """The unit that each of these is about or, of a paper, whose authority made it."""
    query = (
        select(SubjectScope.subject_id, Unit)
        .join(Unit, Unit.id == SubjectScope.unit_id)
        .outerjoin(Nomination, Nomination.id == SubjectScope.subject_id)
        .where(
            SubjectScope.subject_id.in_(list(subjects)),
            or_(SubjectScope.scope == AUTHORITY, Unit.id == Nomination.area_id),
        )
    )
    return {subject: f"{unit.title} ({unit.code})" for subject, unit in session.execute(query)}


def _scopes(session: Session, subject_id: int) -> dict[str, int]:
    query = select(SubjectScope.scope, SubjectScope.unit_id)
    rows = session.execute(query.where(SubjectScope.subject_id == subject_id))
    return {row.scope: row.unit_id for row in rows}


def _wanted(
    session: Session, area_id: int, scopes: Mapping[str, int], today: date
) -> dict[str, int | None]:
    """Where each scope of the nomination belongs today; ``None`` if no rule says."""
    own = next((scope for scope, unit in scopes.items() if unit == area_id), "area")
    subject = successor_on(session, scopes.get(own, area_id), today)
    above = chain(session, subject if subject is not None else area_id)
    found: dict[str, int | None] = {}
    for scope, unit in scopes.items():
        if scope == own:
            found[scope] = subject
        elif scope in above:
            found[scope] = successor_on(session, above[scope].id, today)
        else:
            found[scope] = successor_on(session, unit, today)
    return found


def _basis(
    session: Session,
    area_id: int,
    scopes: Mapping[str, int],
    moved: Mapping[str, int],
    today: date,
) -> dict[str, Any]:
    """The papers on which the case goes on elsewhere."""
    acts = _acts_of(session, [scopes[scope] for scope in moved])
    spans = select(UnitSpan.act_id).where(UnitSpan.unit_id == area_id, on_day(today))
    acts |= set(session.scalars(spans.where(UnitSpan.act_id.is_not(None))))
    return _told(session, acts)


def _acts_of(session: Session, ended: Sequence[int]) -> set[int]:
    query = select(UnitLineage.act_id).where(UnitLineage.predecessor_id.in_(ended))
    return set(session.scalars(query.where(UnitLineage.act_id.is_not(None))))


def _told(session: Session, act_ids: set[int]) -> dict[str, Any]:
    """The acts as the history keeps them: a paper's number may be unknown, its day is not."""
    query = (
        select(UnitAct).where(UnitAct.id.in_(act_ids)).order_by(UnitAct.effective_on, UnitAct.id)
    )
    return {
        "acts": [
            {
                "act": act.kind,
                "number": act.number,
                "issued_on": act.issued_on.isoformat() if act.issued_on else None,
                "effective_on": act.effective_on.isoformat(),
                "issuer": act.issuer,
                "confidence": act.confidence,
            }
            for act in session.scalars(query)
        ]
    }
