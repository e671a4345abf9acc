"""People, the accounts they sign in with, and the offices they hold, each with its dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from engine.db import Base, Instant
from workflows.units import Unit


class Person(Base):
    """A person the system knows: a name and a telephone number, nothing more.

    ``invented`` marks the people of a demonstration.
    """

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str] = mapped_column(String(20), default="")
    invented: Mapped[bool] = mapped_column(default=False)


class Account(Base):
    """How a person signs in: one account a person, so that acts are told apart by person."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    username: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (UniqueConstraint("person_id"), UniqueConstraint("username"))


class Appointment(Base):
    """An office: a role at a unit, from a day to a day (both included), with its basis.

    ``title`` is how the office is written on paper, ``capacity`` what precedes it there.
    """

    __tablename__ = "appointments"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    role: Mapped[str] = mapped_column(String(40))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    title: Mapped[str] = mapped_column(String(160))
    capacity: Mapped[str] = mapped_column(String(10), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    basis: Mapped[str] = mapped_column(String(200), default="")
    person: Mapped[Person] = relationship()
    unit: Mapped[Unit] = relationship()

    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="dates_ordered"),
        CheckConstraint(
            "capacity IN ('', 'TM.', 'Q.', 'KT.', 'TL.', 'TUQ.')", name="capacity_known"
        ),
        Index("ix_appointments_person_id", "person_id"),
        Index("ix_appointments_unit_id_role", "unit_id", "role"),
    )


class AppointmentEnding(Base):
    """That somebody gave an office its last day: who, when, and on what basis. A row for each
    time, so that a day which was set before stays known."""

    __tablename__ = "appointment_endings"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id", ondelete="RESTRICT"))
    ends_on: Mapped[date]
    basis: Mapped[str] = mapped_column(String(200))
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    entered_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("basis <> ''", name="basis_told"),
        Index("ix_appointment_endings_appointment_id", "appointment_id"),
    )


def _valid(on: date) -> Select[Appointment]:
    return (
        select(Appointment)
        .join(Unit, Unit.id == Appointment.unit_id)
        .where(Appointment.starts_on <= on, Unit.starts_on <= on)
        .where(or_(Appointment.ends_on.is_(None), Appointment.ends_on >= on))
        .where(or_(Unit.ends_on.is_(None), Unit.ends_on >= on))
        .order_by(Appointment.starts_on, Appointment.id)
    )


def holders_of(session: Session, role: str, unit_id: int, on: date) -> Sequence[Appointment]:
    """Who holds a role at a unit on a day, with the people, the longest in office first;
    nobody where the unit is not there on that day."""
    query = _valid(on).where(Appointment.role == role, Appointment.unit_id == unit_id)
    return session.scalars(query.options(joinedload(Appointment.person))).all()


def account_named(session: Session, username: str) -> Account | None:
    """The active account of that name."""
    query = select(Account).where(Account.username == username, Account.active.is_(True))
    return session.scalars(query).first()


def authenticate(session: Session, username: str, password: str) -> Account | None:
    """The account, if it is active and the password is its own; takes as long if not."""
    account = account_named(session, username)
    try:
        _hasher().verify(account.password_hash if account else _nobody(), password)
    except VerificationError:
        return None
    return account


def hash_password(password: str) -> str:
    """An Argon2id hash of a password, with its own salt and parameters."""
    return _hasher().hash(password)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash to compare with when there is no such account, so that the time tells nothing."""
    return hash_password("\0 nobody")
