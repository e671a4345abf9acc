"""The two CMS structures of a PAdES baseline signature (ETSI EN 319 122-1, 319 142-1).

``attributes`` is what the key signs, ``envelope`` what goes into the file. Apart, because
the key may be elsewhere and answer later. No signing-time attribute: in PAdES the claimed
time stands in the signature dictionary.

All that depends on the certificates alone is encoded by asn1crypto, once; what is left to put
together for each signature is lengths (X.690, 8.1.3), which needs no library.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from asn1crypto import algos, cms, tsp
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.sign.general import as_signing_certificate_v2

from engine.signing.certificates import to_asn1
from engine.signing.signer import Credential

_DIGEST = "sha256"
_SEQUENCE, _SET, _OCTETS = b"\x30", b"\x31", b"\x04"
_CONTEXT = b"\xa0"
_VERSION = b"\x02\x01\x01"


def _tlv(tag: bytes, *parts: bytes) -> bytes:
    """Tag, length and value (DER)."""
    value = b"".join(parts)
    size = len(value)
    if size < 0x80:
        return tag + bytes((size,)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return tag + bytes((0x80 | len(length),)) + length + value


def _kind(name: str) -> bytes:
    return bytes(cms.CMSAttributeType(name).dump())


_CONTENT_TYPE = _tlv(_SEQUENCE, _kind("content_type"), _tlv(_SET, cms.ContentType("data").dump()))
_MESSAGE_DIGEST = _kind("message_digest")
_SIGNING_CERTIFICATE = _kind("signing_certificate_v2")
_SIGNED_DATA = bytes(cms.ContentType("signed_data").dump())
_DETACHED = _tlv(_SEQUENCE, cms.ContentType("data").dump())


@dataclass(frozen=True, slots=True)
class _Parts:
    """What every signature of a credential has in common."""

    signer: bytes
    digest: bytes
    algorithm: bytes
    certificates: bytes


def attributes(credential: Credential, document_digest: bytes) -> bytes:
    """The signed attributes, as DER, over the SHA-256 digest of the covered bytes."""
    digested = _tlv(_SEQUENCE, _MESSAGE_DIGEST, _tlv(_SET, _tlv(_OCTETS, document_digest)))
    return _tlv(_SET, *sorted((_CONTENT_TYPE, digested, _named(credential))))


@lru_cache(maxsize=256)
def _named(credential: Credential) -> bytes:
    """The attribute that binds the certificate and its intermediates.

    All of them (RFC 5035, 3): one that is not named could be exchanged for its twin, the same
    authority's certificate with its signature spelled otherwise.
    """
    own, *chain = to_asn1((credential.certificate, *credential.chain))
    chain.sort(key=lambda one: bytes(one.dump()))  # as the envelope has them
    named = [as_signing_certificate_v2(one, _DIGEST)["certs"][0] for one in (own, *chain)]
    value = bytes(tsp.SigningCertificateV2({"certs": named}).dump())
    return _tlv(_SEQUENCE, _SIGNING_CERTIFICATE, _tlv(_SET, value))


def envelope(credential: Credential, signed_attributes: bytes, signature: bytes) -> bytes:
    """The detached SignedData, as DER, with the certificate and its intermediates."""
    parts = _parts(credential)
    # In place of the tag of a set stands that of the field (RFC 5652, 5.3: [0] IMPLICIT).
    implicit = _CONTEXT + signed_attributes[1:]
    signer = _tlv(
        _SEQUENCE,
        _VERSION,
        parts.signer,
        parts.digest,
        implicit,
        parts.algorithm,
        _tlv(_OCTETS, signature),
    )
    signed_data = _tlv(
        _SEQUENCE,
        _VERSION,
        _tlv(_SET, parts.digest),
        _DETACHED,
        parts.certificates,
        _tlv(_SET, signer),
    )
    return _tlv(_SEQUENCE, _SIGNED_DATA, _tlv(_CONTEXT, signed_data))


@lru_cache(maxsize=256)
def largest(credential: Credential) -> int:
    """How many bytes the longest envelope of a credential has.

    Made and measured, not reckoned: each intermediate is in it twice, whole among the
    certificates and by its names in the attributes, and those are as long as their authority
    likes. Raises ``ValueError`` for a key that papers are not signed with.
    """
    named = attributes(credential, digest(b""))
    return len(envelope(credential, named, credential.longest_signature))


@lru_cache(maxsize=256)
def _parts(credential: Credential) -> _Parts:
    certificate, *chain = to_asn1((credential.certificate, *credential.chain))
    is_rsa = isinstance(credential.certificate.public_key(), rsa.RSAPublicKey)
    names = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    algorithm = {"algorithm": f"{_DIGEST}_{'rsa' if is_rsa else 'ecdsa'}"}
    return _Parts(
        signer=bytes(cms.IssuerAndSerialNumber(names).dump()),
        digest=bytes(algos.DigestAlgorithm({"algorithm": _DIGEST}).dump()),
        algorithm=bytes(algos.SignedDigestAlgorithm(algorithm).dump()),
        certificates=_tlv(_CONTEXT, *sorted(bytes(c.dump()) for c in (certificate, *chain))),
    )


def signature_in(container: bytes) -> bytes:
    """The signature of an envelope: what stands last in what stands last, as far down as it
    goes. Raises ``IndexError`` for bytes that hold none."""
    tag, start, end = _SEQUENCE[0], *_value(container, 0)
    while tag != _OCTETS[0]:
        if start == end:
            raise IndexError(start)  # nothing stands in it
        at = start
        while at < end:
            tag = container[at]
            start, at = _value(container, at)
        if at != end:
            raise IndexError(at)
    return container[start:end]


def _value(data: bytes, at: int) -> tuple[int, int]:
    """Where the value of the element at a place begins and ends."""
    size, start = data[at + 1], at + 2
    if size >= 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[at + 2 : start])
    if start + size > len(data):
        raise IndexError(start + size)
    return start, start + size


def digest(data: bytes | memoryview) -> bytes:
    """SHA-256, the one digest of these signatures."""
    return hashlib.sha256(data).digest()
