"""What the time stamps of a file prove, and which level that gives its signatures.

Judged backwards (ETSI EN 319 102-1, 5.6): the newest stamp by the clock of today, every
earlier one at the time that the next one proves, and the signatures at the time of the oldest.
So a certificate may end, as long as the next stamp came before that.

The levels are those of ETSI EN 319 142-1, 6: B-B a signature; B-T also a trusted time at which
it existed (here a document time-stamp over the whole file); B-LT also the certificates and the
revocation data of every signature and of its time in the file; B-LTA also a later time stamp
over those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Literal, TypeVar

from cryptography.x509 import Certificate
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DiffResult,
    DSSCompareRule,
    FormUpdatingRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    XrefStreamRule,
)
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_timestamp,
)

from engine import clock
from engine.signing import embedded, stamps, tokens, trust
from engine.signing import evidence as store
from engine.signing.bearing import bears
from engine.signing.closing import follows_plainly
from engine.signing.coverage import Covered, covered_by
from engine.signing.evidence import Evidence
from engine.signing.finished import finished
from engine.signing.signer import Credential
from engine.signing.tokens import Token

Level = Literal["", "B-B", "B-T", "B-LT", "B-LTA"]
LEVELS: tuple[Level, ...] = ("B-B", "B-T", "B-LT", "B-LTA")

DOCUMENT_STAMP = "/DocTimeStamp"
DIGESTS = frozenset({"sha256", "sha384", "sha512"})
_LTA = ModificationLevel.LTA_UPDATES


def _policy(*keys: str, stamps: bool) -> StandardDiffPolicy:
    """Lets evidence be added, and time stamps if wanted; no title, no object nobody uses."""
    rules = [XrefStreamRule(), ObjectStreamRule(), DSSCompareRule()]
    fields = [
        SigFieldCreationRule(),
        SigFieldModificationRule(allow_in_place_appearance_stream_changes=False),
    ]
    return StandardDiffPolicy(
        global_rules=[
            CatalogModificationRule(ignored_keys=frozenset(keys)),
            *(rule.as_qualified(_LTA) for rule in rules),
        ],
        form_rule=FormUpdatingRule(field_rules=fields) if stamps else None,
        ignore_orphaned_objects=False,
    )


LASTING = _policy("/DSS", "/AcroForm", stamps=True)
"""What may follow a seal: evidence and time stamps, and nothing else."""

_EVIDENCE = _policy("/DSS", stamps=False)


@dataclass(frozen=True, slots=True)
class Stamp:
    """One time stamp of a file, judged. ``problems`` is empty when it proves its time."""

    covered: Covered
    token: Token | None
    intact: bool
    problems: tuple[str, ...]

    @property
    def valid(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Chain:
    """What the stamps of a file prove together, by the names of their fields.

    ``proven`` is the time of the oldest valid stamp: the signatures existed by then.
    ``evidence`` is what the file holds to judge them with; ``kept`` that part of it which a
    valid stamp covers. ``reach`` is the level that the stamps themselves allow. ``closed``:
    nothing but evidence follows the newest valid stamp, or where none is valid any more the newest
    that was until its certificate ended. ``foreign``: some of the evidence is
    about nothing in the file, or was taken away again.
    """

    stamps: Mapping[str, Stamp] = field(default_factory=dict)
    proven: datetime | None = None
    evidence: Evidence = store.NONE
    kept: Evidence = store.NONE
    reach: Level = "B-B"
    closed: bool = False
    foreign: bool = False

    def standing(
        self, credential: Credential, roots: Sequence[Certificate]
    ) -> tuple[Level, tuple[str, ...]]:
        """The level of a signature by this credential, and why it was no good then: what
        the evidence tells of its certificates at the time that is proven."""
        if self.proven is None:
            return "B-B", ()
        told = _told(credential, roots, self.proven, self.evidence)
        if told in trust.REVOKED:
            return "B-T", (told,)
        if told or self.reach == "B-T":
            return "B-T", ()
        if self.reach == "B-LTA" and self.kept != self.evidence:
            told = _told(credential, roots, self.proven, self.kept)
        return ("B-LT" if told else self.reach), ()


NO_STAMPS = Chain()

Authority = Callable[[Credential], Iterator[str]]
"""Why the authority of a stamp is not believed."""

One = TypeVar("One")


def judge(
    signatures: Sequence[EmbeddedPdfSignature],
    roots: Sequence[Certificate],
    at: datetime | None = None,
) -> Chain:
    """Judges the time stamps among the signatures of a file, as of ``at`` or now. ``roots``
    are those of time authorities. Raises anything for a file that makes no sense."""
    found = [one for one in signatures if one.sig_object_type == DOCUMENT_STAMP]
    if not found:
        return NO_STAMPS
    reader = found[0].reader
    evidence = store.read(reader)
    judged = backwards(found, partial(_stamp, roots=roots), roots, evidence, at)
    named = {one.field_name: stamp for one, stamp in judged}
    is_valid = any(stamp.valid for stamp in named.values())
    faults = () if is_valid else ("expired",)
    newest = next((one for one, stamp in judged if stamp.problems == faults), None)
    if newest is None:
        return Chain(named, evidence=evidence)
    kept = store.read(reader, newest.signed_revision)
    foreign = _is_foreign(signatures, named, evidence, kept)
    chain = weighed(named, roots, evidence, kept) if is_valid else Chain(named, evidence=evidence)
    return replace(chain, closed=_closed(newest), foreign=foreign)


def backwards(
    found: Sequence[One],
    stamp_of: Callable[[One, datetime, Authority], Stamp],
    roots: Sequence[Certificate],
    evidence: Evidence,
    at: datetime | None,
) -> list[tuple[One, Stamp]]:
    """Each of some stamps, given oldest first, with its judgement, newest first: each by an
    instant at which it is known to have existed, and by what is believed of its authority."""
    moment = at or clock.now()
    asked = at or _next_hour(moment)
    judged: list[tuple[One, Stamp]] = []
    for one in reversed(found):
        authority = partial(_authority, roots=roots, at=moment, asked=asked, evidence=evidence)
        stamp = stamp_of(one, moment, authority)
        judged.append((one, stamp))
        if stamp.valid and stamp.token is not None:
            asked = moment = stamp.token.time
    return judged


def weighed(
    named: Mapping[str, Stamp],
    roots: Sequence[Certificate],
    evidence: Evidence,
    kept: Evidence,
) -> Chain:
    """What judged stamps, the newest first and one of them valid, prove together; the rest of
    the chain is for the caller to say."""
    valid = [stamp for stamp in named.values() if stamp.valid]
    oldest = valid[-1].token
    pairs = [(earlier, later) for later, earlier in pairwise(valid)]
    reach = _reach(valid[0], pairs, roots, evidence, kept)
    return Chain(named, oldest.time if oldest else None, evidence, kept, reach)


def _is_foreign(
    signatures: Sequence[EmbeddedPdfSignature],
    judged: Mapping[str, Stamp],
    evidence: Evidence,
    kept: Evidence,
) -> bool:
    tokens = (stamp.token for stamp in judged.values())
    used = [token.credential for token in tokens if token is not None]
    used += [embedded.credential(one) for one in signatures if one.field_name not in judged]
    signers = {one for own in used for one in (own.certificate, *own.chain)}
    return evidence | kept != evidence or not bears(signatures[0].reader, evidence, signers)


def _reach(
    newest: Stamp,
    earlier: Sequence[tuple[Stamp, Stamp]],
    roots: Sequence[Certificate],
    evidence: Evidence,
    kept: Evidence,
) -> Level:
    """B-LTA if what the newest stamp covers tells of every earlier one; B-LT if the file
    tells of the newest too; else B-T."""

    def told(held: Evidence) -> bool:
        return all(_stood(one, later.token, roots, held) for one, later in earlier)

    if kept and told(kept):
        return "B-LTA"
    return "B-LT" if told(evidence) and _stood(newest, newest.token, roots, evidence) else "B-T"


def _stood(stamp: Stamp, by: Token | None, roots: Sequence[Certificate], held: Evidence) -> bool:
    if stamp.token is None or by is None:
        return False
    own = stamp.token.credential
    told = _told(own, roots, by.time, held)
    # When the next stamp came its authority may have been gone for long. What was last said of
    # it then tells that it was good when it stamped, and for as long as somebody answered.
    if told == trust.UNKNOWN:
        told = _told(own, roots, stamp.token.time, held)
    return told == ""


def _told(
    credential: Credential, roots: Sequence[Certificate], at: datetime, held: Evidence
) -> str:
    return trust.revocation(credential, roots, at, held) if held else trust.UNKNOWN


def _stamp(
    signature: EmbeddedPdfSignature,
    moment: datetime,
    authority: Authority,
    roots: Sequence[Certificate],
) -> Stamp:
    """A stamp judged at an instant at which it is known to have existed."""
    ranges = [int(number) for number in signature.byte_range]
    covered = covered_by(_bytes(signature), signature.field_name, ranges, signature.pkcs7_content)
    try:
        token = tokens.parse(signature.pkcs7_content)
        intact, trusted = _held(signature, roots, moment)
    except Exception:
        # Whatever a stranger's token is made of, it is no stamp.
        return Stamp(covered, None, False, ("broken",))
    problems = [*_faults_of_form(signature, covered, token, moment)]
    problems += [] if intact else ["altered"]
    faults = [*authority(token.credential)]
    problems += faults or ([] if trusted or not intact else ["untrusted"])
    return Stamp(covered, token, intact, tuple(dict.fromkeys(problems)))


def _authority(
    credential: Credential,
    roots: Sequence[Certificate],
    at: datetime,
    asked: datetime,
    evidence: Evidence,
) -> Iterator[str]:
    """Why the authority of a stamp is not believed; whether evidence tells that it was revoked
    is asked as of ``asked``."""
    found = [*trust.time_problems(credential, roots, at)]
    yield from found or trust.revoked(credential, roots, asked, evidence, strict=False)


def _next_hour(moment: datetime) -> datetime:
    """The clock by which it is asked whether the newest stamp's authority was revoked. Evidence
    tells of revocations that were; it says the same of an hour to come, and need be read but
    once an hour, for however many papers."""
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _held(
    signature: EmbeddedPdfSignature, roots: Sequence[Certificate], moment: datetime
) -> tuple[bool, bool]:
    """Whether a stamp's own signature holds, and whether pyHanko trusts it."""
    asked = trust.context(roots, moment)
    status = finished(async_validate_pdf_timestamp(signature, asked, skip_diff=True))
    return bool(status.intact and status.valid), bool(status.trusted)


