"""Whether the evidence in a file is about the signatures of that file, every piece of it.

Evidence may be added to a sealed paper by anybody, and what comes last no stamp covers. So each
piece has to be what it claims: a certificate on the way from a signer of the file to a root, or
of one that such an authority lets speak for it (RFC 6960, 4.2.2.2); a list or an answer signed
by one of those. What passes is what an authority really said of its own certificates, which
takes nothing from a paper whoever put it there. All else is somebody's addition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, ExtensionNotFound, ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from engine.signing.certificates import der, load_der
from engine.signing.evidence import Evidence

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

_STORE = frozenset({"/Certs", "/CRLs", "/OCSPs"})
_PIECE = {"/Length"}
_SALTED: dict[str, HashAlgorithm] = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}
_LONGEST_SALT = 512
"""No key that is used has room for more."""

_UNREADABLE = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, ExtensionNotFound)


def bears(reader: PdfFileReader, evidence: Evidence, signers: Collection[Certificate]) -> bool:
    """Whether all that the store of a file holds is about these certificates, the signers' own
    and what they brought along. Raises anything for a file that makes no sense."""
    if "/DSS" not in reader.root:
        return True
    if not _is_plain(reader.root["/DSS"]):
        return False
    known = _known([_certificate(one) for one in evidence.certificates], signers)
    if known is None:
        return False
    lists = all(_is_list_of(one, known) for one in evidence.crls)
    return lists and all(_is_answer_of(one, known) for one in evidence.ocsps)


def _is_plain(store: Any) -> bool:
    """Whether a store has nothing but arrays of plain streams, as this house writes it: what no
    reader shows, such as another type, is somebody's words all the same."""
    pieces = [one.get_object() for key in store for one in store[key]]
    return set(store) <= _STORE and all(set(one) == _PIECE for one in pieces)


def _certificate(piece: bytes) -> Certificate | None:
    try:
        found = load_der(piece)
    except ValueError:
        return None
    return found if der(found) == piece else None


def _known(
    held: Sequence[Certificate | None], signers: Collection[Certificate]
) -> frozenset[Certificate] | None:
    """The signers' certificates with those held that belong to them; none if one does not."""
    known, left = set(signers), {one for one in held if one is not None} - set(signers)
    while found := {one for one in left if _is_of(one, known)}:
        known |= found
        left -= found
    return None if left or None in held else frozenset(known)


def _is_of(one: Certificate, known: Collection[Certificate]) -> bool:
    if any(_belongs(one, other) for other in known):
        return True
    return _keeps_list_of(one, known) and any(issued(one, other) for other in known)


def _keeps_list_of(one: Certificate, known: Collection[Certificate]) -> bool:
    """Whether a certificate says that this one keeps the list about it (RFC 5280, 4.2.1.13)."""
    named = {name.value for other in known for name in _keepers(other)}
    try:
        usage = one.extensions.get_extension_for_class(x509.KeyUsage).value
    except _UNREADABLE:
        return False
    return usage.crl_sign and one.subject in named


def _keepers(one: Certificate) -> Iterator[x509.GeneralName]:
    try:
        places = one.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except _UNREADABLE:
        return
    for place in places:
        yield from place.crl_issuer or ()


def _belongs(one: Certificate, other: Certificate) -> bool:
    return issued(other, one) or (issued(one, other) and speaks(one))


@lru_cache(maxsize=1024)
def issued(one: Certificate, by: Certificate) -> bool:
    """Whether the one's issuer is the other, by name and by signature."""
    if one.issuer != by.subject:
        return False
    try:
        one.verify_directly_issued_by(by)
    except _UNREADABLE:
        return False
    return True


def speaks(one: Certificate) -> bool:
    """Whether an authority lets this one answer for it."""
    try:
        purposes = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except _UNREADABLE:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in purposes


@lru_cache(maxsize=256)
def _is_list_of(piece: bytes, known: frozenset[Certificate]) -> bool:
    try:
        told = x509.load_der_x509_crl(piece)
        keys: list[Any] = [one.public_key() for one in known if one.subject == told.issuer]
        return any(told.is_signature_valid(key) for key in keys)
    except _UNREADABLE:
        return False


@lru_cache(maxsize=256)
def _is_answer_of(piece: bytes, known: frozenset[Certificate]) -> bool:
    try:
        told = ocsp.load_der_ocsp_response(piece)
        asked = any(one.serial_number == told.serial_number for one in known)
        return asked and any(answered(told, one) for one in _speakers(told, known))
    except _UNREADABLE:
        return False


def _speakers(told: ocsp.OCSPResponse, known: frozenset[Certificate]) -> Iterator[Certificate]:
    yield from known
    for one in told.certificates:
        if any(_belongs(one, other) for other in known):
            yield one


def answered(told: ocsp.OCSPResponse, by: Certificate) -> bool:
    """Whether an answer is signed by this certificate's key. Raises ``ValueError`` and its like
    for a signature of no known kind."""
    key, message = by.public_key(), told.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(told.signature, message, *_padded(told))
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(told.signature, message, ec.ECDSA(_digest(told)))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _digest(told: ocsp.OCSPResponse) -> HashAlgorithm:
    digest = told.signature_hash_algorithm
    if digest is None:
        raise ValueError("a signature without a digest")
    return digest


def _padded(told: ocsp.OCSPResponse) -> tuple[AsymmetricPadding, HashAlgorithm]:
    """The padding and the digest of an RSA signature; RSASSA-PSS says what it has itself (RFC
    4055, 3.1): only one digest for both its parts is taken."""
    if told.signature_algorithm_oid != SignatureAlgorithmOID.RSASSA_PSS:
        return padding.PKCS1v15(), _digest(told)
    whole = asn1.OCSPResponse.load(told.public_bytes(Encoding.DER))
    said = whole["response_bytes"]["response"].parsed["signature_algorithm"]["parameters"]
    name = said["hash_algorithm"]["algorithm"].native
    if name not in _SALTED or said["mask_gen_algorithm"]["parameters"]["algorithm"].native != name:
        raise ValueError(name)
    digest, salt = _SALTED[name], int(said["salt_length"].native)
    if not 0 <= salt <= _LONGEST_SALT:
        raise ValueError(salt)
    return padding.PSS(padding.MGF1(digest), salt), digest
