"""Whether the signatures of a file are valid, and if not, why: codes, for every one.

Strict on purpose. It judges the papers of this house, not any signed PDF: the leader's
signature certifies and lets nothing be filled but the other fields, the seal locks, and a
valid signature or time stamp covers the file to its last byte. What ordinary readers wave
through (a note, a new page, a later revision) is a problem here; nothing may follow the seal
but time stamps and the evidence for them (see ``levels``). Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from cryptography.x509 import Certificate
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus

from engine import clock
from engine.signing import embedded, levels, stamps, trust
from engine.signing.certificates import Identity, Kind, Roots
from engine.signing.closing import follows_plainly
from engine.signing.coverage import Covered, covered_by
from engine.signing.findings import Covers, Role, SignatureReport
from engine.signing.finished import finished
from engine.signing.levels import DOCUMENT_STAMP, LASTING, NO_STAMPS, Chain, Stamp
from engine.signing.pdf import AGENCY, DATE, NUMBER, SEAL, SIGNATURE

_ROLES: dict[str, Role] = {SIGNATURE: "person", SEAL: "seal", AGENCY: "annex"}
_KINDS: dict[Role, Kind] = {"person": "person", "seal": "agency", "annex": "agency"}
_REVISIONS: dict[Role, int] = {"person": 1, "seal": 2, "annex": 1}  # the first bytes are revision 0
_FILLED_LATER = frozenset({NUMBER, DATE, SEAL, "strip"})
_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
_CLOSING = frozenset({"seal", "annex"})
_PERMITTED = {"person": ModificationLevel.FORM_FILLING} | dict.fromkeys(
    _CLOSING, ModificationLevel.LTA_UPDATES
)


_NOTHING = SignatureReport(
    role="unknown",
    field="",
    name="",
    title="",
    organisation="",
    reference="",
    fingerprint="",
    time=None,
    level="",
    valid=False,
    intact=False,
    covers="unclear",
    digest="",
    modification="other",
    problems=("broken",),
)


def validate(
    pdf: bytes,
    roots: Roots,
    at: datetime | None = None,
) -> list[SignatureReport]:
    """A report for each signature and time stamp, oldest first; none for an unsigned file.

    ``at`` is the instant at which certificates are judged. Where a time stamp that leads to
    ``roots.time`` is valid then (by default now), it tells the instant for what is before it;
    without one that is by default each signature's own claimed time, which is believed as long
    as its certificate is good today: of one that ended since, nothing but a stamp from before
    can prove that it did not sign later (``unproven``).
    Raises ``Refused`` with ``unreadable_pdf``.
    """
    return judged(pdf, embedded.signatures(pdf), roots, at)


def judged(
    pdf: bytes,
    found: Sequence[EmbeddedPdfSignature],
    roots: Roots,
    at: datetime | None = None,
) -> list[SignatureReport]:
    """The same for a file whose signatures were read already."""
    chain = _chain(found, roots.time, at)
    reports = [_report(pdf, signature, roots, at, chain) for signature in found]
    return [_with(report, _among(report, reports, chain)) for report in reports]


def _chain(
    found: Sequence[EmbeddedPdfSignature], roots: Sequence[Certificate], at: datetime | None
) -> Chain:
    try:
        return levels.judge(found, roots, at)
    except Exception:
        return NO_STAMPS  # then each of its stamps is told as broken


def _report(
    pdf: bytes,
    signature: EmbeddedPdfSignature,
    roots: Roots,
    at: datetime | None,
    chain: Chain,
) -> SignatureReport:
    """A report, also on what makes no sense at all; see ``embedded.signatures``."""
    try:
        if signature.sig_object_type == DOCUMENT_STAMP:
            name = signature.field_name
            return stamp_report(name, chain.stamps[name], embedded.holder(signature))
        return _judged(pdf, signature, roots, at, chain)
    except Exception:
        return replace(_NOTHING, field=signature.field_name, role=_role(signature))


def stamp_report(field: str, stamp: Stamp, authority: Identity) -> SignatureReport:
    """The report on a time stamp; what may follow it the seal's own judgement says."""
    return SignatureReport(
        role="timestamp",
        field=field,
        name=authority.name,
        title="",
        organisation=authority.organisation,
        reference="",
        fingerprint=authority.fingerprint,
        time=stamp.token.time if stamp.token else None,
        level="",
        valid=stamp.valid,
        intact=stamp.intact,
        covers=_covers(stamp.covered),
        digest=stamp.covered.digest,
        modification="none" if stamp.covered.whole else "lta_updates",
        problems=stamp.problems,
    )


def _judged(
    pdf: bytes, signature: EmbeddedPdfSignature, roots: Roots, at: datetime | None, chain: Chain
) -> SignatureReport:
    ranges = [int(number) for number in signature.byte_range]
    covered = covered_by(pdf, signature.field_name, ranges, signature.pkcs7_content)
    time = signature.self_reported_timestamp
    # As of when it says it was made: a later stamp does not change whose the key was then.
    role, credential = _role(signature), embedded.credential(signature)
    holder = roots.holder(credential.certificate, time or chain.proven or at or clock.now())
    ends = roots.of(_KINDS.get(role, "other"))
    known = chain.proven or (None if at else clock.now())
    unproven = bool(time and known and trust.ended_before(credential, ends, time, known))
    moment = (None if unproven else chain.proven or at) or time or clock.now()
    status = _status(signature, role, ends, moment)
    level, revoked = chain.standing(credential, ends)
    problems = [
        *_problems_of_form(signature, role, covered),
        *_problems_of_content(pdf, signature, status, role),
        *_problems_of_holder(holder, role),
        *_problems_of_trust(signature, status, ends, moment),
        *(["unproven"] if unproven else []),
        *revoked,
        *_problems_of_time(time, chain),
        *(["foreign_evidence"] if chain.foreign and role in _CLOSING else []),
    ]
    report = SignatureReport(
        role=role,
        field=signature.field_name,
        name=holder.name,
        title=holder.title,
        organisation=holder.organisation,
        reference=holder.reference,
        fingerprint=holder.fingerprint,
        time=time,
        level=level if embedded.is_baseline(signature) else "",
        valid=True,
        intact=status.intact and status.valid,
        covers=_covers(covered),
        digest=covered.digest,
        modification=_modification(status).name.lower(),
        problems=(),
    )
    return _with(report, problems)


