"""The four answers without a network: from a file, or a scanned code, and the trust bundle.

*Issued*: the statement printed on the paper is by a key that the bundle publishes, and its
number, date, data and signed bytes are those of the file. *Unchanged*: every byte lies under
good signatures, the leader's and then the agency's. *Signatures* are judged as online, against
the bundle's roots. *In force*: as of the day the bundle was made. Of a paper younger than the
bundle this cannot be said, so the answer is no, and why is told; whether it was issued cannot
be said either, as what is handed out to be sealed may never be, and that answer is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine import clock
from engine.errors import Refusal, Refused
from engine.papers import annexes
from engine.papers.contents import Carried
from engine.signing import cage
from engine.statement import form
from engine.statement.form import DIGEST_BYTES, Signed, Statement
from workflows import unstated
from workflows.checked import Checked
from workflows.keys import authority_reference
from workflows.origins import statements, torn
from workflows.trust import Bundle
from workflows.verification import BUSY, LARGEST
from workflows.versions import proof

if TYPE_CHECKING:
    from engine.signing.cage import Answer
    from engine.signing.findings import SignatureReport
    from workflows.verification import Ask

STRIP, NUMBER, DATE = "strip", "number", "date"

_FOREIGN = frozenset({"statement_key_unknown", "statement_key_ended", "statement_key_stolen"})
_LAPSED = frozenset({"stamp_lapsed", "no_time_proof"})
"""Nothing is wrong but that the signatures' time is proven no more; see ``versions.proof``."""

_OF_SIGNATURES = _LAPSED | {"signatures_do_not_hold"}
"""What is wrong with a file's signatures alone, and not with what is said of it."""

_OF_ANOTHER = _LAPSED | {"annex_not_named", "statement_seal_differs"}
"""What is wrong with a good annex beside a paper that it does not belong to."""

_NEVER, _OPEN = "statement_never_issued", "statement_open"
"""The office signed the statement, and the issue that it tells of did not come, or not yet."""

_WRONG_BYTES = frozenset(
    {
        "altered",
        "broken",
        "changed_after",
        "foreign_evidence",
        "foreign_revision",
        "odd_coverage",
        "respelled",
    }
)


def check_code(text: str, bundle: Bundle) -> Checked:
    """What a scanned code says, and whether to believe it. There is no file, so nothing is
    said of one: ``unchanged`` is none and there are no signatures."""
    try:
        signed = form.read(text)
    except Refused as refused:
        return Checked(bundle, False, False, "unreadable", refused.refusals)
    problems = bundle.faults(signed) or bundle.faults_alone(signed)
    issued = not problems
    force = list(_out_of_force(signed, bundle)) if issued else []
    verdict = _verdict([*problems, *force])
    return Checked(bundle, issued, issued and not force, verdict, [*problems, *force], signed)


def check_file(
    content: bytes,
    bundle: Bundle,
    code: str | None = None,
    paper: bytes | None = None,
    *,
    ask: Ask | None = None,
) -> Checked:
    """The four answers about a file. Any bytes at all are answered; ``ask`` opens them, once,
    in a process of its own, unless the caller knows better.

    ``code`` is the text of a code scanned from a print, if there is one: it must be the file's
    own. An annex in a file of its own carries no statement. Its paper does, and names the
    annex's first bytes: with the ``paper`` beside it everything can be answered, without it
    only whether the annex is whole and its signature holds.
    """
    ask = ask or cage.ask
    if any(len(one) > LARGEST for one in (content, paper) if one is not None):
        return too_large(bundle)
    found = ask(content, bundle.roots, inside=True)
    if not _is_annex(found):
        told = _of_paper(content, found, bundle, code)
        if paper is None or told.verdict not in ("unknown", "unreadable"):
            return told
        return _left_of_annex(content, told, ask(paper, bundle.roots, inside=True))
    if paper is None:
        return _annex_alone(found, bundle)
    beside = ask(paper, bundle.roots, inside=True)
    return _annex_beside(content, found, bundle, beside, _of_paper(paper, beside, bundle))


def _is_annex(found: Answer) -> bool:
    roles = [report.role for report in found.examined.reports]
    return roles[:1] == ["annex"] and not set(roles[1:]) - {"timestamp"}


