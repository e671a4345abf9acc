"""Signed tree heads as text: C2SP signed-note and tlog-checkpoint, with Ed25519 keys.

A checkpoint is three lines (the log's name, its size, its root), a blank line, and signature
lines. Anybody with the log's verifier key can check one with no program of ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.errors import Refusal, Refused

ED25519 = b"\x01"
DASH = "\N{EM DASH}"
LONGEST = 64 * 1024
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+]+")
_PROOF = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint states: the log of that name had so many leaves under that root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a log's key: what anybody needs to check its checkpoints."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The key's id in a signature line (signed-note, "Ed25519 signatures")."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """The key on one line, ``name+id+key``, as other tools for notes read it."""
        return f"{self.name}+{self.id.hex()}+{encoded(ED25519 + self.public)}"

    @classmethod
    def read(cls, line: str) -> Verifier:
        """The key of such a line; raises ``Refused`` (``log_key_unreadable``)."""
        name, _, rest = line.strip().partition("+")
        told, _, key = rest.partition("+")
        raw = _decoded(key) or b""
        found = cls(name, raw[1:])
        if raw[:1] != ED25519 or len(raw) != 33 or not named(name) or found.id.hex() != told:
            raise Refused(Refusal("log_key_unreadable"))
        return found

    def open(self, note: str) -> Head:
        """What a checkpoint states, once its signature by this key is found good.

        Raises ``Refused``: ``checkpoint_unreadable``, ``checkpoint_of_another`` (this key
        did not sign it) or ``checkpoint_forged`` (in its name, but not by it).
        """
        text, signatures = _taken_apart(note)
        head = _head(text)
        own = [signed for name, id_, signed in signatures if (name, id_) == (self.name, self.id)]
        if not own or head.origin != self.name:
            raise Refused(Refusal("checkpoint_of_another", {"name": head.origin}))
        try:
            for signature in own:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            raise Refused(Refusal("checkpoint_forged", {"size": head.size})) from None
        return head


@dataclass(frozen=True, slots=True)
class Signer:
    """The log's own key, kept where the log is kept."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, size: int, root: bytes) -> str:
        """The signed checkpoint of the log at that size."""
        text = Head(self.name, size, root).text
        signature = encoded(self.verifier.id + self.key.sign(text.encode()))
        return f"{text}\n{DASH} {self.name} {signature}\n"

    def pem(self) -> bytes:
        """The key as it is kept in a file."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @classmethod
    def read(cls, name: str, pem: bytes) -> Signer:
        """The key of such a file; raises ``Refused`` (``log_key_unreadable``)."""
        try:
            key = serialization.load_pem_private_key(pem, None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey) or not named(name):
            raise Refused(Refusal("log_key_unreadable"))
        return cls(name, key)

    @classmethod
    def create(cls, name: str) -> Signer:
        """A new key for a log of that name; raises ``ValueError`` for no name of a key."""
        if not named(name):
            raise ValueError(f"{name!r} cannot name a key")
        return cls(name, Ed25519PrivateKey.generate())


def named(name: str) -> bool:
    """Whether a key may have that name: no spaces, no plus, nothing unprintable."""
    return _NAME.fullmatch(name) is not None and name.isprintable()


def proof(index: int, path: Sequence[bytes], note: str, entry: bytes) -> str:
    """An inclusion proof that stands by itself (C2SP tlog-proof): the entry, where it lies,
    the path and the checkpoint."""
    steps = "".join(f"{encoded(step)}\n" for step in path)
    return f"{_PROOF}\nextra {encoded(entry)}\nindex {index}\n{steps}\n{note}"


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as it was read: nothing in it is believed yet."""

    entry: bytes
    index: int
    path: tuple[bytes, ...]
    note: str


def read_proof(text: str) -> Proof:
    """The parts of a tlog-proof of ours; raises ``Refused`` (``proof_unreadable``)."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) <= LONGEST and len(lines) >= 3 and lines[0] == _PROOF:
        word, _, extra = lines[1].partition(" ")
        other, _, index = lines[2].partition(" ")
        parts = [_decoded(part) for part in (extra, *lines[3:])]
        entry, path = parts[0], tuple(step for step in parts[1:] if step and len(step) == 32)
        good = (word, other) == ("extra", "index") and len(path) == len(parts) - 1
        if good and entry is not None and _SIZE.fullmatch(index):
            return Proof(entry, int(index), path, note)
    raise Refused(Refusal("proof_unreadable"))


def encoded(raw: bytes) -> str:
    """Base 64 of RFC 4648, section 4."""
    return base64.b64encode(raw).decode()


def _decoded(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # Each value has one spelling only: bits that do not count must not be there.
    return raw if encoded(raw) == text else None


def _taken_apart(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text, and of each signature line the key's name, its id and the signature."""
    text, blank, tail = note.rpartition("\n\n")
    signatures = []
    for line in tail.split("\n")[:-1]:
        dash, name, value = (*line.split(" "), "", "")[:3]
        raw = _decoded(value) or b""
        if dash != DASH or not named(name) or len(raw) < 5 or line.count(" ") != 2:
            raise Refused(Refusal("checkpoint_unreadable"))
        signatures.append((name, raw[:4], raw[4:]))
    controls = any(letter < " " and letter != "\n" for letter in note)
    if not blank or not signatures or not tail.endswith("\n") or controls or len(note) > LONGEST:
        raise Refused(Refusal("checkpoint_unreadable"))
    return text + "\n", signatures


def _head(text: str) -> Head:
    lines = text.split("\n")[:-1]
    if len(lines) >= 3 and all(lines) and _SIZE.fullmatch(lines[1]):
        root = _decoded(lines[2])
        if root is not None and len(root) == 32:
            return Head(lines[0], int(lines[1]), root)
    raise Refused(Refusal("checkpoint_unreadable"))
