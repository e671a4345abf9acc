"""Whose key an act on a paper takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import Refusal

if TYPE_CHECKING:
    from engine.signing.certificates import Enrolment, Kind


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key an act takes: the kind of its certificate, the part its signature plays in
    the paper, and the reference it names its holder by."""

    kind: Kind
    role: str
    reference: str
    enrolled: tuple[Enrolment, ...] = ()
    """The certificates that were entered as theirs."""

    @property
    def fingerprints(self) -> frozenset[str]:
        """Of their enrolled certificates."""
        return frozenset(one.fingerprint for one in self.enrolled)

    @property
    def not_theirs(self) -> Refusal:
        """How a certificate that names somebody else is told."""
        is_person = self.kind == "person"
        return Refusal("certificate_of_another" if is_person else "seal_of_another")
