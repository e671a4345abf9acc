"""What is kept about time authorities while somebody still answers for them.

Evidence about a stamp goes into the paper when the next one is put over it, years later: by then
its authority may be gone. So it is asked for as soon as the stamp is there, and again each month
as long as its certificate lasts; the newest answers are kept here, once for each certificate of
an authority, and used where nothing can be learnt any more.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import end_reading, writing
from engine.papers.book import StampEvidence

if TYPE_CHECKING:
    from engine.signing.evidence import Evidence
    from engine.signing.signer import Credential
    from workflows.keys import Keyring
    from workflows.times import Times

AGAIN = timedelta(days=30)
"""So old may kept answers be before they are asked for anew."""


def note(session: Session, times: Times, keys: Keyring, credential: Credential) -> None:
    """Keeps what is said now about the authority of a stamp just made. Nobody's silence is an
    error here: the row stays, and is asked about again each night. May ask the network."""
    from engine.signing.certificates import der, fingerprint

    own = credential.certificate
    name = fingerprint(own)
    known = session.get(StampEvidence, name)
    fresh = known is not None and _is_fresh(known)
    end_reading(session)  # nothing is held while others are asked
    if fresh:
        return
    chain = [_text(der(one)) for one in (own, *credential.chain)]
    told = times.learn(keys, credential, clock.now())
    with writing(session):
        row = session.get(StampEvidence, name, with_for_update=True)
        if row is None:
            until = own.not_valid_after_utc
            row = StampEvidence(certificate=name, until=until, chain=chain, evidence={})
            session.add(row)
        if told:
            row.evidence, row.learnt_at = _told(told), clock.now()


def refresh(session: Session, times: Times, keys: Keyring) -> int:
    """Asks anew about each authority whose certificate lasts and whose answers are old or
    missing; how many were asked about."""
    old = clock.now() - AGAIN
    rows = session.scalars(
        select(StampEvidence.chain).where(
            StampEvidence.until > clock.now(),
            or_(StampEvidence.learnt_at.is_(None), StampEvidence.learnt_at < old),
        )
    ).all()
    end_reading(session)
    for chain in rows:
        note(session, times, keys, _credential(chain))
    return len(rows)


def kept(session: Session) -> dict[str, Evidence]:
    """The newest answers about each authority, by the fingerprint of its certificate."""
    rows = session.execute(
        select(StampEvidence.certificate, StampEvidence.evidence).where(
            StampEvidence.learnt_at.is_not(None)
        )
    )
    return {name: _read(told) for name, told in rows}


def _is_fresh(row: StampEvidence) -> bool:
    return row.learnt_at is not None and row.learnt_at >= clock.now() - AGAIN


def _credential(chain: Sequence[str]) -> Credential:
    from engine.signing.certificates import load_der
    from engine.signing.signer import Credential

    own, *above = (load_der(base64.b64decode(one)) for one in chain)
    return Credential(own, tuple(above))


def _text(piece: bytes) -> str:
    return base64.b64encode(piece).decode()


def _told(evidence: Evidence) -> dict[str, list[str]]:
    return {name: [_text(one) for one in pieces] for name, pieces in asdict(evidence).items()}


def _read(told: dict[str, list[str]]) -> Evidence:
    from engine.signing.evidence import Evidence

    return Evidence(**{name: tuple(map(base64.b64decode, pieces)) for name, pieces in told.items()})
