"""Asking certificate authorities whether certificates still hold (RFC 5280, RFC 6960).

Only hosts that the installation allows are asked, within bounds; an answer is kept until it
says there will be a newer one. Nothing here judges: see ``trust.revocation``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from engine import clock
from engine.errors import EngineError
from engine.signing.certificates import der
from engine.signing.evidence import NONE, Evidence
from engine.signing.fetch import fetch

SECONDS = 6.0
LARGEST = 8 * 2**20
KEPT_WITHOUT_TERM = timedelta(minutes=10)
MOST_KEPT = 500

_Read = TypeVar("_Read")


class RevocationSource(Protocol):
    """Whoever knows which certificates were revoked."""

    def evidence(self, path: Sequence[x509.Certificate]) -> Evidence:
        """What can be learnt now about the certificates of a path, the holder's first, its
        root last. What is not to be had is left out: nothing is raised."""


@dataclass(frozen=True, slots=True)
class _Kept:
    evidence: Evidence
    until: datetime
    revoked: bool = False


@dataclass
class Online:
    """Asks the servers that the certificates name, if their hosts are among what ``hosts``
    tells (asked each time: the roots may not be there yet at the start): first for an answer
    about the one certificate (OCSP), else for the list (CRL). Of one that was revoked both:
    only the list also says that it was good until then."""

    hosts: Callable[[], Collection[str]]
    seconds: float = SECONDS
    _kept: dict[tuple[str, int], _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def evidence(self, path: Sequence[x509.Certificate]) -> Evidence:
        """See ``RevocationSource``; all of it within ``seconds``."""
        until = clock.monotonic() + self.seconds
        certificates = Evidence(certificates=tuple(der(one) for one in path))
        pairs = pairwise(path)
        return Evidence.joined([certificates, *(self._of(*pair, until) for pair in pairs)])

    def _of(
        self, certificate: x509.Certificate, issuer: x509.Certificate, until: float
    ) -> Evidence:
        key = (issuer.subject.rfc4514_string(), certificate.serial_number)
        kept = self._kept.get(key)
        if kept is not None and clock.now() < kept.until:
            return kept.evidence
        for ask in (self._asked, self._listed):
            for found in ask(certificate, issuer, until):
                with self._lock:
                    if len(self._kept) >= MOST_KEPT:
                        self._kept.clear()
                    self._kept[key] = found
                return found.evidence
        return NONE

    def _asked(
        self, certificate: x509.Certificate, issuer: x509.Certificate, until: float
    ) -> Iterator[_Kept]:
        # SHA-1 names the issuer here, it protects nothing (RFC 6960, 4.3: all servers know it).
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1())  # noqa: S303
        request = builder.build().public_bytes(Encoding.DER)
        for url in ocsp_urls(certificate):
            told = self._fetch(url, request, "application/ocsp-request", until)
            if told and (kept := _readable(_kept_answer, told)):
                yield self._with_list(kept, certificate, issuer, until)

    def _with_list(
        self, kept: _Kept, certificate: x509.Certificate, issuer: x509.Certificate, until: float
    ) -> _Kept:
        if not kept.revoked:
            return kept
        listed = [one.evidence for one in self._listed(certificate, issuer, until)]
        return _Kept(Evidence.joined([kept.evidence, *listed[:1]]), kept.until)

    def _listed(
        self, certificate: x509.Certificate, issuer: x509.Certificate, until: float
    ) -> Iterator[_Kept]:
        for kept in self._lists(certificate, until):
            yield self._with_keeper(kept, issuer, until)

    def _lists(self, certificate: x509.Certificate, until: float) -> Iterator[_Kept]:
        for url in _list_urls(certificate):
            told = self._fetch(url, None, "", until)
            if told and (kept := _readable(_kept_list, told)):
                yield kept

    def _with_keeper(self, kept: _Kept, issuer: x509.Certificate, until: float) -> _Kept:
        """With the certificate of whoever keeps a list, and the list about that one, where it is
        not the issuer and the list says where to find it (RFC 5280, 5.2.7)."""
        told = x509.load_der_x509_crl(kept.evidence.crls[0])
        for url in () if told.issuer == issuer.subject else _keeper_urls(told):
            found = self._fetch(url, None, "", until)
            keeper = found and _readable(x509.load_der_x509_certificate, found)
            if keeper:
                listed = [one.evidence for one in self._lists(keeper, until)]
                own = Evidence(certificates=(der(keeper),))
                return replace(kept, evidence=Evidence.joined([kept.evidence, own, *listed[:1]]))
        return kept

    def _fetch(self, url: str, body: bytes | None, kind: str, until: float) -> bytes | None:
        left = until - clock.monotonic()
        if left <= 0:
            return None
        try:
            return fetch(url, body, kind=kind, seconds=left, most=LARGEST, hosts=self.hosts())
        except EngineError:
            return None  # not to be had; whether that matters is a setting


def _readable(read: Callable[[bytes], _Read], told: bytes) -> _Read | None:
    try:
        return read(told)
    except ValueError:
        return None


def _kept_answer(told: bytes) -> _Kept | None:
    answer = ocsp.load_der_ocsp_response(told)
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return None
    until = answer.next_update_utc or clock.now() + KEPT_WITHOUT_TERM
    revoked = answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    return _Kept(Evidence(ocsps=(told,)), until, revoked)


def _kept_list(told: bytes) -> _Kept | None:
    if told.lstrip().startswith(b"-----"):
        told = x509.load_pem_x509_crl(told).public_bytes(Encoding.DER)
    until = x509.load_der_x509_crl(told).next_update_utc
    return _Kept(Evidence(crls=(told,)), until or clock.now() + KEPT_WITHOUT_TERM)


def ocsp_urls(certificate: x509.Certificate) -> Iterator[str]:
    """Where a certificate says that one may ask about it."""
    yield from _access(certificate.extensions, AuthorityInformationAccessOID.OCSP)


def _keeper_urls(told: x509.CertificateRevocationList) -> Iterator[str]:
    yield from _access(told.extensions, AuthorityInformationAccessOID.CA_ISSUERS)


def _access(extensions: x509.Extensions, method: x509.ObjectIdentifier) -> Iterator[str]:
    try:
        access = extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except x509.ExtensionNotFound:
        return
    for one in access.value:
        is_url = isinstance(one.access_location, x509.UniformResourceIdentifier)
        if one.access_method == method and is_url:
            yield str(one.access_location.value)


def _list_urls(certificate: x509.Certificate) -> Iterator[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    except x509.ExtensionNotFound:
        return
    for point in points.value:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier):
                yield name.value


def hosts_named(certificates: Sequence[x509.Certificate]) -> frozenset[str]:
    """The hosts that certificates name for questions about revocation."""
    from urllib.parse import urlsplit

    urls = [u for one in certificates for u in (*ocsp_urls(one), *_list_urls(one))]
    return frozenset(urlsplit(url).hostname or "" for url in urls) - {""}
