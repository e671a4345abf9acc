"""Papers of a ceremony whose key is elsewhere: which may be prepared, which signed, what the
program beside the token tells of the others."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refusal, Refused
from workflows.ceremonies import (
    Held,
    end_when_done,
    find,
    record,
    refuse_other_certificate,
)
from workflows.ceremony_rows import DONE, WAITING, Ceremony, CeremonyPaper


def tell(
    session: Session, held: Held, paper_id: int, outcome: str, refusals: Iterable[Refusal] = ()
) -> None:
    """What the program beside a token says of a paper that it did not sign.

    Raises ``Refused``: ``ceremony_ended``, ``not_in_ceremony``.
    """
    if held.state == "ended":
        raise Refused(Refusal("ceremony_ended"))
    _refuse_absent(session, held.id, paper_id)
    record(session, held.id, paper_id, outcome, refusals)
    end_when_done(session, held.id)


def admit(
    session: Session, person_id: int, code: str, paper_id: int, action: str, fingerprint: str
) -> int:
    """The ceremony in which a paper is prepared for a key that is elsewhere.

    Raises as ``find`` does, and ``Refused``: ``ceremony_ended``, ``not_in_ceremony``,
    ``ceremony_certificate_changed``.
    """
    held = find(session, person_id, code)
    if held.state == "ended":
        raise Refused(Refusal("ceremony_ended"))
    if held.action != action:
        raise Refused(Refusal("not_in_ceremony"))
    _refuse_absent(session, held.id, paper_id)
    refuse_other_certificate(held, fingerprint)
    return held.id


def refuse_unless_going(session: Session, ceremony_id: int, fingerprint: str) -> None:
    """Raises ``Refused`` when nothing may be signed in the ceremony now:
    ``ceremony_not_started``, ``ceremony_stopped``, ``ceremony_certificate_changed``."""
    row = session.execute(
        select(Ceremony.halt, Ceremony.started_at, Ceremony.ended_at, Ceremony.fingerprint).where(
            Ceremony.id == ceremony_id
        )
    ).one()
    if row.started_at is None:
        raise Refused(Refusal("ceremony_not_started"))
    if row.halt is not None or row.ended_at is not None:
        raise Refused(Refusal("ceremony_stopped"))
    if row.fingerprint != fingerprint:
        raise Refused(Refusal("ceremony_certificate_changed"))


def _refuse_absent(session: Session, ceremony_id: int, paper_id: int) -> None:
    found = session.scalar(
        select(CeremonyPaper.outcome).where(
            CeremonyPaper.ceremony_id == ceremony_id, CeremonyPaper.paper_id == paper_id
        )
    )
    if found != WAITING:
        raise Refused(Refusal("not_in_ceremony"))


def note_done(session: Session, ceremony_id: int, paper_id: int) -> None:
    """A paper of the ceremony was signed."""
    record(session, ceremony_id, paper_id, DONE)
    end_when_done(session, ceremony_id)
