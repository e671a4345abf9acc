"""Four answers about a file, each by itself: issued, unchanged, signed, in force."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.errors import Refused
from engine.log.book import Leaf
from engine.papers.book import ANNEXES, LEFT, Paper, PaperVersion
from engine.subjects import Subject
from workflows import archive, findings, origins, standing, versions
from workflows.keys import authority_reference
from workflows.papers import PaperDesk
from workflows.standing import Change
from workflows.versions import Newer

if TYPE_CHECKING:
    from engine.signing.cage import Answer
    from engine.signing.certificates import Roots
    from engine.signing.findings import Examined, SignatureReport

    class Ask(Protocol):
        """See ``engine.signing.cage.ask``."""

        def __call__(
            self,
            pdf: bytes,
            roots: Roots,
            original: bytes | None = None,
            known: Examined | None = None,
            *,
            inside: bool = False,
        ) -> Answer: ...


LARGEST = 50 * 2**20
LOGGED_WITHIN = timedelta(days=1)
"""The worker logs an issue within minutes. What is not in the log after this does not count as
issued: the log is what nobody can add to unseen."""

UNTOUCHED = "issued"
"""The state of a paper on which no later one has acted."""

_LATER = aliased(PaperVersion)

Verdict = Literal[
    "genuine",
    "not_issued",
    "not_in_force",
    "other_paper",
    "altered",
    "unknown",
    "unreadable",
    "lapsed",
]


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

    newer: Newer | None = None
    """The newest issued version of the same paper, when this file is an earlier one."""

    reasons: tuple[str, ...] = ()
    """Why an answer is no, or not yet as good as it will be; each a code of ``findings``."""

    @property
    def level(self) -> str:
        """The level that the file's seal has (ETSI EN 319 142-1), if it has any."""
        sealed = (report for report in self.signatures if report.role in ("seal", "annex"))
        return next((report.level for report in sealed), "")

    @property
    def part(self) -> str:
        """Which file of its paper it is, or was made from: ``paper`` or ``annex``."""
        return _part(self.stage)

    @property
    def ok(self) -> bool:
        return self.verdict == "genuine"

    def record(self, language: str = "vi") -> dict[str, Any]:
        """The answers as plain values, for JSON."""
        return {
            "issued": self.issued,
            "unchanged": self.unchanged,
            "signatures": [
                {
                    "role": report.role,
                    "name": report.name,
                    "time": _in_vietnam(report.time),
                    "level": report.level,
                    "valid": report.valid,
                    "problems": list(report.problems),
                }
                for report in self.signatures
            ],
            "level": self.level,
            "newer": self.newer.record() if self.newer else None,
            "in_force": self.in_force,
            "logged": self.log_index is not None,
            "log_index": self.log_index,
            "verdict": self.verdict,
            "paper": self.code,
            "part": self.part,
            "number": self.number,
            "reasons": findings.told(self.reasons, language),
            "changes": [change.record() for change in self.changes],
        }


def _part(stage: str) -> str:
    return "annex" if stage in ANNEXES else "paper"


def _in_vietnam(time: datetime | None) -> str | None:
    """Signers tell the hour of Vietnam, time authorities that of Greenwich: alike here."""
    return time.astimezone(clock.VIETNAM).isoformat() if time else None


@dataclass(frozen=True, slots=True)
class _Known:
    paper_id: int
    code: str
    number: str
    stage: str
    state: str
    authority_id: int
    at: datetime | None = None
    log_index: int | None = None
    newest: bool = False
    """Whether no later version of the same file of its paper left the office."""

    @property
    def unlogged(self) -> str:
        """That a file which left the office is not in the log: as a reason, else nothing."""
        if self.stage not in LEFT or self.log_index is not None or self.at is None:
            return ""
        return "not_logged" if clock.now() - self.at > LOGGED_WITHIN else "not_logged_yet"


def verify(
    session: Session, desk: PaperDesk, content: bytes, *, code: str = "", ask: Ask | None = None
) -> Verification:
    """The four answers about the bytes of a file; any bytes at all are answered.

    *Issued* means: exactly these bytes are what the register issued, or what became of that
    with time stamps and evidence, and the log tells of them, or will within a day.
    *Unchanged*: they are some version that was made here, whole. *Signatures* are validated
    from the file alone.
    *In force*: the paper has been issued, and no later one replaced it or revoked it with
    effect from today or before; a corrected paper is in force.

    ``code`` is that of the paper which the file should be. A file that is no version of ours
    is opened by ``ask``: in a process of its own, unless the caller knows better. Where many
    may come at once, that is one file at a time (``cage.Turn``).
    """
    known = _known(session, [hashlib.sha256(content).hexdigest()])
    if known is None:
        return _stranger(session, desk, content, ask)
    found = _judged(session, desk, content, known)
    if code and known.code != code:
        reasons = ("other_paper", *found.reasons)
        verdict: Verdict = "other_paper" if found.ok else found.verdict
        return replace(found, verdict=verdict, reasons=reasons)
    return found


