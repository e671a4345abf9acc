"""Time-stamp tokens (RFC 3161): what is asked of a time authority, and what its answer says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from asn1crypto import cms, core, tsp, x509
from cryptography.x509 import Certificate, ExtendedKeyUsage, ExtensionNotFound
from cryptography.x509.oid import ExtendedKeyUsageOID

from engine.errors import Refusal, Refused
from engine.signing.certificates import load_der
from engine.signing.signer import Credential

DIGEST = "sha256"
_PLAIN = frozenset({"rsassa_pkcs1v15", "ecdsa"})
_GRANTED = ("granted", "granted_with_mods")


class Response(core.Sequence):  # type: ignore[misc]
    """RFC 3161, 2.4.2; asn1crypto's own does not know that a refusal has no token."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


class TimeSource(Protocol):
    """A time authority, wherever it is.

    ``room`` is how many bytes a token of it may have; the place kept for one in a file.
    """

    @property
    def room(self) -> int:
        """The bytes to keep for a token."""

    def answer(self, request: bytes) -> bytes:
        """The response (DER) to a request. Raises ``Away`` when there is none in time."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart. Nothing of it is judged yet.

    ``imprint`` is the stamped digest with ``algorithm``; ``signature`` names the digest and
    the key that the authority signed with, to tell later what has grown weak.
    """

    time: datetime
    algorithm: str
    imprint: bytes
    nonce: int | None
    credential: Credential
    signature: str

    @property
    def until(self) -> datetime:
        """The end of the authority's certificate: until then the token stands by itself."""
        return self.credential.certificate.not_valid_after_utc


def request(imprint: bytes, nonce: int) -> bytes:
    """The request (DER) for a token over a SHA-256 digest, with the certificates in it."""
    imprinted = tsp.MessageImprint(
        {"hash_algorithm": {"algorithm": DIGEST}, "hashed_message": imprint}
    )
    told = {"version": 1, "message_imprint": imprinted, "nonce": nonce, "cert_req": True}
    return bytes(tsp.TimeStampReq(told).dump())


def granted(response: bytes, imprint: bytes, nonce: int) -> bytes:
    """The token (DER) in a response to that request.

    Raises ``Refused``: ``stamp_refused`` with what the authority says, ``stamp_unreadable``,
    or ``stamp_mismatch`` when it answers another request.
    """
    try:
        parsed = Response.load(response, strict=True)
        status = parsed["status"]
        if status["status"].native not in _GRANTED:
            said = [*(status["status_string"].native or ()), *(status["fail_info"].native or ())]
            raise Refused(Refusal("stamp_refused", {"why": "; ".join(said)[:200]}))
        token = bytes(parsed["time_stamp_token"].dump())
        read = parse(token)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused(Refusal("stamp_unreadable")) from error
    if (read.algorithm, read.imprint, read.nonce) != (DIGEST, imprint, nonce):
        raise Refused(Refusal("stamp_mismatch"))
    return token


def parse(token: bytes) -> Token:
    """Takes a token apart; bytes after its end are left alone. Raises ``ValueError`` and its
    like for what is no token of one signer with its certificate."""
    signed = cms.ContentInfo.load(token)["content"]
    (signer,) = signed["signer_infos"]
    info = signed["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise ValueError("no time-stamp token")
    imprint = info["message_imprint"]
    return Token(
        time=info["gen_time"].native,
        algorithm=imprint["hash_algorithm"]["algorithm"].native,
        imprint=imprint["hashed_message"].native,
        nonce=info["nonce"].native,
        credential=_credential(signed, signer),
        signature=f"{signer['digest_algorithm']['algorithm'].native}/"
        f"{signer['signature_algorithm'].signature_algo}",
    )


def holds(content: bytes, read: Token, digest: bytes) -> bool:
    """Whether a token is over that digest (SHA-256) and its authority's key made it; false also
    for what is not as plain as most tokens are, and then for others to judge."""
    signed = cms.ContentInfo.load(content)["content"]
    (signer,) = signed["signer_infos"]
    attributes = signer["signed_attrs"].dump()  # before it is read: afterwards it is made anew
    told = {one["type"].native: one["values"][0].native for one in signer["signed_attrs"]}
    info = hashlib.new(read.signature.partition("/")[0])
    info.update(bytes(signed["encap_content_info"]["content"]))
    return (
        (read.algorithm, read.imprint) == (DIGEST, digest)
        and told.get("content_type") == "tst_info"
        and told.get("message_digest") == info.digest()
        and read.signature.startswith(f"{DIGEST}/")
        and signer["signature_algorithm"].signature_algo in _PLAIN
        and read.credential.accepts(
            # The tag of a set in place of the field's own (RFC 5652, 5.4).
            b"\x31" + attributes[1:],
            signer["signature"].native,
        )
    )


def _credential(signed: cms.SignedData, signer: cms.SignerInfo) -> Credential:
    found = [one.chosen for one in signed["certificates"]]
    own = [one for one in found if _named(one, signer["sid"].chosen)]
    if len(own) != 1:
        raise ValueError("a token without the certificate of its signer")
    others = tuple(load_der(one.dump()) for one in found if one is not own[0])
    return Credential(load_der(own[0].dump()), others)


def _named(certificate: x509.Certificate, sid: core.Asn1Value) -> bool:
    if isinstance(sid, cms.IssuerAndSerialNumber):
        if certificate.serial_number != sid["serial_number"].native:
            return False
        # The names letter for letter first: to compare them by their meaning is slow.
        names = certificate.issuer, sid["issuer"]
        return names[0].dump() == names[1].dump() or bool(names[0] == names[1])
    return bool(certificate.key_identifier == sid.native)


def only_stamps(certificate: Certificate) -> bool:
    """Whether a certificate is for time stamps and nothing else (RFC 3161, 2.3)."""
    try:
        purpose = certificate.extensions.get_extension_for_class(ExtendedKeyUsage)
    except ExtensionNotFound:
        return False
    return purpose.critical and [*purpose.value] == [ExtendedKeyUsageOID.TIME_STAMPING]


def is_tidy(content: bytes) -> bool:
    """Whether a token stands alone in its place: zeros after it, and in it nothing that its
    signature leaves open (unsigned attributes, lists, certificates of no use)."""
    wrapper = cms.ContentInfo.load(content)
    signed = wrapper["content"]
    length = len(wrapper.dump())
    read = parse(content)
    issuers = {one.subject for one in read.credential.chain}
    used = {one.issuer for one in (read.credential.certificate, *read.credential.chain)}
    return (
        not content[length:].strip(b"\0")
        and not signed["signer_infos"][0]["unsigned_attrs"]
        and not signed["crls"]
        and issuers <= used
    )
