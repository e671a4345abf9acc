"""One act over many papers, kept as it goes: who, which act, which papers, what came of each.

What is kept here is what lets a batch be stopped, gone on with after a crash, and repeated
without a second signature. It holds no PIN and no key. The signing itself is elsewhere:
``conducting`` for keys of this machine, ``deferred`` for keys in their holders' hands.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import Forbidden, NotFound, Refusal, Refused
from engine.history import Event
from workflows.ceremony_rows import DONE, FAILED, LEFT_OUT, WAITING, Ceremony, CeremonyPaper

MOST = 500
"""Papers in one ceremony: a district's year has 234, and what is read before one PIN has a
measure."""

PULSE = timedelta(seconds=60)
"""A ceremony of which nothing was heard for so long has lost whoever conducted it."""

STOPPED, INTERRUPTED = "stopped", "interrupted"

State = Literal["review", "running", "paused", "ended"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A paper for a ceremony, by the version that is to be looked at."""

    paper_id: int
    version: int


@dataclass(frozen=True, slots=True)
class Held:
    """A ceremony as it stands; plain values, which no rollback changes."""

    id: int
    code: str
    person_id: int
    action: str
    state: State
    fingerprint: str
    halt: str
    started_at: datetime | None
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def waiting(self) -> int:
        return self.counts[WAITING]

    @property
    def done(self) -> int:
        return self.counts[DONE]

    @property
    def failed(self) -> int:
        return self.counts[FAILED]

    @property
    def left_out(self) -> int:
        return self.counts[LEFT_OUT]


