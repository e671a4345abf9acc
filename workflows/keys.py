"""Where keys are: in files (demonstrations only), on tokens of this machine, or elsewhere.

In production officials hold their keys on tokens; of this folder only the roots exist then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.x509 import Certificate

from engine import clock
from engine.errors import Refusal, Refused

if TYPE_CHECKING:
    from engine.log.note import Head, Verifier
    from engine.log.note import Signer as LogSigner
    from engine.signing.certificates import Roots
    from engine.signing.signer import Signer

ROOTS = "roots.pem"
ROOTS_OF = "roots-{kind}.pem"
SIGNING_KINDS = ("person", "agency")
ROOT_KINDS = (*SIGNING_KINDS, "time")
LOG_KEY, LOG_VERIFIER, LOG_HEAD = "log.pem", "log.vkey", "log.checkpoint"


def person_reference(person_id: int) -> str:
    """How a person is named in a certificate."""
    return f"person:{person_id}"


def authority_reference(unit_id: int) -> str:
    """How an authority is named in the certificate of its seal."""
    return f"unit:{unit_id}"


@dataclass(frozen=True)
class Keyring:
    """The keys in one folder, named after the reference of their holder."""

    folder: Path

    @cached_property
    def roots(self) -> Roots:
        """The certificates all trust ends in; none when there is no keyring. Persons and
        agencies have one bundle in common or, where the installation parts them, their own;
        time authorities have a bundle of their own or none."""
        from engine.signing.certificates import Roots

        common = self._bundle(ROOTS) or ()
        own = {kind: self._bundle(ROOTS_OF.format(kind=kind)) for kind in ROOT_KINDS}
        person, agency = (common if own[kind] is None else own[kind] for kind in SIGNING_KINDS)
        return Roots(person or (), agency or (), own["time"] or ())

    def _bundle(self, name: str) -> tuple[Certificate, ...] | None:
        from engine.signing.certificates import load_roots

        path = self.folder / name
        return load_roots(path.read_bytes()) if path.exists() else None

    def path(self, reference: str) -> Path:
        return self.folder / f"{reference.replace(':', '-')}.p12"

    def sealed(self, reference: str) -> bytes:
        """The holder's key, still closed by its PIN; raises ``Refused`` (``no_key``)."""
        try:
            return self.path(reference).read_bytes()
        except FileNotFoundError:
            raise Refused(Refusal("no_key", {"holder": reference})) from None

    def signer(
        self, reference: str, pin: str, enrolled: frozenset[str] = frozenset()
    ) -> AbstractContextManager[Signer]:
        """The holder's key, open inside the block: that of a certificate which names them, or
        was ``enrolled`` as theirs (fingerprints). Raises ``Refused`` on entering:
        ``wrong_pin``, ``no_key``, ``key_file_damaged``, and what tokens say."""
        return self._from_file(reference, pin)

    @contextmanager
    def _from_file(self, reference: str, pin: str) -> Iterator[Signer]:
        from engine.signing.software import open_key

        yield open_key(self.sealed(reference), pin)

    @cached_property
    def log_verifier(self) -> Verifier:
        """The key that the log's checkpoints are checked with; raises ``Refused``
        (``no_log_key``, ``log_key_unreadable``)."""
        from engine.log.note import Verifier

        return Verifier.read(self._log_file(LOG_VERIFIER).decode(errors="replace"))

    @cached_property
    def log_signer(self) -> LogSigner:
        """The log's own key, which no person holds; raises ``Refused`` as the verifier."""
        from engine.log.note import Signer

        return Signer.read(self.log_verifier.name, self._log_file(LOG_KEY))

    def log_heads(self) -> list[Head]:
        """The newest head that was signed on this machine, if any was."""
        path = self.folder / LOG_HEAD
        return [self.log_verifier.open(path.read_text("utf-8"))] if path.exists() else []

    def keep_log_head(self, note: str) -> None:
        """Remembers the newest head; what was there before is replaced at once or not at all."""
        aside = self.folder / f".{LOG_HEAD}-{os.getpid()}"
        with aside.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.folder / LOG_HEAD)

    def keep_log_key(self, signer: LogSigner) -> None:
        """Keeps a new log's key; raises ``Refused`` (``log_key_exists``) when there is one."""
        try:
            handle = os.open(self.folder / LOG_KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Refused(Refusal("log_key_exists")) from None
        with os.fdopen(handle, "wb") as file:
            file.write(signer.pem())
        (self.folder / LOG_VERIFIER).write_text(f"{signer.verifier}\n", "utf-8")

    def _log_file(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            raise Refused(Refusal("no_log_key")) from None


@dataclass(frozen=True)
class TokenKeyring(Keyring):
    """Keys on tokens of this machine: a security module with a token for each holder, labelled
    with the reference, or one ``token`` for all."""

    module: Path
    token: str = ""

    def signer(
        self, reference: str, pin: str, enrolled: frozenset[str] = frozenset()
    ) -> AbstractContextManager[Signer]:
        from engine.signing.pkcs11 import Place, Wanted, opened

        place = Place(self.module, self.token or reference)
        return opened(place, pin, Wanted("", reference, enrolled), clock.now())


@dataclass(frozen=True)
class RemoteKeyring(Keyring):
    """Keys in the hands of their holders: nothing is signed here (see ``deferred``)."""

    def signer(
        self, reference: str, pin: str, enrolled: frozenset[str] = frozenset()
    ) -> AbstractContextManager[Signer]:
        raise Refused(Refusal("use_token"))
