"""Signatures by keys that are elsewhere: prepared here, signed there, believed last.

The normal way for officials. The server prepares the file and hands out what is to be signed;
the key answers when it answers; what comes back is checked like a stranger's, put in place,
validated as an outsider would, and only then does ``perform`` move the paper. Whatever is
refused leaves the paper as it was.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import Outcome, available, perform
from engine.db import end_reading, writing
from engine.errors import Conflict, EngineError, Forbidden, NotFound, Refusal, Refused
from engine.move import Command
from engine.papers import handed_out
from engine.statement import form
from engine.subjects import Subject
from workflows import admission, annexing, ceremonies, deferred_annex, handed_in, preparing
from workflows.ceremonies import Held
from workflows.papers import ISSUE, SIGN, Number, PaperDesk
from workflows.signing_sessions import Offer, SigningSession

if TYPE_CHECKING:
    from engine.signing.signer import Credential
    from engine.signing.strip import Strip

LARGEST_SIGNATURE = 2_048


def begin(
    session: Session,
    desk: PaperDesk,
    person_id: int,
    paper_id: int,
    action: str | None,
    certificates: Sequence[bytes],
    *,
    ceremony: str | None = None,
) -> Offer:
    """Prepares a paper for the signature of whoever holds these certificates (DER, the
    holder's first). Without an action, the one that is next. Takes the place of an earlier
    session of the same person for the same act. ``ceremony`` is the code of the one it is
    signed in.

    Raises ``Forbidden``, ``Conflict`` or ``Refused``: whoever may not do it, a paper that is
    not there yet, every fault of the certificate, or as ``admission.admit``.
    """
    act = action or _next(session, desk, person_id, paper_id)
    desk.may(session, person_id, paper_id, act)
    credential = _believed(session, desk, person_id, paper_id, act, certificates)
    certificates = handed_in.certificates(credential)
    batch = _admitted(session, person_id, ceremony, paper_id, act, certificates)
    version = session.scalars(select(Subject.version).where(Subject.id == paper_id)).one()
    base = desk.base(session, paper_id, act)
    number = desk.next_number(session, paper_id) if act == ISSUE else None
    annex = annexing.base(session, paper_id) if act == ISSUE else ""
    code = preparing.announced(session, paper_id, number)
    at = clock.now()
    prepared, strip = preparing.prepare(desk, base, credential, number, at)
    row = preparing.row(desk, code, prepared, certificates, number)
    if annex and number:
        first = annexing.first(desk, annex, desk.store.get(base))
        row["annex"] = deferred_annex.prepared(desk, first, credential, number.text, at)
    row |= {"paper_id": paper_id, "action": act, "person_id": person_id, "ceremony_id": batch}
    made = SigningSession(**row, version=version, base=base)
    _replace(session, desk, made, strip, at)
    return offer(desk, made)


def _believed(
    session: Session,
    desk: PaperDesk,
    person_id: int,
    paper_id: int,
    act: str,
    certificates: Sequence[bytes],
) -> Credential:
    """The holder's certificate with its whole path, if this person may sign with it."""
    credential = handed_in.credential(certificates)
    holder = desk.holder(session, person_id, paper_id, act)
    end_reading(session)  # the authorities may be asked: nothing is held meanwhile
    desk.trust(credential, holder)
    return desk.on_path(credential, holder)


def start(session: Session, desk: PaperDesk, held: Held, certificates: Sequence[bytes]) -> int:
    """Begins or resumes a ceremony with the one certificate (DER) that all of it will be signed
    with. That it is the holder's is asked here, because the ceremony is bound to it; all else
    where the papers are prepared.

    Raises as ``ceremonies.start``, and ``Refused``: ``certificate_unreadable``,
    ``unsupported_key``, ``certificate_not_enrolled``, or that it is another's.
    """
    credential = handed_in.credential(certificates)
    for paper in ceremonies.left(session, held.id)[:1]:
        holder = desk.holder(session, held.person_id, paper.paper_id, held.action)
        desk.require_theirs(credential, holder)
    return ceremonies.start(session, held, hashlib.sha256(certificates[0]).hexdigest())


def find(session: Session, person_id: int, paper_id: int, code: str) -> SigningSession:
    """A session by its code; raises ``NotFound``, or ``Forbidden`` when it is another's."""
    found = session.scalars(
        select(SigningSession).where(
            SigningSession.code == code, SigningSession.paper_id == paper_id
        )
    ).first()
    if found is None:
        raise NotFound(Refusal("no_such_session"))
    if found.person_id != person_id:
        raise Forbidden(Refusal("session_of_another"))
    return found


def under_way(session: Session, person_id: int, paper_id: int, action: str) -> str | None:
    """The code of what this person has begun for this act and could still finish, if any."""
    return session.scalars(
        select(SigningSession.code).where(
            SigningSession.paper_id == paper_id,
            SigningSession.action == action,
            SigningSession.person_id == person_id,
            SigningSession.done_at.is_(None),
            SigningSession.expires_at > clock.now(),
        )
    ).first()


def offer(desk: PaperDesk, made: SigningSession) -> Offer:
    """What a session asks its holder to sign."""
    file = desk.store.get(made.prepared)
    covered = hashlib.sha256(file[: made.gap_start])
    covered.update(file[made.gap_end :])
    return Offer(
        code=made.code,
        paper_id=made.paper_id,
        action=made.action,
        digest=made.digest,
        attributes=bytes.fromhex(made.attributes),
        document=made.prepared,
        size=len(file),
        gap=(made.gap_start, made.gap_end),
        covered=covered.hexdigest(),
        number=made.number_text or "",
        certificates=tuple(base64.b64decode(one) for one in made.certificates),
        expires_at=made.expires_at,
        annex=deferred_annex.part(desk, made),
    )


def document(
    session: Session, desk: PaperDesk, person_id: int, paper_id: int, code: str, part: str = ""
) -> bytes:
    """The very bytes a session's signature will cover, those of the annex when that ``part`` is
    asked for; raises as ``find``, ``NotFound`` (``no_annex``), ``Refused``
    (``session_expired``), ``Conflict`` (``session_done``) once it was signed."""
    found = find(session, person_id, paper_id, code)
    if found.done_at is not None:
        raise Conflict(Refusal("session_done"))
    _refuse_expired(found)
    if part != annexing.ANNEX:
        return desk.store.get(found.prepared)
    if found.annex is None:
        raise NotFound(Refusal("no_annex"))
    return desk.store.get(str(found.annex["prepared"]))


def finish(
    session: Session,
    desk: PaperDesk,
    person_id: int,
    paper_id: int,
    code: str,
    signature: bytes,
    certificates: Sequence[bytes] = (),
    annex_signature: bytes | None = None,
) -> Outcome:
    """Puts the signature in its place and makes the move; ``annex_signature`` is that of the
    annex, when the offer had one. The same answer sent again is told what the first one led to.

    Raises as ``find`` and ``PaperDesk.sign`` do, and ``Refused``: ``session_expired``,
    ``certificate_changed``, ``signature_mismatch``, ``annex_not_signed``; ``Stale`` when
    the paper was moved meanwhile, or another paper took the number (``number_taken``): begin
    again then.
    """
    made = find(session, person_id, paper_id, code)
    action, key = made.action, f"signing:{code}"
    if earlier := desk.done(session, person_id, paper_id, action, key):
        _note(session, made)
        return earlier
    try:
        outcome = _finished(session, desk, made, key, signature, certificates, annex_signature)
    except EngineError:
        # The same answer may have come twice at once, and the other was faster: what was
        # prepared is gone then, or the paper moved on, and its outcome is the answer.
        session.rollback()
        earlier = desk.done(session, person_id, paper_id, action, key)
        if earlier is None:
            raise
        outcome = earlier
    _note(session, made)
    _close(session, desk, made)
    return outcome


def _finished(
    session: Session,
    desk: PaperDesk,
    made: SigningSession,
    key: str,
    signature: bytes,
    certificates: Sequence[bytes],
    annex_signature: bytes | None,
) -> Outcome:
    """The move that a signature makes, everything about it judged."""
    person_id, paper_id, action = made.person_id, made.paper_id, made.action
    _refuse_expired(made)
    _refuse_oversized(signature, annex_signature or b"")
    if made.ceremony_id is not None:
        admission.refuse_unless_going(session, made.ceremony_id, made.fingerprint)
    desk.may(session, person_id, paper_id, action)
    _refuse_other_certificate(made, certificates)
    holder = desk.holder(session, person_id, paper_id, action)
    credential = handed_in.credential([base64.b64decode(one) for one in made.certificates])
    end_reading(session)  # the authorities may be asked: nothing is held meanwhile
    desk.trust(credential, holder)
    content = _completed(desk, made, credential, signature)
    annex = deferred_annex.evidence(desk, made, credential, holder, annex_signature)
    evidence = desk.evidence(made.base, content, holder, **_more(session, desk, made), **annex)
    command = Command(person_id, paper_id, action, made.version, key=key, evidence=evidence)
    return perform(session, desk.house, command)


def _note(session: Session, made: SigningSession) -> None:
    """Tells the ceremony, if there is one, that the paper is done."""
    batch, paper = made.ceremony_id, made.paper_id
    if batch is not None:
        admission.note_done(session, batch, paper)


def _admitted(
    session: Session,
    person_id: int,
    ceremony: str | None,
    paper_id: int,
    action: str,
    certificates: Sequence[bytes],
) -> int | None:
    if ceremony is None:
        return None
    fingerprint = hashlib.sha256(certificates[0]).hexdigest()
    return admission.admit(session, person_id, ceremony, paper_id, action, fingerprint)


def _next(session: Session, desk: PaperDesk, person_id: int, paper_id: int) -> str:
    actor = desk.house.find_actor(session, person_id, clock.today())
    for option in available(session, desk.house, paper_id, actor):
        if option.transition.id in (SIGN, ISSUE):
            return option.transition.id
    raise Conflict(Refusal("not_from_here", {"action": SIGN}))


def _refuse_expired(made: SigningSession) -> None:
    if clock.now() >= made.expires_at:
        raise Refused(Refusal("session_expired"))


def _refuse_oversized(*signatures: bytes) -> None:
    if max(map(len, signatures)) > LARGEST_SIGNATURE:
        raise Refused(Refusal("signature_mismatch"))


def _refuse_other_certificate(made: SigningSession, certificates: Sequence[bytes]) -> None:
    given = [base64.b64encode(one).decode() for one in certificates[:1]]
    if given not in ([], made.certificates[:1]):
        raise Refused(Refusal("certificate_changed"))


def _replace(
    session: Session, desk: PaperDesk, made: SigningSession, strip: Strip | None, at: datetime
) -> None:
    """Keeps the session, and with it what the ``strip`` states; unfinished ones of the same
    person for the same act end, so that what is prepared and never signed does not pile up."""
    same = (
        SigningSession.paper_id == made.paper_id,
        SigningSession.action == made.action,
        SigningSession.person_id == made.person_id,
        SigningSession.done_at.is_(None),
    )
    with writing(session):
        replaced = session.scalars(select(SigningSession).where(*same)).all()
        old, codes = deferred_annex.files(replaced), [one.code for one in replaced]
        session.execute(delete(SigningSession).where(*same))
        handed_out.withdraw(session, codes)
        if strip is not None:
            stated = form.read(strip.text).digest
            handed_out.hand_out(session, made.code, stated, at, made.expires_at)
        session.add(made)
        session.flush()
        session.refresh(made)
    session.refresh(made)
    _drop(session, desk, made.paper_id, old)


def _completed(
    desk: PaperDesk, made: SigningSession, credential: Credential, signature: bytes
) -> bytes:
    from engine.signing import pdf

    prepared = pdf.Prepared(
        pdf=desk.store.get(made.prepared),
        gap=(made.gap_start, made.gap_end),
        attributes=bytes.fromhex(made.attributes),
        credential=credential,
    )
    return pdf.complete(prepared, signature)


def _more(session: Session, desk: PaperDesk, made: SigningSession) -> dict[str, Any]:
    """What ``perform`` is told besides the file: who signed, or which number was written."""
    if made.number is None or made.issued_on is None:
        return {"person_id": made.person_id}
    authority = desk.paper(session, made.paper_id).authority_id
    told = Number(authority, made.number, made.number_text or "", made.issued_on).evidence
    return told | {"handed_out": made.code}


def _close(session: Session, desk: PaperDesk, made: SigningSession) -> None:
    """Notes that a session is done; its signed files say all the prepared ones said."""
    code, paper_id, prepared = made.code, made.paper_id, deferred_annex.files([made])
    with writing(session):
        session.execute(
            update(SigningSession)
            .where(SigningSession.code == code)
            .values(done_at=clock.now())
            .execution_options(synchronize_session=False)
        )
    _drop(session, desk, paper_id, prepared)


def _drop(session: Session, desk: PaperDesk, paper_id: int, prepared: Sequence[str]) -> None:
    """Removes prepared files of a paper that no session waits for any more."""
    open_ = select(SigningSession).where(
        SigningSession.paper_id == paper_id, SigningSession.done_at.is_(None)
    )
    waited = deferred_annex.files(session.scalars(open_.execution_options(populate_existing=True)))
    for one in set(prepared) - set(waited):
        desk.store.drop(one)