def _judged(session: Session, desk: PaperDesk, content: bytes, known: _Known) -> Verification:
    """The answers about a version that was made here."""
    roots = desk.roots(session)
    reports, later = _reports(roots, content, annex=known.stage in ANNEXES), None
    issued = known.stage in LEFT and known.unlogged != "not_logged"
    acted_on = issued and known.state != UNTOUCHED
    changes = tuple(standing.changes(session, known.paper_id)) if acted_on else ()
    in_force = issued and standing.in_force(known.state, changes)
    if issued and not known.newest:
        later = versions.newer(session, known.paper_id, content, _part(known.stage))
        reports = versions.judged_later(desk, roots, later, content, reports)
    reasons = list(findings.of_reports(reports))
    verdict: Verdict = "not_issued"
    if issued:
        verdict = "genuine" if in_force else "not_in_force"
        reasons += [] if in_force else ["not_in_force"]
        if not _signed_as_issued(reports, known):
            verdict = "lapsed" if versions.lapsed(reports) else "altered"
            reasons += [] if reasons else ["seal_of_another"]
    elif not known.unlogged:
        reasons.append("rolled_back" if reports else "draft")
    reasons += [known.unlogged] if known.unlogged else []
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
        later,
        tuple(dict.fromkeys(reasons)),
    )


def _stranger(session: Session, desk: PaperDesk, content: bytes, ask: Ask | None) -> Verification:
    """The answers about a file that is no version of ours: what it was made from, if from a
    paper of ours, and what was done to it."""
    if len(content) > LARGEST:
        return refused("too_large")
    from engine.signing import cage

    ask, roots = ask or cage.ask, desk.roots(session)
    origin = _known(session, origins.revisions(content))
    answer = ask(content, roots, _original(session, desk, origin, content))
    found = answer.examined
    named = _numbered(session, found) if _may_be_ours(found) else None
    if origin is None and named:
        origin = named
        answer = ask(content, roots, _original(session, desk, origin, content), found)
    reasons = findings.of_stranger(
        answer,
        from_ours=origin is not None,
        unknown_revision=_covers_unknown(session, content, answer),
    )
    if found.spoiled and origin and named and named.paper_id != origin.paper_id:
        reasons = ("two_papers", *reasons)
    verdict: Verdict = "unreadable" if found.problem else "unknown"
    if origin or any(one.ours for one in found.signed):
        verdict = "altered"
    made_from = origin or _Known(0, "", "", "", "", 0)
    return Verification(
        False,
        False,
        found.reports,
        False,
        verdict,
        made_from.paper_id or None,
        made_from.code,
        made_from.number,
        made_from.stage if made_from.stage in ANNEXES else "",
        reasons=reasons,
    )


def refused(reason: str) -> Verification:
    """The answers about a file that is not opened at all."""
    return Verification(False, False, (), False, "unreadable", reasons=(reason,))


def _signed_as_issued(reports: Sequence[SignatureReport], known: _Known) -> bool:
    """A leader's and the authority's own signature, every one of them valid; on an annex the
    authority's alone."""
    annex = known.stage in ANNEXES
    role = "annex" if annex else "seal"
    sealed = [r.reference for r in reports if r.role == role]
    return (
        all(report.valid for report in reports)
        and any(report.role == "person" for report in reports) is not annex
        and sealed == [authority_reference(known.authority_id)]
    )


def _reports(roots: Roots, content: bytes, *, annex: bool) -> tuple[SignatureReport, ...]:
    """On the signatures of a file that was made here."""
    from engine.signing import shortcut

    try:
        reports = shortcut.judge(content, roots, annex=annex)
        return tuple(archive.judged(roots, content) if reports is None else reports)
    except Refused:  # not even a PDF: then nobody signed it
        return ()


def _original(
    session: Session, desk: PaperDesk, origin: _Known | None, content: bytes
) -> bytes | None:
    if origin is None:
        return None
    annex = origin.stage in ANNEXES
    return desk.store.get(origins.likely(session, origin.paper_id, content, annex=annex))


def _may_be_ours(found: Examined) -> bool:
    """Whether a file that bears a number of ours may come from us, and not from a stranger
    who signed it: it has a signature of ours, or none that can be read."""
    return bool(found.number) and (not found.signed or any(one.ours for one in found.signed))


def _numbered(session: Session, found: Examined) -> _Known | None:
    """The paper whose number a file bears: that of the authority it seems sealed by, or the
    only one there is."""
    rows = session.execute(
        select(Paper.authority_id, PaperVersion.sha256)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(Paper.number_text == found.number, PaperVersion.stage == "issued")
        .order_by(PaperVersion.id.desc())
        .limit(origins.MOST_REVISIONS)
    ).all()
    sealed = {report.reference for report in found.reports if report.role == "seal"}
    theirs = [row for row in rows if authority_reference(row.authority_id) in sealed]
    chosen = theirs or (rows if len(rows) == 1 else [])
    return _known(session, [chosen[0].sha256]) if chosen else None


def _covers_unknown(session: Session, content: bytes, answer: Answer) -> bool:
    """Whether somebody signed, with a key of ours, bytes that we never had."""
    ends = [one.end for one in answer.examined.signed if one.ours and one.report.intact]
    digests = {hashlib.sha256(content[:end]).hexdigest() for end in ends}
    rows = session.scalars(select(PaperVersion.sha256).where(PaperVersion.sha256.in_(digests)))
    return bool(digests - set(rows))


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
            PaperVersion.at,
            Leaf.position,
            ~exists().where(
                _LATER.paper_id == PaperVersion.paper_id,
                _LATER.id > PaperVersion.id,
                _LATER.stage.in_(LEFT),
                _LATER.stage.in_(ANNEXES) == PaperVersion.stage.in_(ANNEXES),
            ),
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
        row.at,
        row.position,
        row[-1],
    )
