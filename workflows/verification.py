"""Four answers about a file, each by itself: issued, unchanged, signed, in force."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import Refused
from engine.papers.book import ANNEXES, LEFT, PaperVersion
from workflows import archive, findings, origins, standing, versions
from workflows.keys import authority_reference
from workflows.known import Known, known
from workflows.papers import PaperDesk
from workflows.standing import Change
from workflows.versions import Newer

if TYPE_CHECKING:
    from engine.signing.cage import Answer
    from engine.signing.certificates import Roots
    from engine.signing.findings import Examined, Remains, SignatureReport

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
BUSY = "busy"
"""Nothing is said of a file: another one is open. Whoever asks again is answered."""

UNTOUCHED = "issued"
_TAMPERED = frozenset({"odd_coverage", "respelled"})
"""The state of a paper on which no later one has acted."""

Verdict = Literal[
    "genuine",
    "not_issued",
    "not_in_force",
    "other_paper",
    "altered",
    "unknown",
    "unreadable",
    "lapsed",
    "busy",
]


@dataclass(frozen=True, slots=True, kw_only=True)
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
    def signed(self) -> bool:
        """Whether its signatures were good when they were made, and that is proven."""
        return bool(self.signatures) and versions.proof(self.signatures) == "holds"

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
    ours = known(session, [hashlib.sha256(content).hexdigest()])
    if ours is None:
        return _stranger(session, desk, content, ask)
    found = _judged(session, desk, content, ours)
    if code and ours.code != code:
        reasons = ("other_paper", *found.reasons)
        verdict: Verdict = "other_paper" if found.ok else found.verdict
        return replace(found, verdict=verdict, reasons=reasons)
    return found


def _judged(session: Session, desk: PaperDesk, content: bytes, ours: Known) -> Verification:
    """The answers about a version that was made here."""
    roots = desk.roots(session)
    reports, later = _reports(roots, content, annex=ours.stage in ANNEXES), None
    issued = ours.stage in LEFT and ours.unlogged != "not_logged"
    acted_on = issued and ours.state != UNTOUCHED
    changes = tuple(standing.changes(session, ours.paper_id)) if acted_on else ()
    in_force = issued and standing.in_force(ours.state, changes)
    if issued and not ours.newest:
        later = versions.newer(session, ours.paper_id, content, _part(ours.stage))
        reports = versions.judged_later(desk, roots, later, content, reports)
    verdict, reasons = _said(ours, reports, issued=issued, in_force=in_force)
    return Verification(
        issued=issued,
        unchanged=True,
        signatures=reports,
        in_force=in_force,
        verdict=verdict,
        paper_id=ours.paper_id,
        code=ours.code,
        number=ours.number,
        stage=ours.stage,
        log_index=ours.log_index,
        changes=changes,
        newer=later,
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _said(
    ours: Known, reports: Sequence[SignatureReport], *, issued: bool, in_force: bool
) -> tuple[Verdict, Sequence[str]]:
    """The verdict on a version that was made here, and the reasons for it."""
    proof = versions.proof(reports)
    reasons = list(findings.of_reports(reports)) if proof == "faulty" else []
    ended = [] if in_force else ["not_in_force"]
    verdict: Verdict = "not_issued"
    if issued:
        verdict = "genuine" if in_force else "not_in_force"
        if proof == "faulty" or not _signed_as_issued(reports, ours):
            verdict = "altered"
            reasons += [] if reasons or ended else ["seal_of_another"]
        elif proof != "holds":
            verdict = "lapsed"
            reasons += [proof, *(["dated_by_the_log"] if ours.log_index is not None else [])]
        reasons += ended
    elif not ours.unlogged:
        reasons.append("rolled_back" if reports else "draft")
    return verdict, (*reasons, *([ours.unlogged] if ours.unlogged else []))


def _stranger(session: Session, desk: PaperDesk, content: bytes, ask: Ask | None) -> Verification:
    """The answers about a file that is no version of ours: what it was made from, if from a
    paper of ours, and what was done to it."""
    if len(content) > LARGEST:
        return refused("too_large")
    from engine.signing import cage

    ask, roots = ask or cage.ask, desk.roots(session)
    origin = known(session, origins.revisions(content))
    likely = origin or known(session, origins.printed(session, content))
    answer = ask(content, roots, _original(session, desk, likely, content), inside=True)
    found, left = answer.examined, answer.left
    named = _named(session, answer, likely)
    origin = origin or named
    if origin != likely:  # it was compared with a paper that it does not come from
        original = _original(session, desk, origin, content)
        answer = ask(content, roots, original, found) if original else cage.Answer(found)
    if BUSY in (found.problem, answer.examined.problem):
        return refused(BUSY)
    if origin is None and origins.torn(found) and not any(one.ours for one in found.signed):
        origin = _mostly(session, desk, likely, content, closed=bool(found.problem))
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
    told = Verification(
        issued=False,
        unchanged=False,
        signatures=found.reports,
        in_force=False,
        verdict=verdict,
        reasons=reasons,
    )
    return _with_parts(session, told if origin is None else _made_from(told, origin), left)


def _with_parts(session: Session, told: Verification, left: Remains) -> Verification:
    """The answers with what a file holds of papers, be it torn or another one around them."""
    torn = told.verdict == "unreadable" or "broken_signature" in told.reasons
    torn = torn or (left.revised and not told.signatures)
    codes = [*findings.of_parts(left, torn=torn, origin=told.paper_id is not None)]
    if not codes:
        return told
    told = replace(told, verdict="altered", reasons=tuple(dict.fromkeys((*codes, *told.reasons))))
    attached = known(session, left.attached) if told.paper_id is None else None
    return told if attached is None else _made_from(told, attached)


def _made_from(told: Verification, origin: Known) -> Verification:
    """The answers with the paper that a file was made from."""
    return replace(
        told,
        paper_id=origin.paper_id,
        code=origin.code,
        number=origin.number,
        stage=origin.stage if origin.stage in ANNEXES else "",
    )


def refused(reason: str) -> Verification:
    """The answers about a file that is not opened at all, or not now (``busy``)."""
    return Verification(
        issued=False,
        unchanged=False,
        signatures=(),
        in_force=False,
        verdict="busy" if reason == BUSY else "unreadable",
        reasons=(reason,),
    )


def _signed_as_issued(reports: Sequence[SignatureReport], ours: Known) -> bool:
    """A leader's and the authority's own signature; on an annex the authority's alone."""
    annex = ours.stage in ANNEXES
    role = "annex" if annex else "seal"
    sealed = [r.reference for r in reports if r.role == role]
    has_leader = any(report.role == "person" for report in reports)
    return has_leader is not annex and sealed == [authority_reference(ours.authority_id)]


