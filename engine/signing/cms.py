"""The two CMS structures of a PAdES baseline signature (ETSI EN 319 122-1, 319 142-1).

``attributes`` is what the key signs, ``envelope`` what goes into the file. Apart, because
the key may be elsewhere and answer later. No signing-time attribute: in PAdES the claimed
time stands in the signature dictionary.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from asn1crypto import cms, tsp
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.sign.general import as_signing_certificate_v2

from engine.signing.certificates import to_asn1
from engine.signing.signer import Credential

_DIGEST = "sha256"


def attributes(credential: Credential, document_digest: bytes) -> bytes:
    """The signed attributes, as DER, over the SHA-256 digest of the covered bytes."""
    values = {
        "content_type": "data",
        "message_digest": document_digest,
        "signing_certificate_v2": tsp.SigningCertificateV2.load(_named(credential)),
    }
    signed = [cms.CMSAttribute({"type": kind, "values": [v]}) for kind, v in values.items()]
    return bytes(cms.CMSAttributes(signed).dump())


@lru_cache(maxsize=256)
def _named(credential: Credential) -> bytes:
    """The attribute value that binds the certificate and its intermediates, as DER.

    All of them (RFC 5035, 3): one that is not named could be exchanged for its twin, the same
    authority's certificate with its signature spelled otherwise. Parsed bytes cost asn1crypto
    nothing to write again; a tree built here would be encoded anew at every level above it
    (12 ms instead of 1).
    """
    own, *chain = to_asn1((credential.certificate, *credential.chain))
    chain.sort(key=lambda one: bytes(one.dump()))  # as the envelope has them
    named = [as_signing_certificate_v2(one, _DIGEST)["certs"][0] for one in (own, *chain)]
    return bytes(tsp.SigningCertificateV2({"certs": named}).dump())


def envelope(credential: Credential, signed_attributes: bytes, signature: bytes) -> bytes:
    """The detached SignedData, as DER, with the certificate and its intermediates."""
    certificate, *chain = to_asn1((credential.certificate, *credential.chain))
    is_rsa = isinstance(credential.certificate.public_key(), rsa.RSAPublicKey)
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {
                "issuer_and_serial_number": {
                    "issuer": certificate.issuer,
                    "serial_number": certificate.serial_number,
                }
            }
        ),
        "digest_algorithm": {"algorithm": _DIGEST},
        "signed_attrs": cms.CMSAttributes.load(signed_attributes),
        "signature_algorithm": {"algorithm": f"{_DIGEST}_{'rsa' if is_rsa else 'ecdsa'}"},
        "signature": signature,
    }
    signed_data = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": _DIGEST}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [cms.CertificateChoices("certificate", c) for c in (certificate, *chain)],
        "signer_infos": [signer],
    }
    content = {"content_type": "signed_data", "content": cms.SignedData(signed_data)}
    return bytes(cms.ContentInfo(content).dump())


def digest(data: bytes | memoryview) -> bytes:
    """SHA-256, the one digest of these signatures."""
    return hashlib.sha256(data).digest()
