"""The second file of a signature under way: an annex that is signed in the same step.

One session, one certificate, one PIN at the token, two digests. What is kept of the annex lies
beside what is kept of its paper, in plain values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.errors import Refusal, Refused
from workflows import annexing
from workflows.keyholders import Holder
from workflows.papers import PaperDesk
from workflows.signing_sessions import Part, SigningSession

if TYPE_CHECKING:
    from engine.signing.signer import Credential


def prepared(
    desk: PaperDesk, first: bytes, credential: Credential, number: str, at: datetime
) -> dict[str, Any]:
    """What a session keeps of an annex: the file with room for the signature, and its digest."""
    from engine.signing import pdf

    made = pdf.prepare_annex(first, credential, **annexing.signing(number, at))
    return {
        "base": hashlib.sha256(first).hexdigest(),
        "prepared": desk.store.put(made.pdf),
        "gap": list(made.gap),
        "attributes": made.attributes.hex(),
        "digest": made.digest.hex(),
    }


def part(desk: PaperDesk, made: SigningSession) -> Part | None:
    """What a session asks its holder to sign besides the paper."""
    if made.annex is None:
        return None
    kept = made.annex
    file, (start, end) = desk.store.get(kept["prepared"]), kept["gap"]
    covered = hashlib.sha256(file[:start])
    covered.update(file[end:])
    return Part(
        name=annexing.ANNEX,
        digest=kept["digest"],
        attributes=bytes.fromhex(kept["attributes"]),
        document=kept["prepared"],
        size=len(file),
        gap=(start, end),
        covered=covered.hexdigest(),
    )


def evidence(
    desk: PaperDesk,
    made: SigningSession,
    credential: Credential,
    holder: Holder,
    signature: bytes | None,
) -> Mapping[str, Any]:
    """What ``perform`` is told of the annex, validated as an outsider would; nothing where
    there is none. Raises ``Refused`` (``annex_not_signed``), and as ``PaperDesk.evidence``."""
    from engine.signing import pdf

    if made.annex is None:
        return {}
    if signature is None:
        raise Refused(Refusal("annex_not_signed"))
    kept = made.annex
    waiting = pdf.Prepared(
        pdf=desk.store.get(kept["prepared"]),
        gap=(kept["gap"][0], kept["gap"][1]),
        attributes=bytes.fromhex(kept["attributes"]),
        credential=credential,
    )
    content = pdf.complete(waiting, signature)
    agency = replace(holder, role=annexing.ANNEX)
    return {"annex": desk.evidence(kept["base"], content, agency)}


def files(sessions: Iterable[SigningSession]) -> list[str]:
    """The prepared files of sessions."""
    found = []
    for one in sessions:
        found += [one.prepared, *([one.annex["prepared"]] if one.annex else [])]
    return found
