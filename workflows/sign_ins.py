"""Who is signed in where, and how often somebody tried: both must outlive a web process.

The browser holds a random token, the database only its digest, so that reading the
database lets nobody in and signing out ends a session wherever its cookie was copied to.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant, writing
from engine.papers.letters import unreadable
from workflows.people import Account, Person

LIFETIME = timedelta(hours=12)
"""A working day; after it one signs in again."""

WINDOW = timedelta(minutes=15)
PER_PAIR = 6
PER_ACCOUNT = 30
PER_ADDRESS = 120
"""Attempts within the window before the next has to wait: by one name from one address, by
one name from anywhere, by one address for any name. The middle one is wide, so that nobody
locks an office out by guessing at its password from afar."""


class SignIn(Base):
    """One signed-in browser, until it signs out or its lifetime ends."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="RESTRICT"))
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index("ix_sign_ins_account_id", "account_id"),)


class Attempt(Base):
    """One try at something that may only be tried so often; kept for the window only."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_attempts_kind_name_at", "kind", "name", "at"),
        Index("ix_attempts_kind_address_at", "kind", "address", "at"),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """The account and the person behind a token."""

    account_id: int
    username: str
    person_id: int
    name: str


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def begin(session: Session, account_id: int, username: str, address: str) -> str:
    """Opens a session of its own for this browser; its token, which nobody else has.

    The attempts of that name from that address are forgiven.
    """
    token = secrets.token_urlsafe(32)
    with writing(session):
        session.execute(
            insert(SignIn).values(
                token_digest=_digest(token), account_id=account_id, started_at=clock.now()
            )
        )
        session.execute(
            delete(Attempt).where(
                Attempt.kind == "sign_in",
                Attempt.name == username[:60],
                Attempt.address == address,
            )
        )
    return token


_KNOWN = (
    select(Account.id, Account.username, Person.id.label("person_id"), Person.name)
    .join(SignIn, SignIn.account_id == Account.id)
    .join(Person, Person.id == Account.person_id)
    .where(
        SignIn.token_digest == bindparam("digest"),
        SignIn.ended_at.is_(None),
        SignIn.started_at > bindparam("since"),
        Account.active.is_(True),
    )
)


def find(session: Session, token: str) -> Known | None:
    """Whose token this is, as long as it counts and the account is active."""
    values = {"digest": _digest(token), "since": clock.now() - LIFETIME}
    row = session.execute(_KNOWN, values).first()
    return Known(row.id, row.username, row.person_id, row.name) if row else None


def end(session: Session, token: str) -> None:
    """Ends the session of a token; ending it twice is harmless."""
    with writing(session):
        session.execute(
            update(SignIn)
            .where(SignIn.token_digest == _digest(token), SignIn.ended_at.is_(None))
            .values(ended_at=clock.now())
        )


def tried(session: Session, kind: str, name: str, address: str) -> None:
    """Counts one attempt, and forgets those older than the window."""
    at = clock.now()
    with writing(session):
        session.execute(delete(Attempt).where(Attempt.at < at - WINDOW))
        session.execute(insert(Attempt).values(kind=kind, name=name[:60], address=address, at=at))


def spelled(typed: str) -> str:
    """A sign-in name as accounts have it; none for what is no text to ask a database for."""
    return "" if unreadable(typed) else typed.strip().lower()


def must_wait(session: Session, kind: str, name: str, address: str) -> bool:
    """Whether there were so many attempts lately that the next has to wait."""
    since = clock.now() - WINDOW
    by_name = Attempt.name == name[:60]
    by_address = Attempt.address == address
    pair, account, anywhere = session.execute(
        select(
            func.count().filter(by_name, by_address),
            func.count().filter(by_name),
            func.count().filter(by_address),
        ).where(Attempt.kind == kind, Attempt.at >= since, by_name | by_address)
    ).one()
    return bool((name and (pair >= PER_PAIR or account >= PER_ACCOUNT)) or anywhere >= PER_ADDRESS)
