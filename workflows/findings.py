"""Why the check of a file comes to what it comes to: codes, each with a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from workflows.lawfiles import LAW, table
from workflows.wording import phrase

if TYPE_CHECKING:
    from engine.signing.cage import Answer
    from engine.signing.findings import Remains, SignatureReport, Signed

WORDS = LAW / "words" / "checks.toml"

_TOLD_AS = {
    "altered": "bytes_changed",
    "broken": "broken_signature",
    "changed_after": "changed_after",
    "foreign_evidence": "evidence_changed",
    "foreign_revision": "foreign_revision",
    "odd_coverage": "odd_coverage",
    "respelled": "respelled",
    "unproven": "no_time_proof",
    "wrong_kind": "wrong_kind",
    "expired": "certificate_not_good",
    "not_yet_valid": "certificate_not_good",
    "revoked": "certificate_not_good",
    "wrong_key_usage": "certificate_not_good",
    "uncovered": "",  # follows from the others
    "untrusted": "",  # told by whose it is
}
"""How the fault of a signature is told of the file; any other is ``signature_not_ours``."""

_OF_OURS = ("person:", "unit:")
"""How certificates of this house refer to their holders; see ``workflows.keys``."""


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """For every reason which of the four answers it explains, and its sentences."""
    return table(WORDS)


def told(codes: Iterable[str], language: str) -> list[dict[str, str]]:
    """Reasons as plain values: the code, the answer that it explains, and the sentence."""
    return [
        {"code": code, "answers": words()[code]["answers"], "detail": words()[code][language]}
        for code in codes
    ]


def of_reports(reports: Sequence[SignatureReport]) -> Iterator[str]:
    """What is wrong with the signatures of a file whose bytes are known."""
    for report in reports:
        for problem in report.problems:
            if problem == "untrusted":
                yield "authority_unknown"
            elif code := _TOLD_AS.get(problem, "signature_not_ours"):
                yield code


def of_stranger(answer: Answer, *, from_ours: bool, unknown_revision: bool) -> tuple[str, ...]:
    """Why a file that is none of our versions is not, the plainest reason first.

    ``from_ours`` says that it was compared with a paper of ours, ``unknown_revision`` that a
    good signature of ours covers bytes we never had.
    """
    found = answer.examined
    if found.problem and not answer.differences:
        return (found.problem,)
    codes = [
        *whose(found.signed),
        *(["no_signature"] if not found.signed and not found.spoiled else []),
        *(["broken_signature"] if found.spoiled else []),
        *(["never_issued"] if unknown_revision else []),
        *(["rolled_back"] if _lacks_seal(found.signed) else []),
        *_faults(answer, from_ours=from_ours),
        *answer.differences,
        *([found.problem] if found.problem else []),
    ]
    return tuple(dict.fromkeys(codes))


def of_parts(left: Remains, *, torn: bool, origin: bool) -> Iterator[str]:
    """What is told of the parts of papers in a file; ``origin`` says that it is known which
    paper it was made from, and ``torn`` that it cannot be opened (see ``unstated.parts``)."""
    if left.attached:
        yield "paper_attached"
    elif left.signers and not origin:
        yield "part_of_signed"
    elif left.laid_out and torn and not origin:
        yield "part_of_paper"


def whose(signed: Sequence[Signed]) -> Iterator[str]:
    """Who else signed a file: ``specimen``, ``same_names`` or ``foreign_signature``."""
    for one in signed:
        if one.ours or not one.report.fingerprint:
            continue
        if any(phrase("seal_mark") in mark for mark in one.marks):
            yield "specimen"
        elif one.report.reference.startswith(_OF_OURS):
            yield "same_names"
        else:
            yield "foreign_signature"


def _lacks_seal(signed: Sequence[Signed]) -> bool:
    """A leader's good signature, and no seal at all."""
    leaders = [one for one in signed if one.report.role == "person"]
    sealed = any(one.report.role == "seal" for one in signed)
    return not sealed and any(one.ours and one.report.intact for one in leaders)


def _faults(answer: Answer, *, from_ours: bool) -> Iterator[str]:
    elsewhere = not from_ours or "other_signature" in answer.differences
    for one in answer.examined.signed:
        for problem in one.report.problems:
            if problem == "altered" and one.ours and elsewhere:
                yield "copied_signature"
            elif problem == "uncovered" and one.ours and one.report.intact:
                yield "not_covered"
            elif problem == "respelled" and not from_ours and not one.ours:
                continue  # others spell theirs in their own way
            elif code := _TOLD_AS.get(problem, "signature_not_ours"):
                yield code


def lines(codes: Iterable[str], language: str) -> Mapping[str, list[str]]:
    """The sentences by the answer that they explain."""
    sorted_out: dict[str, list[str]] = {}
    for reason in told(codes, language):
        sorted_out.setdefault(reason["answers"], []).append(reason["detail"])
    return sorted_out
