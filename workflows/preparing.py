"""What is prepared for a key that is elsewhere, and what is kept of it.

A file to be sealed already states that its paper was issued: that such a statement is being
made is kept before it is made (``engine.papers.handed_out``).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from engine import clock
from engine.papers import handed_out
from workflows.papers import Number, PaperDesk, signing

if TYPE_CHECKING:
    from engine.signing.pdf import Prepared
    from engine.signing.signer import Credential
    from engine.signing.strip import Strip

LIFETIME = timedelta(minutes=30)
"""How long a prepared signature waits: time to read a batch, not to forget it."""

CODE_LENGTH = 26


def announced(session: Session, paper_id: int, number: Number | None) -> str:
    """The code of a new session, under which a statement about to be made is kept. No lock and
    no snapshot is held afterwards, while the file is prepared."""
    code = clock.new_code(CODE_LENGTH)
    session.rollback()
    if number is not None:
        told = (number.authority_id, number.day.year, number.text)
        handed_out.announce(session, code, paper_id, *told)
    return code


def prepare(
    desk: PaperDesk, base: str, credential: Credential, number: Number | None, at: datetime
) -> tuple[Prepared, Strip | None]:
    """The file ``base`` with room for a signature made ``at`` that time; with a ``number``, to
    be sealed, and the strip that was printed into it."""
    from engine.signing import pdf

    content = desk.store.get(base)
    if number is None:
        return pdf.prepare_person(content, credential, at=at, **signing()), None
    sealing = desk.sealing(number, content, at)
    return pdf.prepare_issue(content, credential, at=at, **sealing), sealing["strip"]


def row(
    desk: PaperDesk,
    code: str,
    prepared: Prepared,
    certificates: Sequence[bytes],
    number: Number | None,
) -> dict[str, Any]:
    """The columns of a session that tell what was prepared, and for how long."""
    now = clock.now()
    return {
        "code": code,
        "prepared": desk.store.put(prepared.pdf),
        "gap_start": prepared.gap[0],
        "gap_end": prepared.gap[1],
        "attributes": prepared.attributes.hex(),
        "digest": prepared.digest.hex(),
        "fingerprint": hashlib.sha256(certificates[0]).hexdigest(),
        "certificates": [base64.b64encode(one).decode() for one in certificates],
        "number": number.number if number else None,
        "number_text": number.text if number else None,
        "issued_on": number.day if number else None,
        "begun_at": now,
        "expires_at": now + LIFETIME,
    }
