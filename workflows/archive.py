"""What happens to a paper after its issue, so that it can still be proved in twenty years.

The worker takes it up the levels, one task a step, each step a further version of the same
paper, logged like the issue: a time stamp (B-T), the evidence about every certificate (B-LT),
a time stamp over that (B-LTA). Nothing here holds up an issue; what fails is tried again, and
the paper says which level it has. Before the newest stamp's certificate ends, it is renewed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.db import after_commit, end_reading, writing
from engine.errors import Away, Refusal, Refused
from engine.papers.book import (
    ANNEX_PUBLIC,
    LEVELS,
    PUBLIC,
    Paper,
    PaperStamp,
    PaperVersion,
)
from workflows import foresight, logbook

if TYPE_CHECKING:
    from engine.signing.certificates import Kind, Roots
    from engine.signing.evidence import Evidence
    from engine.signing.findings import SignatureReport
    from engine.signing.tokens import Token
    from workflows.papers import PaperDesk

Kept = Mapping[str, "Evidence"]
"""What was kept about time authorities, by the fingerprint of their certificates."""

TASK = "stamp"
FILES = {"paper": PUBLIC, "annex": ANNEX_PUBLIC}
"""The stages through which either file of a paper goes, by the names of the parts."""

_KINDS: dict[str, Kind] = {"signature": "person", "seal": "agency", "agency": "agency"}
"""Whose signature is in which field."""

LAST_CHANCE = timedelta(days=90)
"""So long before a stamp ends evidence about it is no longer waited for: it is stamped over
without, at a lower level, because a stamp that ended can never be proved again."""

TRIES = 2
"""A token longer than the room kept for it is asked for again, with that much room."""


def newest(session: Session, paper_id: int, part: str = "paper") -> PaperVersion | None:
    """The newest version of a paper, or of its annex, that left the office; none before its
    issue."""
    return session.scalars(
        select(PaperVersion)
        .where(PaperVersion.paper_id == paper_id, PaperVersion.stage.in_(FILES[part]))
        .order_by(PaperVersion.id.desc())
        .limit(1)
    ).first()


def part_of(ids: Mapping[str, int]) -> str:
    """Which file of a paper a task is about."""
    return "annex" if "annex" in ids else "paper"


def advance(session: Session, desk: PaperDesk, ids: Mapping[str, int]) -> None:
    """The worker's task: makes the next version of a paper, if there is one to make, or with
    ``annex`` of its annex.

    May run any number of times. With ``after`` the version of that id is renewed, unless a
    newer one is there already. Raises ``Away`` when a service does not answer and
    ``Refused`` when the step cannot be made; the paper stays at its level then.
    """
    found = newest(session, ids["paper"], part_of(ids))
    if found is None or not _can(desk, LEVELS[found.stage]):
        return
    level, renewing = LEVELS[found.stage], "after" in ids
    if (renewing or level == "B-LTA") and ids.get("after") != found.id:
        return
    last_chance = renewing and _ends(session, found.id) < clock.now() + LAST_CHANCE
    base, digest = found.id, found.sha256
    roots, kept = desk.roots(session), foresight.kept(session)
    end_reading(session)  # nothing is held while others are asked
    content = desk.store.get(digest)
    if renewing:
        made = _renewed(desk, content, kept, last_chance)
        token, reached = _believe_renewed(roots, made, last_chance)
    else:
        reached, step = _STEPS[level]
        made = step(desk, content, kept)
        token = _believe(roots, made, reached)
    _keep(session, desk, ids, base, reached, made, token)
    if reached != "B-LT" and desk.times.revocations is not None:  # there is a new stamp
        foresight.note(session, desk.times, desk.keys, token.credential)


def _can(desk: PaperDesk, level: str) -> bool:
    """Whether this installation has what the next step takes."""
    evidence = level in ("B-T", "B-LTA")
    return desk.times.source is not None and not (evidence and desk.times.revocations is None)


def _stamped(desk: PaperDesk, content: bytes, _: Kept | None = None) -> bytes:
    from engine.signing.stamps import stamp

    source = desk.times.source
    if source is None:
        raise LookupError("no time source")
    for attempt in range(1, TRIES + 1):
        try:
            return stamp(content, source, desk.keys.roots.time).pdf
        except Refused as refused:
            if refused.code != "stamp_too_long" or attempt == TRIES:
                raise
    raise AssertionError("the loop returns or raises")


def _evidenced(desk: PaperDesk, content: bytes, kept: Kept) -> bytes:
    from engine.signing import evidence

    learnt = _learnt(desk, content, kept)
    if not learnt:
        raise Away(Refusal("revocation_unknown"))
    return evidence.embed(content, learnt, clock.now())


_STEPS: Mapping[str, tuple[str, Callable[[PaperDesk, bytes, Kept], bytes]]] = {
    "B-B": ("B-T", _stamped),
    "B-T": ("B-LT", _evidenced),
    "B-LT": ("B-LTA", _stamped),
}
"""From each level the next one, and what leads there."""


def _renewed(desk: PaperDesk, content: bytes, kept: Kept, last_chance: bool) -> bytes:
    """The evidence about the stamp that ends, while it can be had, and a stamp over it; at the
    last chance the stamp alone."""
    try:
        content = _evidenced(desk, content, kept)
    except Away:
        if not last_chance:
            raise
    return _stamped(desk, content)


def _ends(session: Session, version_id: int) -> datetime:
    """When the newest stamp of a version ends; now, if it has none."""
    query = select(PaperStamp.until).where(PaperStamp.version_id == version_id)
    return session.scalar(query) or clock.now()


def _learnt(desk: PaperDesk, content: bytes, kept: Kept) -> Evidence:
    """What the authorities say now about every certificate that still has to be proved; of a
    time authority for which nobody answers any more, what was said while they did."""
    from engine.signing import embedded
    from engine.signing.certificates import fingerprint
    from engine.signing.evidence import Evidence
    from engine.signing.levels import judge

    signatures = embedded.signatures(content)
    stamped = judge(signatures, desk.keys.roots.time)
    parts, at = [], stamped.proven or clock.now()
    # What is before the newest stamp has its evidence already, once there is any, unless a
    # stamp was put over another without.
    for one in signatures[-1:] if stamped.reach == "B-LTA" else signatures:
        stamp = stamped.stamps.get(one.field_name)
        if stamp is not None and stamp.token is not None:
            own = stamp.token.credential
            told = desk.times.learn(desk.keys, own, stamp.token.time)
            parts.append(told or told | kept.get(fingerprint(own.certificate), told))
        else:
            kind = _KINDS.get(one.field_name, "other")
            parts.append(desk.times.learn(desk.keys, embedded.credential(one), at, kind))
    return Evidence.joined(parts)


def _believe(roots: Roots, content: bytes, level: str) -> Token:
    """The newest stamp of a version just made, having judged it as an outsider would; raises
    ``Refused`` when anything is wrong with it, or when it does not reach its level."""
    reached = _reached(roots, content)
    if reached != level:
        raise Refused(Refusal("level_not_reached", {"level": level, "reached": reached}))
    return _newest_stamp(content)


def _believe_renewed(roots: Roots, content: bytes, last_chance: bool) -> tuple[Token, str]:
    """The same of a renewed version, with the level that it really has. Raises
    ``Away`` when that is lower than before and there is still time to ask again."""
    reached = _reached(roots, content)
    if reached != "B-LTA" and not last_chance:
        raise Away(Refusal("revocation_unknown"))
    return _newest_stamp(content), reached


def _reached(roots: Roots, content: bytes) -> str:
    """The level of the agency's signature, if nothing is wrong with any."""
    reports = judged(roots, content)
    faults = [fault for report in reports for fault in report.problems]
    if faults:
        raise Refused(Refusal("version_not_valid", {"why": ", ".join(dict.fromkeys(faults))}))
    return next((one.level for one in reports if one.role in ("seal", "annex")), "")


