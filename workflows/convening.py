"""Ceremonies begun: over which papers, once for a form, and what makes room for them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import Refusal, Refused
from engine.move import read_key
from workflows.ceremonies import MOST, Chosen, leave_rest
from workflows.ceremony_rows import Ceremony, CeremonyPaper
from workflows.signing_sessions import SigningSession

CODE_LENGTH = 26


def make(
    session: Session, person_id: int, action: str, papers: Sequence[Chosen], key: str | None
) -> str:
    """Begins a ceremony over these papers, in this order; its code. The same key again is
    told the first one's. One that was begun and never started makes room.

    Raises ``Refused`` (``nothing_chosen``, ``too_many``, ``key_unfit``).
    """
    key = read_key(key)
    if not papers:
        raise Refused(Refusal("nothing_chosen"))
    if len(papers) > MOST:
        raise Refused(Refusal("too_many", {"limit": MOST}))
    with writing(session):
        if key and (earlier := _keyed(session, person_id, key)):
            return earlier
        _forget_unstarted(session, person_id, action)
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


def keyed(session: Session, person_id: int, key: str | None) -> str | None:
    """The code of the ceremony that a form with this key has begun, if it has. Raises
    ``Refused`` (``key_unfit``)."""
    key = read_key(key)
    return _keyed(session, person_id, key) if key else None


def _keyed(session: Session, person_id: int, key: str) -> str | None:
    return session.scalar(
        select(Ceremony.code).where(Ceremony.person_id == person_id, Ceremony.key == key)
    )


def _forget_unstarted(session: Session, person_id: int, action: str) -> None:
    """What was begun and came to nothing is gone. Of which a paper was handed to a token is
    over, not gone: a program that still works on it is told so."""
    old = session.scalars(
        select(Ceremony.id).where(
            Ceremony.person_id == person_id,
            Ceremony.action == action,
            Ceremony.started_at.is_(None),
            Ceremony.ended_at.is_(None),
        )
    ).all()
    handed = exists().where(SigningSession.ceremony_id == Ceremony.id)
    over = session.scalars(select(Ceremony.id).where(Ceremony.id.in_(old), handed)).all()
    gone = set(old) - set(over)
    session.execute(delete(CeremonyPaper).where(CeremonyPaper.ceremony_id.in_(gone)))
    session.execute(delete(Ceremony).where(Ceremony.id.in_(gone)))
    for one in over:
        leave_rest(session, one)
    session.execute(update(Ceremony).where(Ceremony.id.in_(over)).values(ended_at=clock.now()))
