"""What still stands in the bytes of a file from which no statement can be read.

Whoever tears a paper, or puts it into another file, leaves parts of it. They are looked for in
the bytes as they are, without a reader of PDF, which a torn file defeats. Every search is linear
and bounded, as any file may be a trap: it runs where the file is opened (see ``cage``).

A signature counts when it is, to the last byte, as this house writes them, its key signed its
own attributes, and its certificate leads to a root and is somebody's here. So a certificate
that was copied somewhere blames nobody; the signed document itself need not be there.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from itertools import islice

from asn1crypto.cms import CMSAttribute, ContentInfo, SignerInfo
from cryptography.x509 import Certificate

from engine import clock
from engine.errors import Refused
from engine.papers.archive import DATA, DECLARED
from engine.papers.contents import Carried
from engine.signing import cms, trust
from engine.signing.certificates import Identity, Roots, load_der
from engine.signing.findings import NOTHING_LEFT, Remains
from engine.signing.pdf import AGENCY, NUMBER, SEAL, SIGNATURE
from engine.signing.signer import Credential
from engine.statement import form

_STRIP = "strip"
_SIGNED_DATA = b"06092A864886F70D010702"
_HEAD = 8  # digits before that: a sequence, and its length in two bytes
_MOST_ENVELOPES, _MOST_STREAMS, _MOST_ATTACHED = 64, 2048, 4
_PEEK, _PEEKED, _PIECE = 2**14, 2**16, 512
_LARGEST = 2**24
"""More bytes than a paper has are not unpacked."""

_MAGIC, _END, _HEADER = b"%PDF-", b"%%EOF", 1024
_WORDS = 3
_PACKED = b"x"
"""So begins what is packed with zlib, at whatever strength."""

_LENGTH = re.compile(rb"/Length (\d{1,9})\b(?! \d)")
_SCHEMA = b'"urn:binhxet:paper:'
_MARKS = [
    [b"(%s)" % name.encode() for name in names]
    for names in ((NUMBER, _STRIP, SIGNATURE, SEAL), (AGENCY, DATA))
]
"""The fields by which a paper or its annex is known before anybody signed it."""


def remains(pdf: bytes, roots: Roots, carried: Carried | None) -> Remains:
    """What is left of papers in a file, unless it tells a statement that can be compared."""
    if carried is not None and _is_statement(carried.fields.get(_STRIP, "")):
        return NOTHING_LEFT
    attached: dict[int, str] = {}
    laid_out = _is_declared(pdf) or _has_form(pdf)
    for start, content in _streams(pdf):
        laid_out = laid_out or _SCHEMA in content or _has_form(content)
        if _MAGIC in content[:_HEADER] and len(attached) < _MOST_ATTACHED:
            attached[start] = _paper_in(_whole(pdf, start), roots)
    papers = tuple(dict.fromkeys(filter(None, attached.values())))
    signers = tuple(dict.fromkeys(_signers(pdf, roots)))
    return Remains(signers, papers, laid_out, not _ends_once(pdf))


def _paper_in(content: bytes, roots: Roots) -> str:
    """The digest of a file that holds a signature of ours; of any other nothing."""
    return hashlib.sha256(content).hexdigest() if any(_signers(content, roots)) else ""


def _is_statement(text: str) -> bool:
    try:
        form.read(text)
    except Refused:
        return False
    return True


def _ends_once(pdf: bytes) -> bool:
    """Whether nothing stands behind the first end of a file, as in one that nobody signed."""
    ends = 2 if b"/Linearized" in pdf[:_HEADER] else 1
    return pdf.count(_END) == ends and pdf.rstrip().endswith(_END)


def _is_declared(pdf: bytes) -> bool:
    """Whether most of these words are there: a bit may have been changed in some."""
    size = len(DECLARED) // _WORDS
    parts = [DECLARED[at * size : (at + 1) * size] for at in range(_WORDS)]
    return sum(part in pdf for part in parts) >= _WORDS - 1


def _has_form(content: bytes) -> bool:
    return any(all(mark in content for mark in marks) for marks in _MARKS)


# ------------------------------------------------------------------ signatures


def _signers(content: bytes, roots: Roots) -> Iterator[str]:
    """Who signed what stands in the bytes: the holders' names, the oldest signature first."""
    for envelope in islice(_envelopes(content), _MOST_ENVELOPES):
        if holder := _holder_if_any(envelope, roots):
            yield ", ".join(dict.fromkeys(filter(None, (holder.name, holder.organisation))))