def _reports(roots: Roots, content: bytes, *, annex: bool) -> tuple[SignatureReport, ...]:
    """On the signatures of a file that was made here."""
    from engine.signing import shortcut

    try:
        reports = shortcut.judge(content, roots, annex=annex)
        return tuple(archive.judged(roots, content) if reports is None else reports)
    except Refused:  # not even a PDF: then nobody signed it
        return ()


def _named(session: Session, answer: Answer, likely: Known | None) -> Known | None:
    """The paper that an opened file says it is: by what its readers see, or, where it carries
    the data of a paper at all, by the code that still stands in its bytes."""
    if not _may_be_ours(answer.examined):
        return None
    named = known(session, origins.named(session, answer))
    return named or (likely if answer.carried is not None else None)


def _mostly(
    session: Session, desk: PaperDesk, likely: Known | None, content: bytes, *, closed: bool
) -> Known | None:
    """The version that a damaged file is for the most part, though it cannot be opened
    (``closed``) or what it says of itself is gone: one byte that is changed is enough."""
    original = _original(session, desk, likely, content)
    if original is not None:
        said = closed and origins.says_the_same(content, original)
        if said or origins.alike(content, original):
            return likely
    for digest in origins.nearest(session, len(content)):
        if origins.alike(content, desk.store.get(digest)):
            return known(session, [digest])
    return None


def _original(
    session: Session, desk: PaperDesk, origin: Known | None, content: bytes
) -> bytes | None:
    if origin is None:
        return None
    annex = origin.stage in ANNEXES
    return desk.store.get(origins.likely(session, origin.paper_id, content, annex=annex))


def _may_be_ours(found: Examined) -> bool:
    """Whether a file that bears a code or number of ours may come from us, and not from a
    stranger who signed it: it has a signature of ours, or none that can be read."""
    return not found.signed or any(one.ours for one in found.signed)


def _covers_unknown(session: Session, content: bytes, answer: Answer) -> bool:
    """Whether somebody signed, with a key of ours, bytes that we never had. A signature whose
    form was tampered with, or that covers something else than what stands before it, does not
    tell; nor does a stamp, which is nobody's word that a paper was made."""
    ends = [
        one.end
        for one in answer.examined.signed
        if one.ours
        and one.report.intact
        and one.report.role != "timestamp"
        and _TAMPERED.isdisjoint(one.report.problems)
    ]
    digests = {hashlib.sha256(content[:end]).hexdigest() for end in ends}
    rows = session.scalars(select(PaperVersion.sha256).where(PaperVersion.sha256.in_(digests)))
    return bool(digests - set(rows))