def _with(report: SignatureReport, problems: Sequence[str] | Iterator[str]) -> SignatureReport:
    """The report with further problems, each once."""
    found = tuple(dict.fromkeys((*report.problems, *problems)))
    return replace(report, problems=found, valid=not found)


def _among(
    report: SignatureReport, reports: Sequence[SignatureReport], chain: Chain
) -> Iterator[str]:
    """What is wrong with a signature because of the others, or of their absence."""
    whole = any(_stood(other) and other.covers == "whole_file" for other in reports)
    if not whole and not chain.closed:
        yield "uncovered"
    if report.role == "timestamp" and not any(other.role in _CLOSING for other in reports):
        yield "without_seal"
    if report.role == "annex" and any(other.role in ("person", "seal") for other in reports):
        yield "not_alone"
    before = reports[: reports.index(report)]
    if report.role == "seal" and not any(other.role == "person" for other in before):
        yield "without_person"


def _stood(report: SignatureReport) -> bool:
    """Whether a signature or stamp is valid, or was until its certificate ended."""
    return set(report.problems) <= {"expired" if report.role == "timestamp" else "unproven"}


def _role(signature: EmbeddedPdfSignature) -> Role:
    if signature.sig_object_type == DOCUMENT_STAMP:
        return "timestamp"
    return _ROLES.get(signature.field_name, "unknown")


def _status(
    signature: EmbeddedPdfSignature, role: Role, roots: Sequence[Certificate], moment: datetime
) -> PdfSignatureStatus:
    """pyHanko's judgement, which ours only tightens and puts into codes."""
    judged = async_validate_pdf_signature(
        signature,
        trust.context(roots, moment),
        key_usage_settings=KeyUsageConstraints(key_usage=set(trust.PURPOSE)),
        diff_policy=LASTING if role in _CLOSING else None,
    )
    return finished(judged)


def _problems_of_form(
    signature: EmbeddedPdfSignature, role: Role, covered: Covered
) -> Iterator[str]:
    """What the signature itself must be, before any cryptography."""
    if role == "unknown":
        yield "unknown_field"
    if not embedded.is_baseline(signature):
        yield "not_pades"
    if signature.md_algorithm not in _DIGESTS:
        yield "weak_algorithm"
    if signature.self_reported_timestamp is None:
        yield "no_time"
    if not covered.exact:
        yield "odd_coverage"
    if not embedded.is_canonical(signature):
        yield "respelled"
    if signature.signed_revision != _REVISIONS.get(role, signature.signed_revision):
        yield "foreign_revision"


def _problems_of_holder(holder: Identity, role: Role) -> Iterator[str]:
    if role in _KINDS and holder.kind != _KINDS[role]:
        yield "wrong_kind"


def _problems_of_content(
    pdf: bytes, signature: EmbeddedPdfSignature, status: PdfSignatureStatus, role: Role
) -> Iterator[str]:
    """What was signed, what was allowed afterwards, and what happened."""
    if not (status.intact and status.valid):
        yield "altered"
    if role == "person" and not embedded.certifies(signature):
        yield "not_certified"
    if role in _CLOSING and not embedded.locks(signature):
        yield "not_locked"
    changed = status.diff_result
    level, allowed = _modification(status), _PERMITTED.get(role, ModificationLevel.NONE)
    fields = changed.changed_form_fields if isinstance(changed, DiffResult) else set()
    plain = role not in _CLOSING or follows_plainly(signature, pdf)
    if level > allowed or not fields <= _FILLED_LATER or not status.docmdp_ok or not plain:
        yield "changed_after"


def _problems_of_trust(
    signature: EmbeddedPdfSignature,
    status: PdfSignatureStatus,
    roots: Sequence[Certificate],
    moment: datetime,
) -> Iterator[str]:
    """Why pyHanko does not trust the certificate, in our own codes."""
    if status.trusted or not (status.intact and status.valid):
        return  # of an altered file it asks no chain
    named = trust.chain_problems(embedded.credential(signature), roots, moment)
    yield from tuple(named) or ("untrusted",)


def _problems_of_time(claimed: datetime | None, chain: Chain) -> Iterator[str]:
    """A signature cannot be younger than the stamp that proves it."""
    if claimed and chain.proven and claimed > chain.proven + stamps.SKEW:
        yield "claims_later"


def _modification(status: PdfSignatureStatus) -> ModificationLevel:
    changed = status.diff_result
    if isinstance(changed, DiffResult):
        return changed.modification_level
    return ModificationLevel.OTHER


def _covers(covered: Covered) -> Covers:
    if not covered.exact:
        return "unclear"
    return "whole_file" if covered.whole else "revision"