def _of_paper(content: bytes, found: Answer, bundle: Bundle, code: str | None = None) -> Checked:
    if problem := found.examined.problem:
        why = "file_too_complex" if problem == "too_complex" else "unreadable_pdf"
        return _damaged(content, found, bundle, why) if problem != BUSY else _unread(bundle, why)
    reports, whole = found.examined.reports, _whole(found)
    try:
        carried = _inside(found)
        printed = code or carried.fields.get(STRIP, "")
        if not printed:
            raise Refused(Refusal("no_statement"))
        signed = form.read(printed)
    except Refused as refused:
        told = unstated.judged(content, found, bundle, refused)
        return Checked(
            bundle, False, False, told.verdict, told.problems, told.signed, whole, reports
        )
    return _compared(bundle, signed, carried, reports, whole=whole)


def too_large(bundle: Bundle) -> Checked:
    """The answers about a file that is larger than any paper and was not opened."""
    return _unread(bundle, "file_too_large")


def _damaged(content: bytes, found: Answer, bundle: Bundle, why: str) -> Checked:
    """The answers about a file that cannot be opened: altered, if it speaks of a paper, or
    parts of one are left in it."""
    signed = bundle.believed(statements(content))
    left = [] if signed else unstated.parts(found.left, torn=True)
    if not signed and not left:
        return _unread(bundle, why)
    return Checked(bundle, False, False, "altered", [Refusal(why), *left], signed, False)


def _unread(bundle: Bundle, why: str) -> Checked:
    return Checked(bundle, False, False, "unreadable", [Refusal(why)])


def _inside(found: Answer) -> Carried:
    if found.carried is None:
        raise Refused(Refusal(found.without))
    return found.carried


def _compared(
    bundle: Bundle,
    signed: Signed,
    carried: Carried,
    reports: Sequence[SignatureReport],
    *,
    whole: bool,
) -> Checked:
    """The answers about a file that has a statement: is it the one spoken of, and in force?

    A file that is not whole is altered, whatever else is wrong: also when a changed byte made
    its statement name another key."""
    problems = [*bundle.faults(signed), *_differences(signed.statement, carried, reports)]
    problems += _unproven(reports, whole=whole and _by_both(reports))
    issued = whole and all(one.code in _OF_SIGNATURES for one in problems)
    force = list(_out_of_force(signed, bundle)) if issued else []
    found = [*problems, *force]
    return Checked(
        bundle,
        issued,
        issued and not force,
        _verdict(found) if whole else "altered",
        found,
        signed,
        whole,
        tuple(reports),
    )


def _annex_alone(found: Answer, bundle: Bundle) -> Checked:
    reports, whole = found.examined.reports, _whole(found)
    needed = [Refusal("annex_needs_paper")]
    why = [one.code for one in _unproven(reports, whole=whole)]
    verdict = "annex"
    if why and _LAPSED.issuperset(why):
        verdict = "lapsed"
    elif why:
        verdict = unstated.by_signatures(found.examined.signed)
    left = unstated.parts(found.left, torn=torn(found.examined)) if verdict == "unknown" else []
    if left:
        return Checked(bundle, False, False, "altered", left, None, whole, reports)
    return Checked(bundle, False, False, verdict, needed, None, whole, reports)


def _left_of_annex(content: bytes, told: Checked, paper: Answer) -> Checked:
    """The answers about what begins like the annex of the paper beside it, and goes on."""
    torn = paper.carried and annexes.belongs(content[:-1], paper.carried.enclosed)
    return replace(told, verdict="altered", unchanged=False) if torn else told


def _annex_beside(
    content: bytes, found: Answer, bundle: Bundle, paper: Answer, told: Checked
) -> Checked:
    reports, whole = found.examined.reports, _whole(found)
    strange = list(_strange(content, paper, reports, told, whole=whole))
    problems = [*told.problems, *strange]
    issued = told.issued and all(one.code in _LAPSED for one in strange)
    force = issued and told.in_force
    verdict = _verdict(problems) if issued or not strange else "altered"
    another = _other_file(found, paper) if whole and told.issued else ""
    if another and {one.code for one in strange} <= _OF_ANOTHER:
        why = [Refusal("annex_of_other_paper", {"file": another})]
        return Checked(bundle, False, False, "other_annex", why, None, whole, reports)
    return Checked(bundle, issued, force, verdict, problems, told.signed, whole, reports)


