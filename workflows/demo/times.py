"""The demonstration's own time authority and revocation lists, with no network.

Real in form, worthless as proof: whoever has the demonstration's keys can stamp any time.
Production refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.x509 import Certificate

from engine import clock
from engine.signing.authority import Issued, revocation_list
from engine.signing.certificates import der
from engine.signing.evidence import Evidence
from workflows.demo.data import facts
from workflows.keys import Keyring
from workflows.times import Times

if TYPE_CHECKING:
    from engine.signing.software import SoftwareSigner
    from engine.signing.timekeeper import Timekeeper

TIME_KEY, ISSUER_KEY = "demo-time", "demo-issuer"
LASTS = timedelta(days=30)


def times(folder: Path) -> Times:
    """What the worker of a demonstration stamps with and learns from."""
    keyring = Keyring(folder)
    return Times(DemoTime(keyring), DemoLists(keyring))


def _opened(keyring: Keyring, reference: str) -> SoftwareSigner:
    from engine.signing.software import open_key

    return open_key(keyring.sealed(reference), facts("drive")["pin"])


@dataclass
class DemoTime:
    """A time source; its key is opened at the first stamp. Raises ``Refused`` (``no_key``) in
    a demonstration that was built without one."""

    keyring: Keyring

    @cached_property
    def _keeper(self) -> Timekeeper:
        from engine.signing.timekeeper import Timekeeper

        return Timekeeper(_opened(self.keyring, TIME_KEY))

    @property
    def room(self) -> int:
        return self._keeper.room

    def answer(self, request: bytes) -> bytes:
        return self._keeper.answer(request)


@dataclass
class DemoLists:
    """A new list of each of the demonstration's authorities, with nothing revoked."""

    keyring: Keyring
    _made: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)

    @cached_property
    def _issuers(self) -> dict[str, Issued]:
        found = {}
        for path in sorted(self.keyring.folder.glob(f"{ISSUER_KEY}-*.p12")):
            signer = _opened(self.keyring, path.stem)
            name = signer.credential.certificate.subject.rfc4514_string()
            found[name] = Issued(signer._key, signer.credential)
        return found

    def evidence(self, path: Sequence[Certificate]) -> Evidence:
        certificates = tuple(der(one) for one in path)
        return Evidence(certificates, crls=tuple(self._lists(path)))

    def _lists(self, path: Sequence[Certificate]) -> Iterator[bytes]:
        at = clock.now().replace(second=0, microsecond=0)
        for name in dict.fromkeys(one.issuer.rfc4514_string() for one in path):
            if name in self._issuers:
                yield self._list(name, at)

    def _list(self, name: str, at: datetime) -> bytes:
        """The list of one authority; that of the same minute is the same."""
        made = self._made.get(name)
        if made is None or made[0] != at:
            made = self._made[name] = (at, revocation_list(self._issuers[name], at, LASTS))
        return made[1]
