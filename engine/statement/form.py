"""The statement of a paper: what it is, what its digests are, and what the log was before it.

Binary, in this order, numbers with the highest byte first, ``varint`` as LEB128: key id (4),
issued, in seconds since 1970 (4), kind (1), level (1), years running (1), year (2), day, in
days since 1970 (2), authority (varint), how many areas (varint), log size (varint), the first
8 bytes of the log's root, the first 20 of the SHA-256 of the data and of the bytes that the
leader signed, length of the number (1), number, place. An Ed25519 signature (64) ends it.

What is signed is ``MARK``, the paper's public code, a line feed and these bytes: so the code
in the address is bound without being said twice.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.errors import Refusal, Refused
from engine.log.note import Signer, Verifier
from engine.statement import base41

MARK = b"binhxet statement 1\n"
FORM = "1"
"""Ends the text, and says which form it has."""

ROOT_BYTES, DIGEST_BYTES, PLACE_BYTES = 8, 20, 40

_HEAD = struct.Struct(">4sIBBBHH")
_SIGNATURE = 64
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a printed code tells. ``kind`` and ``level`` are numbers that the trust bundle
    names; ``areas`` is how many areas the paper is about, ``place`` which or where, cut to
    40 bytes; the digests and the root are cut too (see above)."""

    kind: int
    level: int
    streak: int
    year: int
    day: date
    authority: int
    areas: int
    number: str
    place: str
    data: bytes
    signed: bytes
    issued: datetime
    log_size: int
    log_root: bytes
    key_id: bytes

    def body(self) -> bytes:
        """The bytes of it that are signed, without their signature."""
        number = self.number.encode()
        days, seconds = (self.day - _EPOCH).days, int(self.issued.timestamp())
        head = (self.key_id, seconds, self.kind, self.level, self.streak, self.year, days)
        return b"".join(
            (
                _HEAD.pack(*head),
                *map(_varint, (self.authority, self.areas, self.log_size)),
                self.log_root[:ROOT_BYTES],
                self.data[:DIGEST_BYTES],
                self.signed[:DIGEST_BYTES],
                bytes([len(number)]),
                number,
                cut(self.place).encode(),
            )
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement as it was read: nothing in it is believed before ``by`` was asked.

    ``site`` is where its address leads; nobody signed that.
    """

    code: str
    statement: Statement
    body: bytes
    signature: bytes
    site: str

    @property
    def digest(self) -> str:
        """What names this statement: the SHA-256 of what is signed, in hex."""
        return hashlib.sha256(_message(self.code, self.body)).hexdigest()

    def by(self, key: Verifier) -> bool:
        """Whether this key signed it, for the paper of this code."""
        public = Ed25519PublicKey.from_public_bytes(key.public)
        try:
            public.verify(self.signature, _message(self.code, self.body))
        except InvalidSignature:
            return False
        return True


def address(base: str, code: str, statement: Statement, signer: Signer) -> str:
    """The address that a printed code holds: the paper's public page, and behind the ``#``,
    which no browser sends to a server, the signed statement."""
    return "".join(parts(base, code, statement, signer))


def parts(base: str, code: str, statement: Statement, signer: Signer) -> tuple[str, str]:
    """The same in two: up to the ``#``, and what is behind, all in a QR code's dense letters."""
    body = statement.body()
    signature = signer.key.sign(_message(code, body))
    return f"{base}/p/{code}#", base41.encode(body + signature) + FORM


def read(text: str) -> Signed:
    """The statement in the text of a code; raises ``Refused`` (``statement_unreadable``)."""
    page, _, fragment = text.strip().partition("#")
    site, _, code = page.rpartition("/p/")
    try:
        if not code.isalnum() or not fragment.endswith(FORM):
            raise ValueError("no code, or another form")
        raw = base41.decode(fragment.removesuffix(FORM))
        body, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
        return Signed(code, _statement(body), body, signature, site)
    except (ValueError, IndexError, OverflowError, struct.error) as error:
        raise Refused(Refusal("statement_unreadable")) from error


def cut(place: str) -> str:
    """A place in at most 40 bytes, with an ellipsis where something is left out."""
    if len(place.encode()) <= PLACE_BYTES:
        return place
    room = PLACE_BYTES - len("…".encode())
    return place.encode()[:room].decode(errors="ignore").rstrip(" ,") + "…"


def _message(code: str, body: bytes) -> bytes:
    return MARK + code.encode() + b"\n" + body


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class _Cursor:
    """Reads bytes from the front; raises ``ValueError`` past the end."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def take(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._raw):
            raise ValueError("the statement ends too early")
        return self._raw[self._at - count : self._at]

    def varint(self) -> int:
        number = shift = 0
        while True:
            (byte,) = self.take(1)
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number
            if shift > 35:
                raise ValueError("a number too large")

    def rest(self) -> bytes:
        return self.take(len(self._raw) - self._at)


def _statement(body: bytes) -> Statement:
    cursor = _Cursor(body)
    head = _HEAD.unpack(cursor.take(_HEAD.size))
    key_id, seconds, kind, level, streak, year, days = head
    authority, areas, log_size = (cursor.varint() for _ in range(3))
    root, data, signed = map(cursor.take, (ROOT_BYTES, DIGEST_BYTES, DIGEST_BYTES))
    number = cursor.take(cursor.take(1)[0]).decode()
    return Statement(
        kind=kind,
        level=level,
        streak=streak,
        year=year,
        day=_EPOCH + timedelta(days=days),
        authority=authority,
        areas=areas,
        number=number,
        place=cursor.rest().decode(),
        data=data,
        signed=signed,
        issued=datetime.fromtimestamp(seconds, UTC),
        log_size=log_size,
        log_root=root,
        key_id=key_id,
    )
