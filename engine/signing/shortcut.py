"""The signatures of a file whose every byte is known, checked again without reading it as PDF.

A file that equals what this house issued, byte for byte, was judged in full before it was
kept: how it is built, what it permits, what was changed between its signatures, what was added
after them. What time and other hands could change since is the cryptography, the roots, and what
the time stamps still prove; only these are worked out anew here. Anything out of the ordinary is
left to ``validate``, which is the measure of this module in the tests.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtensionNotFound,
    KeyUsage,
    load_der_x509_certificate,
)

from engine import clock
from engine.errors import Refused
from engine.signing.certificates import Identity, Roots
from engine.signing.signer import Credential

if TYPE_CHECKING:
    from engine.signing.findings import Role, SignatureReport
    from engine.signing.levels import Chain

_RANGE = re.compile(rb"/ByteRange\s*\[\s*0 (\d+) (\d+) (\d+)\s*\]")
_TIME = re.compile(rb"/M\s*\((D(?::|\\072)[^)]{10,40})\)")
_KNOWN_EXTENSIONS = (BasicConstraints.oid, KeyUsage.oid)
_OCTAL = re.compile(rb"\\([0-7]{3})")


class Unusual(Exception):
    """There is something here that only the full judgement can weigh."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One signature where it lies: the covered bytes end at ``end``. A time stamp claims no
    time: its token tells it."""

    gap: tuple[int, int]
    end: int
    time: datetime | None


def judge(pdf: bytes, roots: Roots, *, annex: bool = False) -> list[SignatureReport] | None:
    """The reports that ``validate`` gives for a paper, or its annex, that is wholly in order;
    none when it is not, or not as plain as ours are. Only for bytes known to be our own."""
    roles = _ROLES[annex]
    try:
        found = list(_find(pdf))
        stamped = [one for one in found if one.time is None]
        signed = found[: len(found) - len(stamped)]
        if not 1 <= len(signed) <= len(roles) or any(one.time is None for one in signed):
            return None
        paired = zip(signed, roles, strict=False)
        read = [_report(pdf, one, role, roots) for one, role in paired]
        if stamped:
            return _stamped(pdf, read, stamped, roots) if len(signed) == len(roles) else None
        reports = [report for report, _ in read]
        if any(_until(one, credential, roots) < clock.now() for one, credential in read):
            return None
        return _closing(reports) if signed[-1].end == len(pdf) else None
    except (Unusual, Refused, ValueError, IndexError, StopIteration, UnsupportedAlgorithm):
        return None


def _until(report: SignatureReport, credential: Credential, roots: Roots) -> datetime:
    return _term(credential, roots.of("person" if report.role == "person" else "agency"))[1]


def _closing(reports: Sequence[SignatureReport]) -> list[SignatureReport]:
    """The last signature covers the whole file, and nothing was changed after it."""
    *earlier, last = reports
    return [*earlier, replace(last, covers="whole_file", modification="none")]


def _stamped(
    pdf: bytes,
    read: Sequence[tuple[SignatureReport, Credential]],
    found: Sequence[_Found],
    roots: Roots,
) -> list[SignatureReport] | None:
    """The reports on a file with time stamps, where all of them hold and prove a time at which
    the certificates did; ``read`` are those on its signatures, and whose they are."""
    from engine.signing import stamped
    from engine.signing.certificates import identity
    from engine.signing.validate import stamp_report

    chain = stamped.chain(pdf, [(one.gap, one.end) for one in found], roots.time)
    if chain is None or not (found[-1].end == len(pdf) or chain.closed):
        return None
    stamps = [
        stamp_report(name, stamp, identity(stamp.token.credential.certificate))
        for name, stamp in reversed([*chain.stamps.items()])
        if stamp.token is not None
    ]
    raised = [_raised(report, credential, chain, roots) for report, credential in read]
    return [*raised, *stamps]


def _raised(
    report: SignatureReport, credential: Credential, chain: Chain, roots: Roots
) -> SignatureReport:
    """The report on a signature, at the time and with the evidence that the stamps give."""
    from engine.signing.stamps import SKEW

    ends = roots.of("person" if report.role == "person" else "agency")
    begins, until = _term(credential, ends)
    level, revoked = chain.standing(credential, ends)
    if revoked or chain.proven is None or report.time is None:
        raise Unusual
    if not begins <= chain.proven <= until or report.time > chain.proven + SKEW:
        raise Unusual
    return replace(report, level=level)


_ROLES: Mapping[bool, tuple[Role, ...]] = {False: ("person", "seal"), True: ("annex",)}
"""Whose each signature must be, in their order: of a paper, and of an annex."""

_FIELDS: Mapping[str, str] = {"person": "signature", "seal": "seal", "annex": "agency"}


def _find(pdf: bytes) -> Iterator[_Found]:
    for match in _RANGE.finditer(pdf):
        first, second, rest = (int(number) for number in match.groups())
        dictionary = pdf[pdf.rindex(b" obj", 0, match.start()) : first]
        dictionary += pdf[second : pdf.index(b"endobj", second)]
        time = None if b"/DocTimeStamp" in dictionary else _time(dictionary)
        yield _Found((first, second), second + rest, time)


def _time(dictionary: bytes) -> datetime:
    """The claimed time: ``D:20261105093000+07'00'``."""
    told = _TIME.findall(dictionary)
    if len(told) != 1:
        raise Unusual
    plain = _OCTAL.sub(lambda code: bytes((int(code[1], 8),)), told[0]).decode("ascii")
    return datetime.strptime(plain.removeprefix("D:").replace("'", ""), "%Y%m%d%H%M%S%z")


def _report(
    pdf: bytes, found: _Found, role: Role, roots: Roots
) -> tuple[SignatureReport, Credential]:
    """The report on a signature after which others follow, and whose it is."""
    from engine.signing.findings import SignatureReport

    digest = _digest(pdf, found)
    if found.time is None:
        raise Unusual
    holder_of = partial(roots.holder, at=found.time)
    credential = _credential(pdf, found, digest, holder_of)
    holder = holder_of(credential.certificate)
    if holder.kind != ("person" if role == "person" else "agency"):
        raise Unusual
    begins, until = _term(credential, roots.of(holder.kind))
    if not begins <= found.time <= until:
        raise Unusual
    report = SignatureReport(
        role=role,
        field=_FIELDS[role],
        name=holder.name,
        title=holder.title,
        organisation=holder.organisation,
        reference=holder.reference,
        fingerprint=holder.fingerprint,
        time=found.time,
        level="B-B",
        valid=True,
        intact=True,
        covers="revision",
        digest=digest.hex(),
        modification="form_filling" if role == "person" else "lta_updates",
        problems=(),
    )
    return report, credential


def _digest(pdf: bytes, found: _Found) -> bytes:
    view, (first, second) = memoryview(pdf), found.gap
    digest = hashlib.sha256(view[:first])
    digest.update(view[second : found.end])
    return digest.digest()


def _credential(
    pdf: bytes, found: _Found, digest: bytes, holder_of: Callable[[Certificate], Identity]
) -> Credential:
    """Whose signature it is, if it is one over these bytes in its one spelling.

    What is read from the container is believed only because writing it anew gives the same
    bytes: so its parts need no careful reader.
    """
    from engine.signing import cms

    first, second = found.gap
    spelled = pdf[first:second]
    container = bytes.fromhex(spelled[1:-1].decode("ascii"))
    certificates, signature = _parts(container)
    # Only holders are enrolled, or named in our way; authorities are not.
    own = next(each for each in certificates if holder_of(each).kind != "other")
    credential = Credential(own, tuple(each for each in certificates if each is not own))
    attributes = cms.attributes(credential, digest)
    written = cms.envelope(credential, attributes, credential.settled(signature))
    padded = written.ljust(len(container), b"\0")
    if b"<%s>" % padded.hex().upper().encode() != spelled:
        raise Unusual
    if not credential.accepts(attributes, signature):
        raise Unusual
    return credential


def _parts(container: bytes) -> tuple[list[Certificate], bytes]:
    """The certificates and the signature of a detached SignedData (RFC 5652)."""
    outer = _children(_first(container))  # the kind of content, then the content
    signed = _children(_first(outer[1][1]))
    certificates = [der for tag, value in signed if tag == 0xA0 for der in _whole(value)]
    signer = _children(_first(signed[-1][1]))
    signature = [value for tag, value in signer if tag == 0x04]
    return [_certificate(der) for der in certificates], signature[-1]


def _children(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and value of each element (DER, single-byte tags)."""
    return [(element[0], element[start:]) for element, start in _elements(data)]


