"""Earlier and later versions of one issued paper: each is the beginning of the next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.orm import Session

from engine.errors import EngineError
from engine.papers.book import LEVELS
from workflows import archive

if TYPE_CHECKING:
    from engine.signing.certificates import Roots
    from engine.signing.findings import SignatureReport
    from workflows.papers import PaperDesk

Proof = Literal["holds", "stamp_lapsed", "no_time_proof", "faulty"]
"""What proves that the signatures of a file were good when they were made; see ``proof``."""


@dataclass(frozen=True, slots=True)
class Newer:
    """A newer version of a file: its stage and level, its digest, and when it was made."""

    stage: str
    level: str
    sha256: str
    at: datetime

    def record(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {"level": self.level, "sha256": self.sha256, "at": self.at.isoformat()}


def newer(session: Session, paper_id: int, content: bytes, part: str = "paper") -> Newer | None:
    """The newest issued version of a paper, or of its annex, unless it is this file."""
    found = archive.newest(session, paper_id, part)
    if found is None or found.sha256 == hashlib.sha256(content).hexdigest():
        return None
    return Newer(found.stage, LEVELS[found.stage], found.sha256, found.at)


def judged_later(
    desk: PaperDesk,
    roots: Roots,
    later: Newer | None,
    content: bytes,
    reports: Sequence[SignatureReport],
) -> tuple[SignatureReport, ...]:
    """The reports on an earlier version. If it can no longer be judged by itself, because the
    authority of its stamp ended, then by what the newest version proves: that begins with
    these very bytes, and its stamps cover them."""
    if later is None or proof(reports) in ("holds", "faulty"):
        return tuple(reports)
    try:
        newest = desk.store.get(later.sha256)
    except EngineError:
        return tuple(reports)
    if not newest.startswith(content):
        return tuple(reports)
    found = archive.judged(roots, newest)
    if not all(report.valid for report in found):
        return tuple(reports)
    return tuple(found[: len(reports)])


def proof(reports: Sequence[SignatureReport]) -> Proof:
    """The one rule by which a file's age counts (ETSI EN 319 102-1, 5.3 and 5.6), for every level
    and with and without a network.

    A signature *holds* if its certificate was good at a time that is proven: that of a time
    stamp which is believed, or today. So a stamp that ended takes nothing from a signature whose
    certificate is good today. A certificate that ended before such a time proves nothing by
    itself (INDETERMINATE there, neither valid nor invalid): either the newest stamp, which had
    proved it, ended too (*stamp_lapsed*), or none ever did (*no_time_proof*). That the log, or a
    statement printed on the paper, names an earlier day is our own word, told beside.
    Anything else that is wrong is *faulty*.
    """
    stamps = [set(one.problems) for one in reports if one.role == "timestamp"]
    others = [set(one.problems) for one in reports if one.role != "timestamp"]
    if not all(one <= {"expired"} for one in stamps) or not all(o <= {"unproven"} for o in others):
        return "faulty"
    if not any(others):
        return "holds"
    return "stamp_lapsed" if stamps and stamps[-1] else "no_time_proof"
