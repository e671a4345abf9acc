"""The books of an office: number registers, failures, people and their appointments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.outbox import Task
from engine.papers.book import Paper
from engine.registers import Entry, Register
from engine.subjects import Subject
from workflows.names import fold, words_of
from workflows.people import Account, Appointment, AppointmentEnding, Person
from workflows.units import Unit, searched


@dataclass(frozen=True, slots=True)
class Book:
    """One register: an authority's numbers of one series in one year."""

    id: int
    authority_id: int
    authority: str
    series: str
    year: int
    last: int


@dataclass(frozen=True, slots=True)
class Number:
    """One line of a register."""

    number: int
    issued_on: date
    paper_id: int | None
    paper_kind: str
    person: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class Ending:
    """That an appointment was given its last day: which, on what basis, by whom and when."""

    ends_on: date
    basis: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """An appointment with whose it is and where."""

    id: int
    person_id: int
    person: str
    phone: str
    username: str
    role: str
    title: str
    capacity: str
    unit: str
    starts_on: date
    ends_on: date | None
    basis: str
    endings: Sequence[Ending]


def registers(session: Session, units: Sequence[int] | None) -> Sequence[Book]:
    """The registers of these authorities (None: of all), the latest year first."""
    query = (
        select(Register, Unit)
        .join(Unit, Unit.id == Register.authority_id)
        .order_by(Register.year.desc(), Unit.sort, Unit.id, Register.series)
        .limit(300)
    )
    if units is not None:
        query = query.where(Register.authority_id.in_(units))
    return [_book(register, unit) for register, unit in session.execute(query)]


def register(session: Session, register_id: int) -> Book | None:
    """One register."""
    row = session.execute(
        select(Register, Unit)
        .join(Unit, Unit.id == Register.authority_id)
        .where(Register.id == register_id)
    ).first()
    return _book(row[0], row[1]) if row else None


def _book(register: Register, unit: Unit) -> Book:
    return Book(register.id, unit.id, unit.title, register.series, register.year, register.last)


def numbers(
    session: Session, register_id: int, *, limit: int = 100, offset: int = 0
) -> Sequence[Number]:
    """Lines of a register, the newest first."""
    rows = session.execute(
        select(
            Entry.number,
            Entry.issued_on,
            Entry.paper_id,
            Paper.kind,
            Person.name,
            Entry.void_reason,
        )
        .outerjoin(Paper, Paper.id == Entry.paper_id)
        .outerjoin(Person, Person.id == Entry.person_id)
        .where(Entry.register_id == register_id)
        .order_by(Entry.number.desc())
        .limit(limit)
        .offset(offset)
    )
    return [
        Number(number, day, paper, kind or "", person or "", reason or "")
        for number, day, paper, kind, person, reason in rows
    ]


def appointments(
    session: Session, *, search: str = "", limit: int = 50, offset: int = 0
) -> tuple[Sequence[Post], int]:
    """Appointments in the order of place, those in force first, and how many there are.

    Each word of the search begins a word of the person's, the unit's or the sign-in name.
    """
    ids = _matching(session, words_of(search))
    shown = ids[offset : offset + limit]
    rows = session.execute(
        select(Appointment, Person, Unit, Account.username)
        .join(Person, Person.id == Appointment.person_id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(Appointment.id.in_(shown))
    )
    ended = _endings(session, shown)
    posts = {
        a.id: _post(a, person, unit, name, ended.get(a.id, ())) for a, person, unit, name in rows
    }
    return [posts[i] for i in shown], len(ids)


def _endings(session: Session, appointments: Sequence[int]) -> Mapping[int, Sequence[Ending]]:
    rows = session.execute(
        select(AppointmentEnding, Person.name)
        .join(Person, Person.id == AppointmentEnding.entered_by)
        .where(AppointmentEnding.appointment_id.in_(appointments))
        .order_by(AppointmentEnding.id)
    )
    found: dict[int, list[Ending]] = {}
    for row, name in rows:
        ending = Ending(row.ends_on, row.basis, name, row.entered_at)
        found.setdefault(row.appointment_id, []).append(ending)
    return found


def _matching(session: Session, words: Sequence[str]) -> Sequence[int]:
    # A person's name has no folded copy in the database, so the words are compared here.
    rows = session.execute(
        select(Appointment.id, Person.name, searched(Unit), Account.username)
        .join(Person, Person.id == Appointment.person_id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .outerjoin(Account, Account.person_id == Person.id)
        .order_by(
            Appointment.ends_on.is_not(None), Unit.sort, Unit.id, Appointment.role, Appointment.id
        )
    )
    found = []
    for i, name, unit, username in rows:
        text = f" {fold(name)}{unit} {fold(username or '')}" if words else ""
        if all(f" {word}" in text for word in words):
            found.append(i)
    return found


def _post(
    appointment: Appointment,
    person: Person,
    unit: Unit,
    username: str | None,
    endings: Sequence[Ending],
) -> Post:
    return Post(
        appointment.id,
        person.id,
        person.name,
        person.phone,
        username or "",
        appointment.role,
        appointment.title,
        appointment.capacity,
        unit.title,
        appointment.starts_on,
        appointment.ends_on,
        appointment.basis,
        endings,
    )


def counters(session: Session) -> Mapping[str, Sequence[tuple[Any, ...]]]:
    """Figures for whoever watches over the installation: no names, no places."""
    tasks = session.execute(
        select(
            func.count().filter(Task.failed_at.is_(None)),
            func.count().filter(Task.failed_at.is_not(None)),
        ).where(Task.done_at.is_(None))
    ).one()
    subjects = session.execute(
        select(Subject.kind, Subject.state, func.count())
        .group_by(Subject.kind, Subject.state)
        .order_by(Subject.kind, Subject.state)
    )
    return {"tasks": [tuple(tasks)], "subjects": list(subjects)}
