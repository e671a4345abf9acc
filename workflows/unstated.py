"""What can be said without a network of a file from which no statement can be read.

Whoever took the statement out, or shows something else in front of it, left other traces: what
still stands in the bytes, whose signatures there are, that there are none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import Refusal, Refused
from engine.statement.form import DIGEST_BYTES, Signed
from workflows import findings
from workflows.origins import sayings, statements
from workflows.trust import Bundle

if TYPE_CHECKING:
    from engine.signing.cage import Answer
    from engine.signing.findings import Remains
    from engine.signing.findings import Signed as SignedBy

_RANGE = re.compile(rb"/ByteRange\s*\[\s*0 (\d{1,9}) (\d{1,9}) (\d{1,9})\s*\]")
_MOST_RANGES = 16

_TOLD_AS = {
    "specimen": Refusal("specimen_signature"),
    "same_names": Refusal("same_names_signature"),
    "foreign_signature": Refusal("foreign_signature"),
}


class Unstated(NamedTuple):
    """The verdict, why, and the statement in the bytes if the file is blamed for it."""

    verdict: str
    problems: Sequence[Refusal]
    signed: Signed | None = None


def judged(content: bytes, found: Answer, bundle: Bundle, refused: Refused) -> Unstated:
    """What a file is that has no statement to be compared with; ``refused`` says why not."""
    examined = found.examined
    verdict = by_signatures(examined.signed)
    if verdict != "unknown":
        return Unstated(verdict, refused.refusals)
    remains_of = bundle.believed(sayings(content, found))
    spoken_of = remains_of or bundle.believed(statements(content))
    unsigned = not examined.reports and not examined.spoiled
    if unsigned and spoken_of and _holds(content, spoken_of):
        return Unstated("altered", [Refusal("another_shown")], spoken_of)
    torn = examined.spoiled or (unsigned and found.left.revised)
    if not remains_of and (left := parts(found.left, torn=torn)):
        return Unstated("altered", left)
    strangers = dict.fromkeys(findings.whose(examined.signed))
    if strangers and not remains_of:
        return Unstated(verdict, [_TOLD_AS[one] for one in strangers])
    why = (_unsigned(spoken_of),) if unsigned else refused.refusals
    return Unstated("altered" if remains_of else verdict, why, remains_of)


def parts(left: Remains, *, torn: bool) -> list[Refusal]:
    """What is told of the parts of papers that stand in a file; nothing if there are none. To
    be laid out like a paper says something of a torn file alone: else it is a draft."""
    if left.attached:
        return [Refusal("paper_attached")]
    if left.signers:
        return [Refusal("left_of_signed", {"who": "; ".join(left.signers)})]
    return [Refusal("left_of_paper")] if torn and left.laid_out else []


def _unsigned(spoken_of: Signed | None) -> Refusal:
    if spoken_of is None:
        return Refusal("nobody_signed")
    said = spoken_of.statement
    return Refusal("print_of_paper", {"number": said.number, "day": f"{said.day:%d/%m/%Y}"})


def by_signatures(signed: Sequence[SignedBy]) -> str:
    """Signed by a leader of ours and not issued; something else that is signed; or nothing,
    as far as we are concerned: what others signed is theirs."""
    ours = [one.report for one in signed if one.ours]
    if [one.report.role for one in signed] == ["person"] and ours and ours[0].valid:
        return "not_issued"
    held = any(r.fingerprint and "untrusted" not in r.problems for r in ours)
    return "altered" if held else "unknown"


def _holds(content: bytes, signed: Signed) -> bool:
    """Whether the very bytes that the leader signed stand in a file which shows something
    else: a print holds none of them."""
    for found in islice(_RANGE.finditer(content), _MOST_RANGES):
        first, second, rest = map(int, found.groups())
        whole = content[:first] + content[second : second + rest]
        if hashlib.sha256(whole).digest()[:DIGEST_BYTES] == signed.statement.signed:
            return True
    return False
