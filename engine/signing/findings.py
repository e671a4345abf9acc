"""What is found out about a signed file, as plain values.

Apart from what finds it out (``validate``, ``examination``), so that a web process which only
tells the answer, worked out in a process of its own, does not load the readers of PDF.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["person", "seal", "annex", "timestamp", "unknown"]
Covers = Literal["whole_file", "revision", "unclear"]


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature. ``valid`` is true exactly when there is no problem.

    ``intact`` says only that the covered bytes are those that were signed. ``reference``
    is the holder's own key in the domain; ``time`` is what the signer claims, or what a time
    stamp says; ``level`` is that of ETSI EN 319 142-1 (of a stamp: none); ``digest`` is
    SHA-256 of the covered bytes; ``modification`` is what happened to the file afterwards
    (``none``, ``lta_updates``, ``form_filling``, ``annotations``, ``other``).
    """

    role: Role
    field: str
    name: str
    title: str
    organisation: str
    reference: str
    fingerprint: str
    time: datetime | None
    level: str
    valid: bool
    intact: bool
    covers: Covers
    digest: str
    modification: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature: the report on it, and what stands beside the report.

    ``ours`` says that its certificate comes from one of our roots and is somebody's here,
    whatever else is wrong; ``marks`` are the organisational units of its holder; ``end`` is
    where the bytes end that it covers, 0 where that makes no sense.
    """

    report: SignatureReport
    ours: bool
    marks: tuple[str, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Examined:
    """A file. ``problem`` is why nothing more can be said (``empty``, ``not_a_pdf``,
    ``encrypted``, ``cut_off``, ``damaged``, ``too_complex``) or empty. ``signed`` are its
    signatures, ``spoiled`` says that it has some that cannot be read at all; ``number`` is
    what stands in the field for the number."""

    problem: str = ""
    signed: tuple[Signed, ...] = ()
    spoiled: bool = False
    number: str = ""

    @property
    def reports(self) -> tuple[SignatureReport, ...]:
        return tuple(one.report for one in self.signed)


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left of papers in a file that tells no statement itself (see ``remains``).

    ``signers`` are those of ours whose signatures stand there whole, ``attached`` the SHA-256
    of each file within it in which such a signature stands; ``laid_out`` says that the form or
    the data of a paper are there, which nobody need have signed; ``revised``, that the file has
    not just one end, as it had before anybody signed it."""

    signers: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    laid_out: bool = False
    revised: bool = False


NOTHING_LEFT = Remains()
