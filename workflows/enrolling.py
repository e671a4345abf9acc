"""Entering, confirming and ending: whose certificate is whose, always said by two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, texts
from engine.db import end_reading, writing
from engine.definition import Confidence, Frozen
from engine.errors import Forbidden, NotFound, Refusal, Refused
from engine.papers.letters import unreadable
from engine.policy import Actor
from workflows.actors import find_actor
from workflows.enrolments import CertificateEnrolment
from workflows.keys import authority_reference, person_reference
from workflows.lawfiles import LAW, read
from workflows.people import Account
from workflows.units import by_code

if TYPE_CHECKING:
    from engine.signing.certificates import Identity, Kind
    from engine.signing.signer import Credential
    from workflows.papers import PaperDesk

LARGEST_FILE = 65_536
LONGEST = 200
OWN_FORMS = ("person:", "unit:")


class _Confirms(Frozen):
    person: tuple[str, ...]
    agency: tuple[str, ...]


class Rules(Frozen):
    """``enters`` are the roles that enter and end, ``confirms`` those that confirm: at a unit
    where the person has an office, or at the authority itself."""

    confidence: Confidence
    clause: str
    enters: tuple[str, ...]
    confirms: _Confirms


@cache
def rules() -> Rules:
    """Raises ``DefinitionError`` on a malformed file."""
    return read(Rules, LAW / "rules" / "enrolment.toml")


@dataclass(frozen=True, slots=True)
class Whose:
    """The holder that is meant: one person or one authority."""

    kind: Kind
    id: int

    @property
    def reference(self) -> str:
        return person_reference(self.id) if self.kind == "person" else authority_reference(self.id)


def whose(session: Session, *, username: str = "", unit: str = "") -> Whose:
    """Who is meant by a sign-in name or by the code of an authority, one of the two.

    Raises ``Refused``: ``not_text``, ``required``, ``unknown_account``, ``no_such_unit``.
    """
    if unreadable(username + unit):
        raise Refused(Refusal("not_text", field="username" if username else "unit"))
    if bool(username) == bool(unit):
        raise Refused(Refusal("required", field="username"))
    if username:
        person = session.scalar(select(Account.person_id).where(Account.username == username))
        if person is None:
            raise Refused(Refusal("unknown_account", {"name": username}, field="username"))
        return Whose("person", person)
    found = by_code(session, unit)
    if found is None:
        raise Refused(Refusal("no_such_unit", {"unit": unit}, field="unit"))
    return Whose("agency", found.id)


def enter(
    session: Session, desk: PaperDesk, by: int, holder: Whose, file: bytes, basis: str
) -> int:
    """Enters a certificate (PEM with its chain, or DER) as a holder's own; it counts once a
    second person confirmed it.

    Raises ``Forbidden`` (``not_yours``) and ``Refused``: ``required``, ``too_long``,
    ``not_text``, ``unprintable``, ``certificate_unreadable``, ``unsupported_key``, every fault
    of the certificate today, ``certificate_of_another`` or ``seal_of_another`` when it names
    somebody else of ours, ``enrolled_already``.
    """
    _require(session, by, rules().enters)
    basis = _printed("basis", basis)
    credential = _credential(file)
    said = _judged(desk, credential, holder)
    row = CertificateEnrolment(
        fingerprint=said.fingerprint,
        person_id=holder.id if holder.kind == "person" else None,
        unit_id=holder.id if holder.kind == "agency" else None,
        issuer=credential.certificate.issuer.rfc4514_string()[:1000],
        serial=f"{credential.certificate.serial_number:x}",
        subject=credential.certificate.subject.rfc4514_string()[:1000],
        valid_until=credential.certificate.not_valid_after_utc,
        basis=basis,
        entered_by=by,
        entered_at=clock.now(),
    )
    with writing(session):
        if _open(session, said.fingerprint):
            raise Refused(Refusal("enrolled_already"))
        session.add(row)
        session.flush()
        return row.id


def confirm(session: Session, by: int, enrolment_id: int) -> None:
    """The second person's word: from now on the certificate may sign as its holder's.

    Raises ``NotFound``, ``Forbidden`` (``not_yours``, ``confirmed_by_another``) and ``Refused``
    (``enrolment_not_waiting``).
    """
    with writing(session):
        row = _row(session, enrolment_id)
        if by in (row.entered_by, row.person_id):
            raise Forbidden(Refusal("confirmed_by_another", clause=rules().clause))
        if not may_confirm(session, _actor(session, by), row):
            raise _not_theirs(_confirming(row))
        if row.state != "waiting":
            raise Refused(Refusal("enrolment_not_waiting"))
        row.confirmed_by, row.confirmed_at = by, clock.now()


def end(session: Session, by: int, enrolment_id: int, reason: str) -> None:
    """Ends an enrolment at once, with a reason; what was signed before stays good. A single
    person may: whoever enters, confirms, or holds the certificate, because a lost token waits
    for nobody.

    Raises as ``confirm``, and ``Refused``: ``required``, ``too_long``, ``not_text``,
    ``unprintable``.
    """
    reason = _printed("reason", reason)
    with writing(session):
        row, actor = _row(session, enrolment_id), _actor(session, by)
        enters = any(actor.holds(role) for role in rules().enters)
        if not (enters or by == row.person_id or may_confirm(session, actor, row)):
            raise _not_theirs((*rules().enters, *_confirming(row)))
        if row.state == "ended":
            raise Refused(Refusal("enrolment_ended"))
        row.ended_by, row.ended_at, row.reason = by, clock.now(), reason


def may_confirm(session: Session, actor: Actor, row: CertificateEnrolment) -> bool:
    """Whether somebody holds the office that confirms this one."""
    roles, units = _confirming(row), {row.unit_id}
    if row.person_id is not None:
        units = {office.unit_id for office in _actor(session, row.person_id).offices}
    return any(office.role in roles and office.unit_id in units for office in actor.offices)


def listed(session: Session) -> Sequence[CertificateEnrolment]:
    """All of them, those that wait first, then the newest."""
    query = select(CertificateEnrolment).order_by(
        CertificateEnrolment.confirmed_at.is_not(None) | CertificateEnrolment.ended_at.is_not(None),
        CertificateEnrolment.id.desc(),
    )
    return session.scalars(query).all()


def _confirming(row: CertificateEnrolment) -> tuple[str, ...]:
    return rules().confirms.agency if row.person_id is None else rules().confirms.person


def _not_theirs(roles: Sequence[str]) -> Forbidden:
    return Forbidden(Refusal("not_yours", {"by": list(roles)}, rules().clause))


def _actor(session: Session, person_id: int) -> Actor:
    return find_actor(session, person_id, clock.today())


def _require(session: Session, by: int, roles: Sequence[str]) -> None:
    actor = _actor(session, by)
    if not any(actor.holds(role) for role in roles):
        raise _not_theirs(roles)
    end_reading(session)


def _printed(name: str, value: str) -> str:
    faults: list[Refusal] = []
    text = texts.told({name: value}, name, faults, longest=LONGEST)
    if faults:
        raise Refused(*faults)
    return text


def _credential(file: bytes) -> Credential:
    from engine.signing.certificates import load_der, load_roots
    from engine.signing.signer import Credential

    try:
        if len(file) > LARGEST_FILE:
            raise ValueError("no certificate is that large")
        leaf, *above = load_roots(file) if b"-----BEGIN" in file else (load_der(file),)
        credential = Credential(leaf, tuple(above))
        supported = credential.supported
    except ValueError:
        raise Refused(Refusal("certificate_unreadable", field="certificate")) from None
    if not supported:
        raise Refused(Refusal("unsupported_key", field="certificate"))
    return credential


def _judged(desk: PaperDesk, credential: Credential, holder: Whose) -> Identity:
    """What the certificate says, having asked all that can be asked of it beforehand."""
    from engine.signing import trust
    from engine.signing.certificates import identity

    said = identity(credential.certificate)
    roots = desk.keys.roots.of(holder.kind)
    codes = [*trust.chain_problems(credential, roots, clock.now())]
    if said.reference.startswith(OWN_FORMS) and said.reference != holder.reference:
        codes.append("certificate_of_another" if holder.kind == "person" else "seal_of_another")
    if codes:
        raise Refused(*(Refusal(code, field="certificate") for code in codes))
    return said


def _open(session: Session, fingerprint: str) -> bool:
    query = select(CertificateEnrolment.id).where(
        CertificateEnrolment.fingerprint == fingerprint, CertificateEnrolment.ended_at.is_(None)
    )
    return session.scalar(query) is not None


def _row(session: Session, enrolment_id: int) -> CertificateEnrolment:
    query = select(CertificateEnrolment).where(CertificateEnrolment.id == enrolment_id)
    found = session.scalars(query.with_for_update()).first()
    if found is None:
        raise NotFound(Refusal("no_such_subject", {"id": enrolment_id}))
    return found
