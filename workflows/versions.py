"""Earlier and later versions of one issued paper: each is the beginning of the next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from engine.errors import EngineError
from engine.papers.book import LEVELS
from workflows import archive

if TYPE_CHECKING:
    from engine.signing.certificates import Roots
    from engine.signing.findings import SignatureReport
    from workflows.papers import PaperDesk

ENDED = frozenset({"expired", "uncovered"})
"""What is said of a stamp whose authority's certificate has ended, and of what it covers."""


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
    if later is None or not lapsed(reports):
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


def lapsed(reports: Sequence[SignatureReport]) -> bool:
    """Whether nothing else is wrong but that the certificate of the newest stamp has ended."""
    stamps = [report for report in reports if report.role == "timestamp"]
    faults = {problem for report in reports for problem in report.problems}
    return bool(stamps) and "expired" in stamps[-1].problems and faults <= ENDED