def _holder_if_any(envelope: bytes, roots: Roots) -> Identity | None:
    try:
        return _holder(envelope, roots)
    except Exception:  # as in ``embedded``: what makes no sense may raise anything
        return None


def _envelopes(content: bytes) -> Iterator[bytes]:
    """What begins like a signature in hexadecimal digits, as far as it says that it reaches."""
    digits = content.upper()
    at = digits.find(_SIGNED_DATA)
    while at >= 0:
        head = digits[max(0, at - _HEAD) : at]
        try:
            size = 4 + int(head.removeprefix(b"3082"), 16) if head.startswith(b"3082") else 0
            yield bytes.fromhex(digits[at - _HEAD : at - _HEAD + 2 * size].decode("ascii"))
        except ValueError:  # no digits
            yield b""
        at = digits.find(_SIGNED_DATA, at + len(_SIGNED_DATA))


def _holder(envelope: bytes, roots: Roots) -> Identity | None:
    """Whose a whole signature is: of a person or an agency of ours, or nobody's here."""
    signed = ContentInfo.load(envelope)["content"]
    (info,) = signed["signer_infos"]
    credential = _credential([load_der(one.dump()) for one in signed["certificates"]], info)
    if not _holds(envelope, info, credential):
        return None
    certificate = credential.certificate
    holder = _enrolled(certificate, roots)
    kind, since = holder.kind, certificate.not_valid_before_utc
    if kind == "other" or not holder.reference:
        return None
    return holder if trust.path(credential, roots.of(kind), since) else None


def _credential(held: list[Certificate], info: SignerInfo) -> Credential:
    serial = info["sid"].chosen["serial_number"].native
    (own,) = (one for one in held if one.serial_number == serial)
    return Credential(own, tuple(one for one in held if one is not own))


def _holds(envelope: bytes, info: SignerInfo, credential: Credential) -> bool:
    """Whether it is written as here, and signed by the key of its certificate."""
    attributes, signature = info["signed_attrs"].untag().dump(), info["signature"].native
    digest = _digest(list(info["signed_attrs"]))
    written = cms.envelope(credential, attributes, signature)
    named = attributes == cms.attributes(credential, digest)
    return named and written == envelope and credential.accepts(attributes, signature)


def _digest(attributes: list[CMSAttribute]) -> bytes:
    (found,) = (one["values"][0] for one in attributes if one["type"].native == "message_digest")
    return bytes(found.native)


def _enrolled(certificate: Certificate, roots: Roots) -> Identity:
    """Who a certificate was ever enrolled for here: when it signed, the file tells no more."""
    digest = roots.holder(certificate, clock.now()).fingerprint
    since = (one.since for one in roots.enrolled if one.fingerprint == digest)
    return roots.holder(certificate, min(since, default=clock.now()))


# ------------------------------------------------------------------ streams


def _streams(pdf: bytes) -> Iterator[tuple[int, bytes]]:
    """Where the streams of a file begin, and what stands there, unpacked."""
    for start in islice(_starts(pdf), _MOST_STREAMS):
        raw = pdf[start : start + _PEEK]
        yield start, _unpacked(raw, _PEEKED) if raw.startswith(_PACKED) else raw


def _whole(pdf: bytes, start: int) -> bytes:
    """A stream as far as its dictionary says that it reaches, unpacked."""
    told = _LENGTH.match(pdf, max(0, pdf.rfind(b"/Length ", max(0, start - _PIECE), start)))
    size = int(told[1]) if told else _LARGEST
    raw = pdf[start : start + min(size, _LARGEST)]
    return _unpacked(raw, _LARGEST) if raw.startswith(_PACKED) else raw


def _starts(pdf: bytes) -> Iterator[int]:
    word = b"stream"
    at = pdf.find(word)
    while at >= 0:
        after = at + len(word)
        if not pdf.endswith(b"end", 0, at):
            yield after + (2 if pdf.startswith(b"\r\n", after) else 1)
        at = pdf.find(word, after)


def _unpacked(raw: bytes, most: int) -> bytes:
    """As much as can be unpacked: what is torn ends where it was torn."""
    opened, found = zlib.decompressobj(), bytearray()
    try:
        for at in range(0, len(raw), _PIECE):
            found += opened.decompress(raw[at : at + _PIECE], most - len(found))
            if opened.eof or len(found) >= most:
                break
    except zlib.error:
        pass
    return bytes(found)
