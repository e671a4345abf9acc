"""The trust bundle: all that somebody without a network needs to check a paper of ours.

Plain JSON: the roots of persons, agencies and time authorities, which certificates are whose
(by their fingerprints: it names nobody), the log's key and its newest
checkpoint, the keys that sign what is printed on papers, the names behind the numbers of a
printed code, which papers are no longer in force, and which statements were handed out and never
became an issue. The newest of the statement keys signs it,
so that a damaged copy is noticed; whether it is *our* bundle its reader must know from where it
was got.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import end_reading
from engine.errors import Refusal, Refused
from engine.log import book
from engine.papers import handed_out
from engine.papers.book import Paper
from engine.papers.freeze import freeze
from engine.papers.kinds import PaperKind
from engine.signing.certificates import Enrolment, Roots
from engine.statement import form
from engine.statement.form import Signed
from engine.subjects import Subject
from workflows import standing
from workflows.keys import ROOT_KINDS, Keyring
from workflows.standing import Change
from workflows.statement_keys import Published, StatementKeys
from workflows.statements import LEVELS
from workflows.wording import names

if TYPE_CHECKING:
    from workflows.papers import PaperDesk

FORMAT = "binhxet-trust/1"
MARK = b"binhxet trust 1\n"
LARGEST = 2**26


@dataclass(frozen=True, slots=True)
class Bundle:
    """A trust bundle as it was read, whole and in its own signature."""

    told: Mapping[str, Any]
    made_at: datetime
    roots: Roots
    keys: Sequence[Published]

    @classmethod
    def read(cls, content: bytes) -> Bundle:
        """The bundle in a file; raises ``Refused`` (``bundle_unreadable``, ``bundle_altered``)."""
        try:
            told = json.loads(content[:LARGEST])
            if told["format"] != FORMAT:
                raise ValueError("another format")
            made = cls(
                told,
                datetime.fromisoformat(told["made_at"]),
                _roots_in(told),
                tuple(map(Published.read, told["statements"])),
            )
            signature = base64.b64decode(told["signature"]["value"], validate=True)
            signer = made.key(bytes.fromhex(told["signature"]["id"]))
        except (Refused, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refused(Refusal("bundle_unreadable")) from error
        if signer is None or not _signed_by(signer, told, signature):
            raise Refused(Refusal("bundle_altered"))
        return made

    def key(self, id_: bytes) -> Published | None:
        """The statement key of that id."""
        return next((one for one in self.keys if one.key.id == id_), None)

    @property
    def day(self) -> str:
        """The day in Vietnam on which it was made."""
        return self.made_at.astimezone(clock.VIETNAM).date().isoformat()

    @property
    def address(self) -> str:
        return str(self.told["address"])

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the site is and where it was: papers keep the address they were printed with."""
        return tuple(map(str, self.told.get("addresses", [self.address])))

    @property
    def age(self) -> timedelta:
        """How old the bundle is; what happened since it cannot know."""
        return max(clock.now() - self.made_at, timedelta())

    def ended(self, code: str) -> Mapping[str, Any] | None:
        """What took a paper out of force, as far as this bundle knows."""
        found: Mapping[str, Any] | None = self.told["ended"].get(hidden(code))
        return found

    def changes(self, code: str) -> Sequence[Mapping[str, Any]]:
        """What later papers did to a paper, as far as this bundle knows, the oldest first."""
        found: Sequence[Mapping[str, Any]] = self.told.get("changes", {}).get(hidden(code), ())
        return found

    def faults(self, signed: Signed) -> list[Refusal]:
        """Why a statement is none of ours: its key, when it was made, or its signature."""
        statement = signed.statement
        published = self.key(statement.key_id)
        if published is None:
            return [Refusal("statement_key_unknown", {"id": statement.key_id.hex()})]
        if not signed.by(published.key):
            return [Refusal("statement_altered")]
        # Statements say whole seconds, and a key may be as young as its first statement.
        if not published.signed_at(statement.issued + timedelta(seconds=1)):
            return [Refusal("statement_key_ended", {"id": statement.key_id.hex()})]
        return self._unissued(signed)

    def believed(self, texts: Sequence[str]) -> Signed | None:
        """The first statement of ours among texts that were read from a file."""
        for text in texts:
            with suppress(Refused):
                signed = form.read(text)
                if not self.faults(signed):
                    return signed
        return None

    def _unissued(self, signed: Signed) -> list[Refusal]:
        """Why a statement that the office did sign tells of no issue, or of none as yet. The
        oldest bundles know nothing of that."""
        told, name = self.told.get("unissued", {}), _short(signed.digest)
        if name in told.get("void", ()):
            return [Refusal("statement_never_issued")]
        if name in told.get("open", ()):
            return [Refusal("statement_open", {"day": self.day})]
        return []

    def faults_alone(self, signed: Signed) -> list[Refusal]:
        """Why a statement without its file proves nothing, though it is well signed."""
        published = self.key(signed.statement.key_id)
        if published is None or not published.stolen:
            return []
        return [Refusal("statement_key_stolen", {"id": published.key.id.hex()})]

    def record(self) -> dict[str, Any]:
        """What is to be known of the bundle itself, as plain values."""
        return {
            "made_at": self.made_at.isoformat(),
            "age_days": self.age.days,
            "address": self.address,
            "checkpoint": self.told["log"]["checkpoint"] if self.told["log"] else None,
        }