def _first(data: bytes) -> bytes:
    """The value of the first element."""
    return _children(data)[0][1]


def _whole(data: bytes) -> Iterator[bytes]:
    for element, _ in _elements(data):
        yield element


def _elements(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Each element with the place where its value begins; stops at padding."""
    place = 0
    while place < len(data) and data[place]:
        size, start = data[place + 1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[place + 2 : place + start])
        yield data[place : place + start + size], start
        place += start + size


# ------------------------------------------------------------------ certificates
# What follows depends on nothing but its arguments, and few keys sign many papers.


@lru_cache(maxsize=256)
def _certificate(der: bytes) -> Certificate:
    return load_der_x509_certificate(der)


@lru_cache(maxsize=256)
def _term(credential: Credential, roots: tuple[Certificate, ...]) -> tuple[datetime, datetime]:
    """From when until when a credential may sign: the time in which its certificate and all
    above it are valid, up to a root (RFC 5280, 6.1, for chains as plain as ours)."""
    if not _usage(credential.certificate).content_commitment:
        raise Unusual
    path = list(_path(credential, roots))
    for depth, authority in enumerate(path[1:]):
        limits = authority.extensions.get_extension_for_class(BasicConstraints).value
        too_deep = limits.path_length is not None and limits.path_length < depth
        if not limits.ca or too_deep or not _usage(authority).key_cert_sign:
            raise Unusual
    starts = [each.not_valid_before_utc for each in path[:-1]]
    ends = [each.not_valid_after_utc for each in path[:-1]]
    return max(starts), min(ends)


def _path(credential: Credential, roots: tuple[Certificate, ...]) -> Iterator[Certificate]:
    """From the signer's certificate to a root, each really issued by the next."""
    left, current = list(credential.chain), credential.certificate
    while True:
        _require_plain(current)
        yield current
        above = next((root for root in roots if _issued(current, root)), None)
        if above is not None:
            yield above
            break
        above = next((other for other in left if _issued(current, other)), None)
        if above is None:
            raise Unusual
        left.remove(above)
        current = above
    if left:
        raise Unusual


def _issued(certificate: Certificate, by: Certificate) -> bool:
    if certificate.issuer != by.subject:
        return False
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _require_plain(certificate: Certificate) -> None:
    """Other critical extensions (constraints of names, policies) are not weighed here."""
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _KNOWN_EXTENSIONS:
            raise Unusual


def _usage(certificate: Certificate) -> KeyUsage:
    try:
        return certificate.extensions.get_extension_for_class(KeyUsage).value
    except ExtensionNotFound:
        raise Unusual from None
