"""The two acts on a paper: the leader signs, the clerk issues.

The fields exist in the paper's first bytes; each act appends one revision that the earlier
signature permits. An act is prepared (the revision, with room for a signature), signed by
whoever holds the key, and completed. Preparing and completing need only the credential, so
a key elsewhere can take its time in between.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from engine import clock
from engine.errors import Refusal, Refused
from engine.papers.fields import DoesNotFit
from engine.signing import cms, drawing
from engine.signing.certificates import identity
from engine.signing.revision import Revision, reference, text
from engine.signing.sheet import Sheet
from engine.signing.signer import Credential, Signer
from engine.signing.strip import Strip

NUMBER, DATE, SIGNATURE, SEAL, STRIP = "number", "date", "signature", "seal", "strip"
AGENCY = "agency"
"""The field of an annex in a file of its own, which the agency alone signs."""

# ISO 32000-1, 12.8.2.2 and 12.8.2.4, with the permission of ISO 32000-2 in a lock: the first
# signature lets forms be filled (2), the second nothing (1).
_CERTIFY = (
    b"/Reference [<< /Type /SigRef /TransformMethod /DocMDP"
    b" /TransformParams << /Type /TransformParams /V /1.2 /P 2 >> >>]"
)
_LOCK = (
    b"/Reference [<< /Type /SigRef /TransformMethod /FieldMDP /Data %(root)s"
    b" /TransformParams << /Type /TransformParams /V /1.2 /Action /All /P 1 >> >>]"
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A paper with room for one signature. Plain values: it may be stored meanwhile.

    ``attributes`` is the message to be signed, ``digest`` its SHA-256, ``gap`` the place of
    the signature in ``pdf``.
    """

    pdf: bytes
    gap: tuple[int, int]
    attributes: bytes
    credential: Credential

    @property
    def digest(self) -> bytes:
        """What a token shows and signs."""
        return cms.digest(self.attributes)


def sign_person(pdf: bytes, signer: Signer, *, at: datetime, reason: str, mark: str) -> bytes:
    """The paper signed by its leader: certified, open to nothing but its other fields.

    Raises ``Refused``: ``already_signed``, ``field_missing``, ``font_missing``.
    """
    prepared = prepare_person(pdf, signer.credential, at=at, reason=reason, mark=mark)
    return complete(prepared, signer.sign(prepared.attributes))


def issue(
    pdf: bytes,
    signer: Signer,
    *,
    at: datetime,
    number: str,
    date_text: str,
    reason: str,
    mark: str,
    strip: Strip | None = None,
) -> bytes:
    """The signed paper numbered, dated and sealed by the agency, and closed to any change.

    Raises ``Refused``: ``not_signed``, ``already_sealed``, ``field_missing``,
    ``font_missing``, ``letter_missing``, ``text_too_long``.
    """
    prepared = prepare_issue(
        pdf,
        signer.credential,
        at=at,
        number=number,
        date_text=date_text,
        reason=reason,
        mark=mark,
        strip=strip,
    )
    return complete(prepared, signer.sign(prepared.attributes))


def prepare_person(
    pdf: bytes, credential: Credential, *, at: datetime, reason: str, mark: str
) -> Prepared:
    """The revision that the leader's key is to sign; see ``sign_person``."""
    sheet = Sheet.open(pdf, at)
    if sheet.revision.is_signed(SIGNATURE):
        raise Refused(Refusal("already_signed"))
    seed = identity(credential.certificate).name
    sheet.draw(SIGNATURE, drawing.handwriting, seed=seed, mark=mark)
    return _prepare(sheet.revision, SIGNATURE, credential, _CERTIFY, at=at, reason=reason)