def _other_file(annex: Answer, paper: Answer) -> str:
    """The name of its file as an annex has it in its own data, if the paper names another one:
    the paper's code stands in it. Where the annex is whole, the agency signed that."""
    own = annex.carried.values.get(annexes.VALUE) if annex.carried else None
    named = paper.carried.enclosed if paper.carried else ()
    file = str(own.get("file", "")) if isinstance(own, dict) else ""
    return "" if file in [str(one.get("file")) for one in named] else file


def _strange(
    content: bytes,
    paper: Answer,
    reports: Sequence[SignatureReport],
    told: Checked,
    *,
    whole: bool,
) -> Iterator[Refusal]:
    """Why an annex is not that of a paper, or not as the agency signed it."""
    if not annexes.belongs(content, paper.carried.enclosed if paper.carried else ()):
        yield Refusal("annex_not_named")
    yield from _unproven(reports, whole=whole)
    authority = told.signed.statement.authority if told.signed else 0
    if reports[0].reference != authority_reference(authority):
        yield Refusal("statement_seal_differs")


def _whole(of: Answer) -> bool:
    """Every byte lies under some good signature, and none was touched since. After the newest
    stamp may come evidence that no signature covers yet: then no report says ``uncovered``."""
    reports = of.examined.reports
    found = {problem for report in reports for problem in report.problems}
    whole = any(report.covers == "whole_file" for report in reports)
    covered = whole or (bool(reports) and "uncovered" not in found)
    good = covered and all(r.intact for r in reports) and not found & _WRONG_BYTES
    return good and not of.examined.spoiled


def _by_both(reports: Sequence[SignatureReport]) -> bool:
    return {"person", "seal"} <= {report.role for report in reports}


def _unproven(reports: Sequence[SignatureReport], *, whole: bool) -> Iterator[Refusal]:
    """Why the signatures of a file are not good, or are not proven to have been."""
    held = proof(reports) if whole else "faulty"
    if held != "holds":
        yield Refusal("signatures_do_not_hold" if held == "faulty" else held)


def _differences(
    statement: Statement, carried: Carried, reports: Sequence[SignatureReport]
) -> Iterator[Refusal]:
    """Where a file is not the one that the statement is about."""
    number, day = carried.fields.get(NUMBER, ""), carried.fields.get(DATE, "")
    if number != statement.number:
        places = {"printed": statement.number, "number": number}
        yield Refusal("statement_number_differs", places)
    issued = statement.day
    if [int(part) for part in re.findall(r"\d+", day)] != [issued.day, issued.month, issued.year]:
        yield Refusal("statement_date_differs", {"day": issued.isoformat()})
    if bytes.fromhex(carried.digest)[:DIGEST_BYTES] != statement.data:
        yield Refusal("statement_data_differs")
    leaders = [report.digest for report in reports if report.role == "person"]
    if [bytes.fromhex(one)[:DIGEST_BYTES] for one in leaders] != [statement.signed]:
        yield Refusal("statement_signed_differs")
    seals = {report.reference for report in reports if report.role == "seal"}
    if seals - {authority_reference(statement.authority)}:
        yield Refusal("statement_seal_differs")


def _out_of_force(signed: Signed, bundle: Bundle) -> Iterator[Refusal]:
    """Why a paper is not in force, or why that cannot be said."""
    if (ended := bundle.ended(signed.code)) is not None:
        yield Refusal("paper_ended", {"fate": str(ended["state"])})
    elif _revoked_since(bundle.changes(signed.code)):
        yield Refusal("paper_ended", {"fate": "revoked"})
    elif signed.statement.issued >= bundle.made_at:  # both in whole seconds
        yield Refusal("bundle_older", {"day": bundle.day})


def _revoked_since(changes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a revocation that the bundle foretold has its effect today."""
    days = [str(one["effect_on"] or one["issued_on"]) for one in _revocations(changes)]
    return any(day <= clock.today().isoformat() for day in days)


def _revocations(changes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in changes if one["act"] == "revocation"]


def _verdict(problems: Sequence[Refusal]) -> str:
    """One word for all: the gravest problem decides."""
    codes = {one.code for one in problems}
    if codes & _FOREIGN:
        return "unknown_key"
    if codes <= {"bundle_older"}:
        return "newer_than_bundle" if codes else "genuine"
    if codes <= _LAPSED | {"bundle_older"}:
        return "lapsed"
    if codes - _LAPSED in ({_NEVER}, {_OPEN}):
        return "never_issued" if _NEVER in codes else "cannot_be_said"
    return "not_in_force" if codes <= {"paper_ended"} else "altered"