def _faults_of_form(
    signature: EmbeddedPdfSignature, covered: Covered, token: Token, moment: datetime
) -> Iterator[str]:
    if not signature.field_name.startswith(stamps.PREFIX):
        yield "unknown_field"
    if not covered.exact:
        yield "odd_coverage"
    if not tokens.is_tidy(signature.pkcs7_content):
        yield "respelled"
    if not {token.algorithm, signature.md_algorithm, token.signature.partition("/")[0]} <= DIGESTS:
        yield "weak_algorithm"
    if is_odd(token, moment):
        yield "stamp_time_odd"


def is_odd(token: Token, moment: datetime) -> bool:
    """Whether a token tells a time at which it cannot have been made."""
    own = token.credential.certificate
    until = min(own.not_valid_after_utc, moment + stamps.SKEW)
    return not own.not_valid_before_utc <= token.time <= until


def _bytes(signature: EmbeddedPdfSignature) -> bytes:
    stream = signature.reader.stream
    stream.seek(0)
    return bytes(stream.read())


def _closed(newest: EmbeddedPdfSignature) -> bool:
    """Whether evidence and nothing else was added after a stamp, in one revision that ends the
    file. (No stamp covers those bytes yet; what they are is for the log to say.)"""
    reader = newest.reader
    if reader.xrefs.total_revisions != newest.signed_revision + 2:
        return False
    if store.read(reader) == store.read(reader, newest.signed_revision):
        return False
    reviewed = _EVIDENCE.review_file(reader, newest.signed_revision)
    return isinstance(reviewed, DiffResult) and follows_plainly(newest, _bytes(newest))