def export(session: Session, desk: PaperDesk) -> dict[str, Any]:
    """The bundle of this installation as it is now, as plain values.

    Raises ``Refused`` (``no_statement_key``).
    """
    keys = StatementKeys(desk.keys.folder)
    signer = keys.signer(make=desk.house.specimen)
    end_reading(session)  # what is read from here on is not older than the time below
    now = clock.now()
    waiting = handed_out.unissued(session, now)
    told = {
        "format": FORMAT,
        # Of a statement that is being made at this moment nothing can be said.
        "made_at": min(now, waiting.since or now).isoformat(timespec="seconds"),
        "address": desk.address,
        "addresses": list(dict.fromkeys((desk.address, *desk.former))),
        "roots": {kind: _pem(getattr(desk.keys.roots, kind)) for kind in ROOT_KINDS},
        "holders": {
            "named": desk.named,
            "enrolled": [one.record() for one in desk.roots(session).enrolled],
        },
        "log": _log(session, desk.keys),
        "statements": [one.record() for one in keys.published()],
        "kinds": _kinds(desk.house.kinds),
        "levels": {str(n): names()["levels"][name] for n, name in enumerate(LEVELS, start=1)},
        "fates": dict(names()["fates"]),
        **_fates(session),
        "unissued": {
            "void": [_short(one) for one in waiting.void],
            "open": [_short(one) for one in waiting.open],
        },
    }
    value = base64.b64encode(signer.key.sign(_message(told))).decode()
    return told | {"signature": {"id": signer.verifier.id.hex(), "value": value}}


def hidden(code: str) -> str:
    """A paper's code as the bundle names it: to be found by who knows it, not to be read."""
    return _short(hashlib.sha256(code.encode()).hexdigest())


def _short(digest: str) -> str:
    return digest[:32]


def _fates(session: Session) -> dict[str, Any]:
    """Of every issued paper that a later one acted on: what that did, and on which day; and
    which of them are not in force now, with what became of them."""
    rows = session.execute(
        select(Paper.id, Paper.code, Subject.state)
        .join(Subject, Subject.id == Paper.id)
        .where(Paper.number.is_not(None), Subject.state != "issued")
        .order_by(Paper.id)
    ).all()
    done = standing.changes_of(session, [row.id for row in rows])
    return {
        "ended": {
            hidden(row.code): {"state": row.state}
            for row in rows
            if not standing.in_force(row.state, done.get(row.id, ()))
        },
        "changes": {
            hidden(row.code): [_told(change) for change in done[row.id]]
            for row in rows
            if row.id in done
        },
    }


def _told(change: Change) -> dict[str, Any]:
    """A change without its reason, which may name persons; that is on the paper's page."""
    told = change.record()
    return {name: told[name] for name in ("act", "number", "issued_on", "effect_on")}


def _kinds(kinds: Mapping[str, PaperKind]) -> dict[str, dict[str, Any]]:
    return {
        str(kind.mark): {"id": kind.id, "label": {"vi": kind.label.vi, "en": kind.label.en}}
        for kind in kinds.values()
        if kind.mark
    }


def _log(session: Session, keys: Keyring) -> dict[str, str] | None:
    """The log's key and newest checkpoint; none where there is no log yet."""
    last = book.last_checkpoint(session)
    return {"key": str(keys.log_verifier), "checkpoint": last.note} if last else None


def _pem(roots: Sequence[x509.Certificate]) -> list[str]:
    return [root.public_bytes(Encoding.PEM).decode() for root in roots]


def _roots_in(told: Mapping[str, Any]) -> Roots:
    """The roots of a bundle, and which certificates are whose; the oldest bundles tell of no
    time authorities and no enrolments."""
    roots, holders = told["roots"], told.get("holders", {"named": True, "enrolled": ()})
    person, agency, time = (
        tuple(x509.load_pem_x509_certificate(pem.encode()) for pem in pems)
        for pems in (roots["person"], roots["agency"], roots.get("time", ()))
    )
    enrolled = tuple(map(Enrolment.read, holders["enrolled"]))
    return Roots(person, agency, time, enrolled, bool(holders["named"]))


def _message(told: Mapping[str, Any]) -> bytes:
    rest = {name: value for name, value in told.items() if name != "signature"}
    return MARK + freeze(rest).encode()


def _signed_by(signer: Published, told: Mapping[str, Any], signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(signer.key.public).verify(signature, _message(told))
    except (InvalidSignature, binascii.Error):
        return False
    return True
