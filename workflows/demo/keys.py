"""The demonstration's keys: its own certificate authority, a key for each who signs.

All plainly marked as a sample; the private keys are protected by one PIN that is public.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.log.note import Signer
from engine.signing.authority import Algorithm, Authority, Issued
from workflows.demo.data import Progress, facts
from workflows.demo.times import ISSUER_KEY, TIME_KEY
from workflows.keys import (
    LOG_KEY,
    ROOTS,
    ROOTS_OF,
    Keyring,
    authority_reference,
    person_reference,
)
from workflows.people import Appointment, Person
from workflows.statement_keys import StatementKeys
from workflows.units import Unit

SIGNING_ROLES = ("commune_chair", "district_chair", "province_chair")
YEARS = 5


@dataclass(frozen=True, slots=True)
class _Holder:
    reference: str
    name: str
    title: str
    organisation: str


def make_keys(
    session: Session,
    keyring: Keyring,
    since: date,
    on_progress: Progress,
    algorithm: Algorithm = "rsa",
) -> None:
    """Writes the roots, and a key for each chair, each seal, the log and the printed codes."""
    told = facts("keys")
    authority = Authority.create(mark=told["mark"], name=told["name"], since=since)
    keyring.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    people = [(holder, _of_person) for holder in _people(session)]
    everyone = [*people, *((holder, _of_agency) for holder in _agencies(session))]
    for done, (holder, issue) in enumerate(everyone, start=1):
        issued = issue(authority, holder, since=since, years=YEARS, algorithm=algorithm)
        _keep(keyring, holder.reference, issued.sealed(facts("drive")["pin"]))
        on_progress("keys", done, len(everyone))
    _keep_time(authority, keyring, since)
    (keyring.folder / ROOTS).write_bytes(authority.roots_pem())
    if not (keyring.folder / LOG_KEY).exists():
        keyring.keep_log_key(Signer.create(told["log"]))
    with clock.fixed_at(clock.vietnam(since)):
        StatementKeys(keyring.folder).signer(make=True)


def _of_person(authority: Authority, holder: _Holder, **told: Any) -> Issued:
    return authority.person(
        reference=holder.reference,
        name=holder.name,
        title=holder.title,
        organisation=holder.organisation,
        **told,
    )


def _of_agency(authority: Authority, holder: _Holder, **told: Any) -> Issued:
    return authority.agency(reference=holder.reference, name=holder.organisation, **told)


def _keep_time(authority: Authority, keyring: Keyring, since: date) -> None:
    """The key of the demonstration's time authority, and those that say what is revoked."""
    stamper = authority.time_authority(name=facts("keys")["time"], since=since, years=YEARS)
    _keep(keyring, TIME_KEY, stamper.sealed(facts("drive")["pin"]))
    for number, issuer in enumerate(authority.issuers):
        _keep(keyring, f"{ISSUER_KEY}:{number}", issuer.sealed(facts("drive")["pin"]))
    (keyring.folder / ROOTS_OF.format(kind="time")).write_bytes(authority.roots_pem())


def _keep(keyring: Keyring, reference: str, sealed: bytes) -> None:
    path = keyring.path(reference)
    path.touch(mode=0o600)
    path.write_bytes(sealed)


def _people(session: Session) -> Iterator[_Holder]:
    rows = session.execute(
        select(Person.id, Person.name, Appointment.title, Unit.form, Unit.name.label("unit"))
        .join(Appointment, Appointment.person_id == Person.id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .where(Appointment.role.in_(SIGNING_ROLES))
        .order_by(Person.id)
    )
    for row in rows:
        organisation = f"{facts('keys')['council']} {row.form} {row.unit}"
        yield _Holder(person_reference(row.id), row.name, row.title, organisation)


def _agencies(session: Session) -> Iterator[_Holder]:
    units = session.scalars(
        select(Unit).where(Unit.kind.in_(("commune", "district", "province"))).order_by(Unit.id)
    )
    for unit in units:
        organisation = f"{facts('keys')['council']} {unit.title}"
        yield _Holder(authority_reference(unit.id), "", "", organisation)
