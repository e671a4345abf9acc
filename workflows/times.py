"""Where this installation gets the time and the news of revoked certificates from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from workflows.keys import Keyring

if TYPE_CHECKING:
    from engine.signing.certificates import Kind
    from engine.signing.evidence import Evidence
    from engine.signing.revocation import RevocationSource
    from engine.signing.signer import Credential
    from engine.signing.tokens import TimeSource

Asking = Literal["off", "ask", "require"]


@dataclass(frozen=True)
class Times:
    """``source`` stamps times (none: papers stay at B-B, and say so). ``revocations`` tells of
    certificates: for the evidence kept in papers, and before signing as ``asking`` says:
    ``off`` not at all, ``ask`` refusing what is known to be revoked, ``require`` refusing
    also when nothing can be learnt."""

    source: TimeSource | None = None
    revocations: RevocationSource | None = None
    asking: Asking = "off"

    def learn(
        self, keys: Keyring, credential: Credential, at: datetime, kind: Kind | None = None
    ) -> Evidence:
        """What can be learnt now of a credential that was used at an instant; ``kind`` says
        which roots it should lead to (none: those of time authorities). May ask the network:
        never inside a transaction."""
        from engine.signing import trust
        from engine.signing.evidence import NONE

        if self.revocations is None:
            return NONE
        roots = keys.roots.time if kind is None else keys.roots.of(kind)
        path = trust.path(credential, roots, at)
        return self.revocations.evidence(path) if path else NONE
