"""Whether evidence says plainly that every certificate on a path was good.

Most evidence is plain: a whole list, or one answer, signed by the authority that issued the
certificate (or by one that it lets answer for it), not outdated, and nothing anywhere that
speaks against it. That is seen here at a hundredth of what the full judgement costs. Whatever
is not so is left to that (``trust.revocation``), which the tests hold beside this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA1, Hash
from cryptography.x509 import Certificate, ExtensionNotFound, ocsp
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus

from engine.signing import bearing, revocation
from engine.signing.evidence import Evidence

_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
_OF_A_WHOLE_LIST = frozenset(
    {x509.CRLNumber.oid, x509.AuthorityKeyIdentifier.oid, x509.IssuingDistributionPoint.oid}
)
_KEYS = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)
_UNREADABLE = (ValueError, TypeError, ExtensionNotFound, UnsupportedAlgorithm)


class _Odd(Exception):
    """Something here is not plain."""


def good(path: Sequence[Certificate], at: datetime, evidence: Evidence) -> bool:
    """Whether all below the root of a path, the holder's first, were good at an instant, plainly;
    if not, nothing is said. That the path holds at that instant is the caller's to know."""
    try:
        return len(path) > 1 and all(_is_good(*pair, at, evidence) for pair in pairwise(path))
    except (_Odd, *_UNREADABLE):
        return False


def _is_good(one: Certificate, by: Certificate, at: datetime, evidence: Evidence) -> bool:
    number = one.serial_number
    crls = [piece for piece in evidence.crls if _list(piece).issuer == by.subject]
    if any(_list(piece).get_revoked_certificate_by_serial_number(number) for piece in crls):
        return False
    answers = [each for each in map(_answer, evidence.ocsps) if each.serial_number == number]
    if any(each.certificate_status is not OCSPCertStatus.GOOD for each in answers):
        return False
    # A certificate that names nobody to ask is told of by lists, as the full judgement has it.
    asked = answers if [*revocation.ocsp_urls(one)] else []
    ended = one.not_valid_after_utc  # what was made later need not know of it: see ``timely``
    if any(each.this_update_utc <= ended and _speaks_of(each, by, at) for each in asked):
        return True
    lists = [piece for piece in crls if _list(piece).last_update_utc <= ended]
    return any(_is_about(piece, one) and _is_list_of(piece, by, at) for piece in lists)


@lru_cache(maxsize=256)
def _list(piece: bytes) -> x509.CertificateRevocationList:
    """A list of all that an authority revoked, itself: none of parts, changes or others."""
    told = x509.load_der_x509_crl(piece)
    if not {one.oid for one in told.extensions} <= _OF_A_WHOLE_LIST or _is_limited(_scope(told)):
        raise _Odd
    return told


def _scope(told: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    """What a list says it is about, where it is not simply about all of its authority's."""
    kind = x509.IssuingDistributionPoint
    try:
        return told.extensions.get_extension_for_class(kind).value
    except ExtensionNotFound:
        return None


def _is_limited(scope: x509.IssuingDistributionPoint | None) -> bool:
    return scope is not None and bool(
        scope.indirect_crl
        or scope.only_contains_user_certs
        or scope.only_contains_ca_certs
        or scope.only_contains_attribute_certs
        or scope.only_some_reasons
        or scope.relative_name
    )


def _is_about(piece: bytes, one: Certificate) -> bool:
    """Whether a certificate names the place that a list says it is from, if it says any."""
    scope = _scope(_list(piece))
    if scope is None or not scope.full_name:
        return True
    places = one.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    named = {name for place in places for name in place.full_name or ()}
    return not named.isdisjoint(scope.full_name)


def _is_list_of(piece: bytes, by: Certificate, at: datetime) -> bool:
    until = _list(piece).next_update_utc
    return until is not None and at <= until and _listed(piece, by)


@lru_cache(maxsize=1024)
def _listed(piece: bytes, by: Certificate) -> bool:
    """Whether an authority's key, which is for that, made a list."""
    told, key = _list(piece), by.public_key()
    usage = by.extensions.get_extension_for_class(x509.KeyUsage).value
    if not usage.crl_sign or not _is_strong(told):
        return False
    return isinstance(key, _KEYS) and told.is_signature_valid(key)


def _is_strong(told: x509.CertificateRevocationList | ocsp.OCSPResponse) -> bool:
    digest = told.signature_hash_algorithm
    return digest is not None and digest.name in _DIGESTS


@lru_cache(maxsize=256)
def _answer(piece: bytes) -> ocsp.OCSPResponse:
    """An answer about one certificate, named in the usual way."""
    told = ocsp.load_der_ocsp_response(piece)
    if told.response_status is not OCSPResponseStatus.SUCCESSFUL or len([*told.responses]) != 1:
        raise _Odd
    if not isinstance(told.hash_algorithm, SHA1) or [*told.single_extensions]:
        raise _Odd
    return told


def _speaks_of(told: ocsp.OCSPResponse, by: Certificate, at: datetime) -> bool:
    until = told.next_update_utc
    return until is not None and at <= until and _answered(told, by, at)


def _answered(told: ocsp.OCSPResponse, by: Certificate, at: datetime) -> bool:
    """Whether an answer is about a certificate of this issuer, and by one who may give it."""
    named = Hash(SHA1())  # noqa: S303 - it names the issuer, it protects nothing
    named.update(by.subject.public_bytes())
    key = by.public_key()
    if not isinstance(key, _KEYS):
        return False
    whose = x509.SubjectKeyIdentifier.from_public_key(key).digest
    if (told.issuer_name_hash, told.issuer_key_hash) != (named.finalize(), whose):
        return False
    speakers = [by, *(one for one in told.certificates if _may_speak(one, by, at))]
    return _is_strong(told) and any(bearing.answered(told, one) for one in speakers)


def _may_speak(one: Certificate, by: Certificate, at: datetime) -> bool:
    """Whether an authority lets another key answer for it, and nobody need be asked about that
    one in turn (RFC 6960, 4.2.2.2)."""
    in_term = one.not_valid_before_utc <= at <= one.not_valid_after_utc
    if not in_term or not bearing.speaks(one) or not bearing.issued(one, by):
        return False
    return any(each.oid == x509.OCSPNoCheck.oid for each in one.extensions)
