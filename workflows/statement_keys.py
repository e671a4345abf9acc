"""The key that signs the statements printed on papers, and those that did so before.

It is not the log's key. This one is at work wherever the clerk's act is, in the processes that
serve pages; the log's stays with the worker. Who steals this one can print false codes until it
is replaced, and a file or a look at the log exposes each; the history of the log stays out of
reach. And it may be replaced at any time: the old public half is published on, with its end.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import clock
from engine.errors import Refusal, Refused
from engine.log.note import Signer, Verifier

FILE = "statements.json"
NAME = "binhxet-statement"


@dataclass(frozen=True, slots=True)
class Published:
    """A public key, and from when to when it signed; without an end it still does.

    ``stolen``: somebody else may have it, and may write any day into a statement. What it
    signed is then believed only beside the file that bears it, which is signed by others.
    """

    key: Verifier
    since: datetime
    until: datetime | None = None
    stolen: bool = False

    def signed_at(self, instant: datetime) -> bool:
        """Whether a statement of that instant may be by this key."""
        return self.since <= instant and (self.until is None or instant <= self.until)

    def record(self) -> dict[str, Any]:
        return {
            "id": self.key.id.hex(),
            "key": str(self.key),
            "from": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "stolen": self.stolen,
        }

    @classmethod
    def read(cls, told: dict[str, Any]) -> Published:
        """The same again; raises ``Refused``, ``KeyError`` or ``ValueError``."""
        until = told["until"]
        return cls(
            Verifier.read(told["key"]),
            datetime.fromisoformat(told["from"]),
            datetime.fromisoformat(until) if until else None,
            bool(told.get("stolen")),
        )


@dataclass(frozen=True, slots=True)
class StatementKeys:
    """The keys in one folder, in one file that only its owner may read."""

    folder: Path

    def signer(self, *, make: bool = False) -> Signer:
        """The key of today; with ``make``, a first one is made where there never was any.

        Raises ``Refused`` (``no_statement_key``, ``statement_key_unreadable``).
        """
        if make and not self._path.exists():
            self._first()
        return Signer.read(NAME, str(self._told()["secret"]).encode())

    def published(self) -> tuple[Published, ...]:
        """Every public key, the oldest first; raises as ``signer``."""
        try:
            return tuple(Published.read(one) for one in self._told()["keys"])
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(Refusal("statement_key_unreadable")) from error

    def create(self) -> None:
        """A first key; raises ``Refused`` (``statement_key_exists``) when there is one."""
        if not self._first():
            raise Refused(Refusal("statement_key_exists"))

    def renew(self) -> None:
        """A new key in the place of today's, which is published on until now."""
        *before, last = self.published()
        now = clock.now()
        ended = [*before, replace(last, until=now)]
        aside = self._aside(Signer.create(NAME), ended, now)
        aside.replace(self._path)

    def disown(self, id_: str) -> None:
        """Says for ever that the key of that id was stolen; if it is today's, it is renewed.

        Raises ``Refused`` (``statement_key_unknown``), and as ``signer``.
        """
        known = [one.key.id.hex() for one in self.published()]
        if id_ not in known:
            raise Refused(Refusal("statement_key_unknown", {"id": id_}))
        if id_ == known[-1]:
            self.renew()
        *before, last = self.published()
        told = [replace(one, stolen=one.stolen or one.key.id.hex() == id_) for one in before]
        self._aside(self.signer(), told, last.since).replace(self._path)

    @property
    def _path(self) -> Path:
        return self.folder / FILE

    def _told(self) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads(self._path.read_text("utf-8"))
        except OSError:
            raise Refused(Refusal("no_statement_key")) from None
        except ValueError as error:
            raise Refused(Refusal("statement_key_unreadable")) from error
        return told

    def _first(self) -> bool:
        """Makes the first key; of two processes that do so at once one wins."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = self._aside(Signer.create(NAME), [], clock.now())
        try:
            self._path.hardlink_to(aside)
        except FileExistsError:
            return False
        finally:
            aside.unlink()
        return True

    def _aside(self, signer: Signer, before: list[Published], since: datetime) -> Path:
        keys = [one.record() for one in (*before, Published(signer.verifier, since))]
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".statements-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"keys": keys, "secret": signer.pem().decode()}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        return Path(name)