def _newest_stamp(content: bytes) -> Token:
    from engine.signing import embedded, tokens

    return tokens.parse(embedded.signatures(content)[-1].pkcs7_content)


def judged(roots: Roots, content: bytes) -> Sequence[SignatureReport]:
    """The signatures and stamps of a file."""
    from engine.signing.validate import validate

    return validate(content, roots)


def _keep(
    session: Session,
    desk: PaperDesk,
    ids: Mapping[str, int],
    base: int,
    level: str,
    content: bytes,
    token: Token,
) -> None:
    """Keeps a new version, has it logged, and leaves the next step; drops it if another
    worker was faster."""
    from engine.signing.certificates import identity

    digest, paper_id, part = desk.store.put(content), ids["paper"], part_of(ids)
    stage = next(one for one in FILES[part] if LEVELS[one] == level)
    row = {"paper_id": paper_id, "stage": stage, "sha256": digest, "size": len(content)}
    with writing(session):
        session.execute(select(Paper.id).where(Paper.id == paper_id).with_for_update())
        now = newest(session, paper_id, part)
        if now is None or now.id != base:
            return
        version = session.execute(
            insert(PaperVersion).values(row | {"at": clock.now()}).returning(PaperVersion.id)
        ).scalar_one()
        told = {"authority": identity(token.credential.certificate).name[:200]}
        times = {"stamped_at": token.time, "until": token.until}
        session.execute(
            insert(PaperStamp).values(
                version_id=version, paper_id=paper_id, algorithms=token.signature, **told, **times
            )
        )
        tasks = [outbox.add(session, logbook.TASK, version=version)]
        if level in _STEPS:
            beside = {"annex": 1} if part == "annex" else {}
            tasks.append(outbox.add(session, TASK, paper=paper_id, **beside))
        after_commit(session, lambda: desk.house.wake(tasks))


def level(session: Session, paper_id: int, part: str = "paper") -> str:
    """The level that the newest issued version has; nothing before the issue."""
    found = newest(session, paper_id, part)
    return LEVELS[found.stage] if found else ""