def find(session: Session, person_id: int, code: str) -> Held:
    """A ceremony by its code; raises ``NotFound``, or ``Forbidden`` when it is another's."""
    came = (
        select(CeremonyPaper.ceremony_id, outcome_now().label("outcome"))
        .join(Ceremony, Ceremony.id == CeremonyPaper.ceremony_id)
        .where(Ceremony.code == code)
        .subquery()
    )
    rows = session.execute(
        select(Ceremony, came.c.outcome, func.count())
        .join(came, came.c.ceremony_id == Ceremony.id)
        .group_by(Ceremony.id, came.c.outcome)
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        raise NotFound(Refusal("no_such_ceremony"))
    if rows[0][0].person_id != person_id:
        raise Forbidden(Refusal("ceremony_of_another"))
    counts = dict.fromkeys((WAITING, DONE, FAILED, LEFT_OUT), 0)
    return _held(rows[0][0], counts | {outcome: count for _, outcome, count in rows})


def outcome_now() -> ColumnElement[str]:
    """What came of a paper of a ceremony (a query of both): also what failed in it is done, once
    it was done outside."""
    since = exists().where(
        Event.subject_id == CeremonyPaper.paper_id,
        Event.version > CeremonyPaper.version,
        Event.action == Ceremony.action,
    )
    failed = CeremonyPaper.outcome == FAILED
    return case((and_(failed, since), DONE), else_=CeremonyPaper.outcome)


def _held(row: Ceremony, counts: dict[str, int]) -> Held:
    return Held(
        row.id,
        row.code,
        row.person_id,
        row.action,
        _state(row),
        row.fingerprint or "",
        row.halt or "",
        row.started_at,
        counts,
    )


def _state(row: Ceremony) -> State:
    if row.ended_at is not None:
        return "ended"
    if row.started_at is None:
        return "review"
    heard = row.beat_at is not None and clock.now() - row.beat_at < PULSE
    return "running" if heard and row.halt is None else "paused"


_UNFINISHED = (
    select(Ceremony.code)
    .where(
        Ceremony.person_id == bindparam("person"),
        Ceremony.ended_at.is_(None),
        Ceremony.started_at.is_not(None),
    )
    .order_by(Ceremony.id.desc())
    .limit(3)
)


def unfinished(session: Session, person_id: int) -> Sequence[str]:
    """The codes of what this person has started and not ended, the latest first."""
    return session.scalars(_UNFINISHED, {"person": person_id}).all()


def left(session: Session, ceremony_id: int) -> Sequence[Chosen]:
    """The papers that still wait, in their order."""
    rows = session.execute(
        select(CeremonyPaper.paper_id, CeremonyPaper.version)
        .where(CeremonyPaper.ceremony_id == ceremony_id, CeremonyPaper.outcome == WAITING)
        .order_by(CeremonyPaper.position)
    )
    return [Chosen(paper, version) for paper, version in rows]


def choose(session: Session, held: Held, shown: Collection[int], kept: Collection[int]) -> None:
    """Of the papers that were shown, keeps some and leaves out the others; what is done or
    failed stays so. Raises ``Refused`` (``ceremony_running``, ``ceremony_ended``)."""
    refuse_unless_open(held)
    dropped = set(shown) - set(kept)
    with writing(session):
        for papers, before, after in (
            (set(kept) & set(shown), LEFT_OUT, WAITING),
            (dropped, WAITING, LEFT_OUT),
        ):
            session.execute(
                update(CeremonyPaper)
                .where(
                    CeremonyPaper.ceremony_id == held.id,
                    CeremonyPaper.paper_id.in_(papers),
                    CeremonyPaper.outcome == before,
                )
                .values(outcome=after)
            )


def refuse_unless_open(held: Held) -> None:
    """Raises ``Refused`` when somebody conducts the ceremony now, or it is over."""
    if held.state == "ended":
        raise Refused(Refusal("ceremony_ended"))
    if held.state == "running":
        raise Refused(Refusal("ceremony_running"))


def start(session: Session, held: Held, fingerprint: str) -> int:
    """Begins or resumes the signing, with the one certificate of the ceremony; the number of
    this round.

    Raises ``Refused``: ``ceremony_ended``, ``ceremony_running`` when somebody else conducts
    it, ``ceremony_certificate_changed`` for any certificate but the one it was started with.
    """
    refuse_unless_open(held)
    refuse_other_certificate(held, fingerprint)
    now = clock.now()
    free = or_(
        Ceremony.halt.is_not(None), Ceremony.beat_at.is_(None), Ceremony.beat_at <= now - PULSE
    )
    with writing(session):
        taken = session.execute(
            update(Ceremony)
            .where(Ceremony.id == held.id, Ceremony.ended_at.is_(None), free)
            .where(or_(Ceremony.fingerprint.is_(None), Ceremony.fingerprint == fingerprint))
            .values(
                fingerprint=fingerprint,
                halt=None,
                beat_at=now,
                started_at=func.coalesce(Ceremony.started_at, now),
                round=Ceremony.round + 1,
            )
            .returning(Ceremony.round)
        ).scalar()
        if taken is None:  # another request was quicker by a moment
            raise Refused(Refusal("ceremony_running"))
    return taken


def refuse_other_certificate(held: Held, fingerprint: str) -> None:
    """Raises ``Refused`` (``ceremony_certificate_changed``) for any certificate but the one
    the ceremony was started with."""
    if held.fingerprint not in ("", fingerprint):
        raise Refused(Refusal("ceremony_certificate_changed"))


def halted(session: Session, ceremony_id: int, round_: int) -> bool:
    """Whether this round was stopped, or another began."""
    row = session.execute(
        select(Ceremony.halt, Ceremony.ended_at, Ceremony.round).where(Ceremony.id == ceremony_id)
    ).one()
    return row.halt is not None or row.ended_at is not None or row.round != round_


def halt(session: Session, ceremony_id: int, why: str = STOPPED) -> None:
    """Stops before the next paper. The first reason stays; what is over stays over."""
    with writing(session):
        session.execute(
            update(Ceremony)
            .where(
                Ceremony.id == ceremony_id,
                Ceremony.ended_at.is_(None),
                Ceremony.started_at.is_not(None),
            )
            .values(halt=func.coalesce(Ceremony.halt, why[:40]))
        )


def record(
    session: Session,
    ceremony_id: int,
    paper_id: int,
    outcome: str,
    refusals: Iterable[Refusal] = (),
) -> None:
    """Notes what came of a paper that waited; nothing done is ever noted otherwise. What comes
    of one before the start is no sign that somebody conducts the ceremony."""
    told = [plain(one) for one in refusals]
    now = clock.now()
    with writing(session):
        session.execute(
            update(CeremonyPaper)
            .where(
                CeremonyPaper.ceremony_id == ceremony_id,
                CeremonyPaper.paper_id == paper_id,
                CeremonyPaper.outcome != DONE,
            )
            .values(outcome=outcome, refusals=told, at=now)
        )
        begun = update(Ceremony).where(Ceremony.id == ceremony_id, Ceremony.started_at.is_not(None))
        session.execute(begun.values(beat_at=now))


def end_when_done(session: Session, ceremony_id: int) -> None:
    """Ends a ceremony in which nothing waits any more; another goes on."""
    waits = select(CeremonyPaper.paper_id).where(
        CeremonyPaper.ceremony_id == ceremony_id, CeremonyPaper.outcome == WAITING
    )
    if session.execute(waits.limit(1)).first() is None:
        settle(session, ceremony_id)


def settle(session: Session, ceremony_id: int, round_: int | None = None) -> None:
    """Nobody conducts the ceremony (or this round of it) any more: it is over when nothing
    waits, else it can be resumed at once."""
    with writing(session):
        waits = select(CeremonyPaper.paper_id).where(
            CeremonyPaper.ceremony_id == ceremony_id, CeremonyPaper.outcome == WAITING
        )
        values: dict[str, Any]
        if session.execute(waits.limit(1)).first() is None:
            values = {"ended_at": clock.now(), "beat_at": None, "halt": None}
        else:
            values = {"beat_at": None, "halt": func.coalesce(Ceremony.halt, INTERRUPTED)}
        open_ = update(Ceremony).where(Ceremony.id == ceremony_id, Ceremony.ended_at.is_(None))
        if round_ is not None:
            open_ = open_.where(Ceremony.round == round_)
        session.execute(open_.values(**values))


def close(session: Session, held: Held) -> None:
    """Ends the ceremony: what still waits is left out and stays as it is. Raises as
    ``choose``."""
    refuse_unless_open(held)
    with writing(session):
        leave_rest(session, held.id)
    settle(session, held.id)


def leave_rest(session: Session, ceremony_id: int) -> None:
    """What still waits in a ceremony is left as it is (inside a transaction)."""
    session.execute(
        update(CeremonyPaper)
        .where(CeremonyPaper.ceremony_id == ceremony_id, CeremonyPaper.outcome == WAITING)
        .values(outcome=LEFT_OUT)
    )


def plain(refusal: Refusal) -> dict[str, Any]:
    """A refusal as it is kept, to be told later in whatever language."""
    params = json.loads(json.dumps(dict(refusal.params), default=str))
    return {"code": refusal.code, "params": params, "clause": refusal.clause}


def told(kept: Iterable[dict[str, Any]]) -> tuple[Refusal, ...]:
    """Refusals again, from what was kept."""
    return tuple(Refusal(one["code"], one["params"], one["clause"]) for one in kept)
