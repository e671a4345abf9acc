"""Four answers about a file, each by itself: issued, unchanged, signed, in force."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refused
from engine.log.book import Leaf
from engine.papers.book import Paper, PaperVersion
from engine.subjects import Subject
from workflows import standing
from workflows.keys import authority_reference
from workflows.papers import PaperDesk
from workflows.standing import Change

if TYPE_CHECKING:
    from engine.signing.validate import SignatureReport

LARGEST = 50 * 2**20
END_OF_REVISION = b"%%EOF"

Verdict = Literal["genuine", "not_issued", "not_in_force", "altered", "unknown", "unreadable"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What can be said of a file. ``paper`` is the paper it is, or was made from."""

    issued: bool
    unchanged: bool
    signatures: tuple[SignatureReport, ...]
    in_force: bool
    verdict: Verdict
    paper_id: int | None = None
    code: str = ""
    number: str = ""
    stage: str = ""
    log_index: int | None = None
    """Where the log tells of exactly these bytes; none for a file that was not logged yet."""
    changes: tuple[Change, ...] = ()
    """What later papers did to this one, the oldest first."""

    @property
    def ok(self) -> bool:
        return self.verdict == "genuine"

    def record(self) -> dict[str, Any]:
        """The answers as plain values, for JSON."""
        return {
            "issued": self.issued,
            "unchanged": self.unchanged,
            "signatures": [
                {
                    "role": report.role,
                    "name": report.name,
                    "time": report.time.isoformat() if report.time else None,
                    "level": report.level,
                    "valid": report.valid,
                    "problems": list(report.problems),
                }
                for report in self.signatures
            ],
            "in_force": self.in_force,
            "logged": self.log_index is not None,
            "log_index": self.log_index,
            "verdict": self.verdict,
            "paper": self.code,
            "number": self.number,
            "changes": [change.record() for change in self.changes],
        }


@dataclass(frozen=True, slots=True)
class _Known:
    paper_id: int
    code: str
    number: str
    stage: str
    state: str
    authority_id: int
    log_index: int | None = None


def verify(session: Session, desk: PaperDesk, content: bytes) -> Verification:
    """The four answers about the bytes of a file; any bytes at all are answered.

    *Issued* means: exactly these bytes are what the register issued. *Unchanged*: they are
    some version that was made here, whole. *Signatures* are validated from the file alone.
    *In force*: the paper has been issued, and no later one replaced it or revoked it with
    effect from today or before; a corrected paper is in force.
    """
    known = _known(session, [hashlib.sha256(content).hexdigest()])
    reports = _reports(desk, content)
    if reports is None:
        return Verification(False, False, (), False, "unreadable")
    if known is None:
        origin = _known(session, _earlier_revisions(content))
        verdict: Verdict = "altered" if origin or _ours(desk, reports) else "unknown"
        found = origin or _Known(0, "", "", "", "", 0)
        return Verification(
            False, False, reports, False, verdict, found.paper_id or None, found.code, found.number
        )
    issued = known.stage == "issued"
    changes = tuple(standing.changes(session, known.paper_id)) if issued else ()
    in_force = issued and standing.in_force(known.state, changes)
    verdict = "not_issued"
    if issued:
        verdict = "genuine" if in_force else "not_in_force"
        if not _signed_by_both(reports, known):
            verdict = "altered"
    return Verification(
        issued,
        True,
        reports,
        in_force,
        verdict,
        known.paper_id,
        known.code,
        known.number,
        known.stage,
        known.log_index,
        changes,
    )


def _signed_by_both(reports: Sequence[SignatureReport], known: _Known) -> bool:
    """A leader's and the authority's own signature, every one of them valid."""
    roles = [report.role for report in reports]
    sealed = [r.reference for r in reports if r.role == "seal"]
    return (
        all(report.valid for report in reports)
        and "person" in roles
        and sealed == [authority_reference(known.authority_id)]
    )


def _reports(desk: PaperDesk, content: bytes) -> tuple[SignatureReport, ...] | None:
    from engine.signing.validate import validate

    if len(content) > LARGEST or not content.startswith(b"%PDF-"):
        return None
    try:
        return tuple(validate(content, desk.keys.roots))
    except Refused:
        return None


def _ours(desk: PaperDesk, reports: Sequence[SignatureReport]) -> bool:
    """Whether any certificate in the file comes from a root we trust, whatever else is wrong."""
    return any(r.fingerprint and "untrusted" not in r.problems for r in reports)


def _earlier_revisions(content: bytes) -> list[str]:
    """Digests of the file as it ended at each of its revisions: what it was made from."""
    digests: list[str] = []
    end = content.find(END_OF_REVISION)
    while end >= 0 and len(digests) < 3 * 64:
        stop = end + len(END_OF_REVISION)
        for tail in (b"", b"\n", b"\r\n"):
            if content[stop : stop + len(tail)] == tail:
                digests.append(hashlib.sha256(content[: stop + len(tail)]).hexdigest())
        end = content.find(END_OF_REVISION, stop)
    return digests


def _known(session: Session, digests: Sequence[str]) -> _Known | None:
    if not digests:
        return None
    row = session.execute(
        select(
            Paper.id,
            Paper.code,
            Paper.number_text,
            PaperVersion.stage,
            Subject.state,
            Paper.authority_id,
            Leaf.position,
        )
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .join(Subject, Subject.id == Paper.id)
        .outerjoin(Leaf, Leaf.version_id == PaperVersion.id)
        .where(PaperVersion.sha256.in_(digests))
        .order_by(PaperVersion.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return _Known(
        row.id,
        row.code,
        row.number_text or "",
        row.stage,
        row.state,
        row.authority_id,
        row.position,
    )