def prepare_issue(
    pdf: bytes,
    credential: Credential,
    *,
    at: datetime,
    number: str,
    date_text: str,
    reason: str,
    mark: str,
    strip: Strip | None = None,
) -> Prepared:
    """The revision that the agency's key is to sign; see ``issue``."""
    sheet = Sheet.open(pdf, at)
    if not sheet.revision.is_signed(SIGNATURE):
        raise Refused(Refusal("not_signed"))
    if sheet.revision.is_signed(SEAL):
        raise Refused(Refusal("already_sealed"))
    sheet.write(NUMBER, number)
    sheet.write(DATE, date_text)
    if strip is not None:
        sheet.stamp(STRIP, strip)
    agency = identity(credential.certificate).organisation
    sheet.draw(SEAL, drawing.seal, around=agency.upper(), mark=mark)
    return _prepare(sheet.revision, SEAL, credential, _LOCK, at=at, reason=reason)


def sign_annex(pdf: bytes, signer: Signer, *, at: datetime, number: str, reason: str) -> bytes:
    """The annex of a paper signed by the agency, and closed to any change.

    Raises ``Refused``: ``already_sealed``, ``field_missing``, ``font_missing``,
    ``letter_missing``, ``text_too_long``.
    """
    prepared = prepare_annex(pdf, signer.credential, at=at, number=number, reason=reason)
    return complete(prepared, signer.sign(prepared.attributes))


def prepare_annex(
    pdf: bytes, credential: Credential, *, at: datetime, number: str, reason: str
) -> Prepared:
    """The revision that the agency's key is to sign; see ``sign_annex``."""
    sheet = Sheet.open(pdf, at)
    if sheet.revision.is_signed(AGENCY):
        raise Refused(Refusal("already_sealed"))
    time = at.astimezone(clock.VIETNAM).isoformat(timespec="seconds")
    try:
        sheet.draw(AGENCY, drawing.corner, number=number, time=time)
    except DoesNotFit:
        raise Refused(Refusal("text_too_long", {"text": number})) from None
    return _prepare(sheet.revision, AGENCY, credential, _LOCK, at=at, reason=reason)


def complete(prepared: Prepared, signature: bytes) -> bytes:
    """The paper with its signature in place.

    Raises ``Refused`` with ``signature_mismatch`` if the certificate's key did not make it.
    """
    if not prepared.credential.accepts(prepared.attributes, signature):
        raise Refused(Refusal("signature_mismatch"))
    settled = prepared.credential.settled(signature)
    envelope = cms.envelope(prepared.credential, prepared.attributes, settled)
    first, second = prepared.gap
    room = second - first - 2
    written = envelope.hex().upper().encode().ljust(room, b"0")
    if len(written) > room:
        raise ValueError("no room was kept for this signature")
    return b"%s<%s>%s" % (prepared.pdf[:first], written, prepared.pdf[second:])


def _prepare(
    revision: Revision,
    field: str,
    credential: Credential,
    permissions: bytes,
    *,
    at: datetime,
    reason: str,
) -> Prepared:
    """Writes the revision with an empty signature, and what is to be signed."""
    root = {b"root": reference(revision.pdf.Root)}
    entries = b" /".join(
        (
            b"/Filter /Adobe.PPKLite",
            b"SubFilter /ETSI.CAdES.detached",
            b"M " + text(_moment(at.astimezone(clock.VIETNAM))),
            b"Name " + text(identity(credential.certificate).name),
            b"Reason " + text(reason) + b" " + permissions % root,
        )
    )
    room = _reserved(credential)
    appended = revision.reserve(field, entries, room, certify=permissions == _CERTIFY)
    first, second = appended.gap
    covered = hashlib.sha256(appended.pdf[:first])
    covered.update(appended.pdf[second:])
    return Prepared(
        pdf=appended.pdf,
        gap=appended.gap,
        attributes=cms.attributes(credential, covered.digest()),
        credential=credential,
    )


def _moment(at: datetime) -> str:
    """A date as PDF writes it (ISO 32000-1, 7.9.4)."""
    zone = f"{at:%z}"
    return f"D:{at:%Y%m%d%H%M%S}{zone[:3]}'{zone[3:]}'"


def _reserved(credential: Credential) -> int:
    """Room for the signature, in hex digits: that of the longest this key can make.

    None is kept for a time stamp: one that comes later covers the whole file (ETSI
    EN 319 142-1, document time-stamp), and every reader pays for unused room.
    """
    return 2 * cms.largest(credential)
