"""Ceremonies begun: over which papers, once for a form, and what makes room for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import Refusal, Refused
from engine.move import read_key
from engine.subjects import Subject
from workflows.ceremonies import MOST, Chosen, leave_rest
from workflows.ceremony_rows import LEFT_OUT, WAITING, Ceremony, CeremonyPaper
from workflows.signing_sessions import SigningSession

CODE_LENGTH = 26


@dataclass(frozen=True, slots=True)
class Unstarted:
    """A ceremony that was looked at and not started, and what is still to be done of it."""

    code: str
    made_at: datetime
    waiting: int
    left_out: int


def make(
    session: Session,
    person_id: int,
    action: str,
    papers: Sequence[Chosen],
    key: str | None,
    instead_of: Collection[str] = (),
) -> str:
    """Begins a ceremony over these papers, in this order; its code. The same key again is
    told the first one's, and just these papers again that of the one that was never started.

    Others that were not started stay, for somebody may be looking at them, but those that are
    named (``instead_of``) and those of which nothing is left to do. Raises ``Refused``
    (``nothing_chosen``, ``too_many``, ``key_unfit``).
    """
    key = read_key(key)
    if not papers:
        raise Refused(Refusal("nothing_chosen"))
    if len(papers) > MOST:
        raise Refused(Refusal("too_many", {"limit": MOST}))
    with writing(session):
        if key and (earlier := _keyed(session, person_id, key)):
            return earlier
        rows = _unstarted(session, person_id, action)
        spent = [made for made, of in rows.items() if not any(one.left for one in of)]
        _forget(session, {*spent, *(m for m, of in rows.items() if of[0].code in instead_of)})
        same = _over_just(rows, papers, instead_of)
        return (
            _taken_up(session, same, key) if same else _new(session, person_id, action, papers, key)
        )


def unstarted(
    session: Session, person_id: int, action: str, papers: Sequence[Chosen]
) -> list[Unstarted]:
    """What a new ceremony over these papers would pass by: what this person looked at for this
    act and did not start, the latest first. None when it is over just these papers."""
    rows = _unstarted(session, person_id, action)
    if _over_just(rows, papers):
        return []
    found = (
        Unstarted(
            of[0].code,
            of[0].made_at,
            sum(one.left for one in of),
            sum(one.outcome == LEFT_OUT for one in of),
        )
        for of in rows.values()
    )
    return [one for one in found if one.waiting]


def _new(
    session: Session, person_id: int, action: str, papers: Sequence[Chosen], key: str | None
) -> str:
    code = clock.new_code(CODE_LENGTH)
    row = {"code": code, "key": key, "person_id": person_id, "action": action}
    made = session.execute(
        insert(Ceremony).values(**row, made_at=clock.now()).returning(Ceremony.id)
    ).scalar_one()
    rows = [
        {"ceremony_id": made, "position": n, "paper_id": one.paper_id, "version": one.version}
        for n, one in enumerate(papers, start=1)
    ]
    session.execute(insert(CeremonyPaper), rows)
    return code


def _taken_up(session: Session, made: int, key: str | None) -> str:
    """The form that opens it last is the one that, sent again, is told the same."""
    kept = update(Ceremony).where(Ceremony.id == made)
    again = kept.values(key=func.coalesce(key, Ceremony.key)).returning(Ceremony.code)
    return str(session.execute(again).scalar_one())


def keyed(session: Session, person_id: int, key: str | None) -> str | None:
    """The code of the ceremony that a form with this key has begun, if it has. Raises
    ``Refused`` (``key_unfit``)."""
    key = read_key(key)
    return _keyed(session, person_id, key) if key else None


def _keyed(session: Session, person_id: int, key: str) -> str | None:
    return session.scalar(
        select(Ceremony.code).where(Ceremony.person_id == person_id, Ceremony.key == key)
    )


_Rows = Mapping[int, Sequence[Any]]
"""The papers of ceremonies, by the id of each."""


def _unstarted(session: Session, person_id: int, action: str) -> _Rows:
    """Those of this person and act that were never started, the latest first. A paper is still
    ``left`` to do while it waits as it was looked at."""
    waits = (CeremonyPaper.outcome == WAITING) & (Subject.version == CeremonyPaper.version)
    found = session.execute(
        select(
            Ceremony.id,
            Ceremony.code,
            Ceremony.made_at,
            CeremonyPaper.paper_id,
            CeremonyPaper.version,
            CeremonyPaper.outcome,
            waits.label("left"),
        )
        .join(CeremonyPaper, CeremonyPaper.ceremony_id == Ceremony.id)
        .join(Subject, Subject.id == CeremonyPaper.paper_id)
        .where(
            Ceremony.person_id == person_id,
            Ceremony.action == action,
            Ceremony.started_at.is_(None),
            Ceremony.ended_at.is_(None),
        )
        .order_by(Ceremony.id.desc(), CeremonyPaper.position)
    )
    return {made: list(of) for made, of in groupby(found, key=attrgetter("id"))}


def _over_just(rows: _Rows, papers: Sequence[Chosen], but: Collection[str] = ()) -> int | None:
    """The one that is over these papers as they are now, none of them left out."""
    wanted = {(one.paper_id, one.version) for one in papers}
    for made, of in rows.items():
        whole = all(one.left for one in of) and of[0].code not in but
        if whole and {(one.paper_id, one.version) for one in of} == wanted:
            return made
    return None


def _forget(session: Session, ceremonies: Collection[int]) -> None:
    """What was begun and came to nothing is gone. Of which a paper was handed to a token is
    over, not gone: a program that still works on it is told so."""
    handed = exists().where(SigningSession.ceremony_id == Ceremony.id)
    over = session.scalars(select(Ceremony.id).where(Ceremony.id.in_(ceremonies), handed)).all()
    gone = set(ceremonies) - set(over)
    session.execute(delete(CeremonyPaper).where(CeremonyPaper.ceremony_id.in_(gone)))
    session.execute(delete(Ceremony).where(Ceremony.id.in_(gone)))
    for one in over:
        leave_rest(session, one)
    session.execute(update(Ceremony).where(Ceremony.id.in_(over)).values(ended_at=clock.now()))
