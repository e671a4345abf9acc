"""The two acts on a paper: the leader signs, the clerk issues.

The fields exist in the paper's first bytes; each act appends one revision that the earlier
signature permits. An act is prepared (the revision, with room for a signature), signed by
whoever holds the key, and completed. Preparing and completing need only the credential, so
a key elsewhere can take its time in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigIOSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest, SignatureObject

from engine import clock
from engine.errors import Refusal, Refused
from engine.signing import cms, drawing
from engine.signing.certificates import der, identity
from engine.signing.revision import Revision
from engine.signing.sheet import Sheet
from engine.signing.signer import Credential, Signer

NUMBER, DATE, SIGNATURE, SEAL = "number", "date", "signature", "seal"

_DIGEST = "sha256"
_CERTIFY = SigMDPSetup(_DIGEST, certify=True, docmdp_perms=MDPPerm.FILL_FORMS)
_LOCK = SigMDPSetup(
    _DIGEST, field_lock=FieldMDPSpec(FieldMDPAction.ALL), docmdp_perms=MDPPerm.NO_CHANGES
)
_CMS_BYTES = 1536  # what a signature adds to its certificates, with an RSA-4096 key


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
) -> Prepared:
    """The revision that the agency's key is to sign; see ``issue``."""
    sheet = Sheet.open(pdf, at)
    if not sheet.revision.is_signed(SIGNATURE):
        raise Refused(Refusal("not_signed"))
    if sheet.revision.is_signed(SEAL):
        raise Refused(Refusal("already_sealed"))
    sheet.write(NUMBER, number)
    sheet.write(DATE, date_text)
    agency = identity(credential.certificate).organisation
    sheet.draw(SEAL, drawing.seal, around=agency.upper(), mark=mark)
    return _prepare(sheet.revision, SEAL, credential, _LOCK, at=at, reason=reason)


def complete(prepared: Prepared, signature: bytes) -> bytes:
    """The paper with its signature in place.

    Raises ``Refused`` with ``signature_mismatch`` if the certificate's key did not make it.
    """
    if not prepared.credential.accepts(prepared.attributes, signature):
        raise Refused(Refusal("signature_mismatch"))
    settled = prepared.credential.settled(signature)
    envelope = cms.envelope(prepared.credential, prepared.attributes, settled)
    output = BytesIO(prepared.pdf)
    place = PreparedByteRangeDigest(b"", *prepared.gap)
    place.fill_with_cms(output, envelope)
    return output.getvalue()


def _prepare(
    revision: Revision,
    field: str,
    credential: Credential,
    permissions: SigMDPSetup,
    *,
    at: datetime,
    reason: str,
) -> Prepared:
    """Writes the revision with an empty signature, and what is to be signed."""
    placeholder = SignatureObject(
        timestamp=at.astimezone(clock.VIETNAM),
        subfilter=SigSeedSubFilter.PADES,
        name=identity(credential.certificate).name,
        reason=reason,
        bytes_reserved=_reserved(credential),
    )
    steps = PdfCMSEmbedder().write_cms(field, revision, existing_fields_only=True)
    next(steps)
    steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=permissions))
    place, output = steps.send(SigIOSetup(_DIGEST))
    return Prepared(
        pdf=output.getvalue(),
        gap=(place.reserved_region_start, place.reserved_region_end),
        attributes=cms.attributes(credential, place.document_digest),
        credential=credential,
    )


def _reserved(credential: Credential) -> int:
    """Room for the signature, in hex digits.

    None is kept for a time stamp: one that comes later covers the whole file (ETSI
    EN 319 142-1, document time-stamp), and every reader pays for unused room.
    """
    certificates = sum(len(der(c)) for c in (credential.certificate, *credential.chain))
    return 2 * (certificates + _CMS_BYTES)
