"""What a signature in a file is made of.

Files come from strangers: any of these may raise anything when a file makes no sense.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from asn1crypto import parser
from asn1crypto import x509 as asn1
from asn1crypto.cms import CertificateChoices
from cryptography.x509 import Certificate, load_der_x509_certificate
from pyhanko.sign.fields import FieldMDPAction, MDPPerm, SigSeedSubFilter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from engine.errors import Refusal, Refused
from engine.signing import cms
from engine.signing.certificates import Identity, identity
from engine.signing.reader import Reader
from engine.signing.signer import Credential

_DIGEST = "message_digest"
_SEQUENCE = 0x30

# What it warns of is told as a problem of the file; a stranger's file does not fill our log.
for _reader in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_reader).setLevel(logging.CRITICAL)


def signatures(pdf: bytes) -> Sequence[EmbeddedPdfSignature]:
    """The signatures of a file, oldest first; raises ``Refused`` with ``unreadable_pdf``.

    Whatever goes wrong while reading is the file's fault: a parser meets in strangers' files
    what its authors did not foresee.
    """
    try:
        found: Sequence[EmbeddedPdfSignature] = Reader(pdf).embedded_signatures
    except Exception as error:
        raise Refused(Refusal("unreadable_pdf")) from error
    for signature in found:
        _leave_out_others(signature)
    return found


def _leave_out_others(signature: EmbeddedPdfSignature) -> None:
    """Lets a signature carry attribute certificates and their like (RFC 5652, 10.2.2), which do
    not say who signed: asn1crypto stumbles over those of the first version, and with them over
    the signer's own. Whether the container is as written here is asked of its bytes."""
    try:
        signed = signature.signed_data
        held = [*_elements(signed["certificates"].contents or b"")]
        plain = [one for one in held if one[0] == _SEQUENCE]
        if plain != held:
            signed["certificates"] = [CertificateChoices.load(one) for one in plain]
    except Exception:  # what makes no sense is told by whoever needs it
        return


def _elements(content: bytes) -> Iterator[bytes]:
    while content:
        size = parser.peek(content)
        yield content[:size]
        content = content[size:]


def holder(signature: EmbeddedPdfSignature) -> Identity:
    """Who the signer's certificate says made a signature."""
    return identity(_certificate(signature.signer_cert))


def _certificate(certificate: asn1.Certificate) -> Certificate:
    return load_der_x509_certificate(certificate.dump())


def is_baseline(signature: EmbeddedPdfSignature) -> bool:
    """PAdES baseline: its sub-filter, and the signer's certificate bound by a digest."""
    subfilter = signature.sig_object.get("/SubFilter")
    signed = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    return subfilter == SigSeedSubFilter.PADES.value and "signing_certificate_v2" in signed


def is_canonical(signature: EmbeddedPdfSignature) -> bool:
    """Whether the CMS is byte for byte what this house writes, then zeros.

    No digest covers the CMS itself, so it could be spelled otherwise, or filled up, with the
    signature still good. Writing it anew from its parts leaves no byte unchecked: what is
    signed names every certificate, and the signature itself has one spelling.
    """
    info, own = signature.signer_info, credential(signature)
    attributes = info["signed_attrs"].untag().dump()
    (digest,) = (a["values"][0] for a in info["signed_attrs"] if a["type"].native == _DIGEST)
    if attributes != cms.attributes(own, digest.native):
        return False
    written = cms.envelope(own, attributes, own.settled(info["signature"].native))
    return signature.pkcs7_content == written.ljust(len(signature.pkcs7_content), b"\0")


def credential(signature: EmbeddedPdfSignature) -> Credential:
    """The certificates that a signature carries."""
    chain = tuple(_certificate(other) for other in signature.other_embedded_certs)
    return Credential(_certificate(signature.signer_cert), chain)


def certifies(signature: EmbeddedPdfSignature) -> bool:
    """Whether this is the file's certification, and it permits no more than filling forms."""
    try:
        author = signature.reader.root["/Perms"].raw_get("/DocMDP").reference
    except (KeyError, AttributeError):
        return False
    own = signature.sig_field.raw_get("/V").reference
    permitted = (MDPPerm.NO_CHANGES, MDPPerm.FILL_FORMS)
    return bool(author == own) and signature.docmdp_level in permitted


def locks(signature: EmbeddedPdfSignature) -> bool:
    """Whether this signature closes every field of the form."""
    lock = signature.fieldmdp
    return lock is not None and lock.action is FieldMDPAction.ALL
