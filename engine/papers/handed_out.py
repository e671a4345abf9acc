"""Statements that left the office before the issue they speak of, and what became of each.

Whoever signs with a key of their own is given a file that already says, under the statement
key, that the paper was issued; nobody but the office knows whether it then was. So each is kept
for ever: first that one is being made, then which, then that it was withdrawn or became the
issue. What did not become one is told to those who check without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, insert, select, update
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from engine import clock
from engine.db import Base, Instant, writing
from engine.errors import Conflict, Refusal, Refused
from engine.papers.book import Paper

MADE_WITHIN = timedelta(minutes=1)
"""From the announcement of a statement to the transaction that hands it out; later it is not
handed out at all."""


class HandedOut(Base):
    """One statement, by the ``code`` under which it was handed out. ``begun_at`` is before the
    time that it tells (``at``); ``digest`` is that of ``Signed.digest``. Until ``until`` it may
    become the issue, unless it was withdrawn or the paper was issued with another."""

    __tablename__ = "handed_out"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    authority_id: Mapped[int]
    year: Mapped[int]
    number_text: Mapped[str] = mapped_column(String(40))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    digest: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime | None] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    issued_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint(
            "(digest IS NULL) = (at IS NULL) AND (digest IS NULL) = (until IS NULL)",
            name="handed_out_whole",
        ),
        CheckConstraint(
            "issued_at IS NULL OR (digest IS NOT NULL AND withdrawn_at IS NULL)",
            name="issued_as_handed_out",
        ),
        Index("ix_handed_out_digest", "digest"),
    )


@dataclass(frozen=True, slots=True)
class Unissued:
    """Digests of statements that are no issue: ``void`` for ever, ``open`` as yet. ``since`` is
    when the oldest was announced of which nothing more is known; none where all are known."""

    void: Sequence[str]
    open: Sequence[str]
    since: datetime | None


def announce(
    session: Session, code: str, paper_id: int, authority_id: int, year: int, number_text: str
) -> None:
    """Keeps that a statement is about to be made. Its time is to be taken after this: then
    whoever looks at the table either finds it announced or looked before its time."""
    row = {"code": code, "paper_id": paper_id, "authority_id": authority_id, "year": year}
    with writing(session):
        session.execute(
            insert(HandedOut).values(**row, number_text=number_text, begun_at=clock.now())
        )


def hand_out(session: Session, code: str, digest: str, at: datetime, until: datetime) -> None:
    """Keeps which statement it is, in the caller's transaction that hands it out; raises
    ``Conflict`` (``busy``) when making it took too long."""
    done = session.execute(
        update(HandedOut)
        .where(HandedOut.code == code, HandedOut.digest.is_(None))
        .where(HandedOut.begun_at > clock.now() - MADE_WITHIN)
        .values(digest=digest, at=at, until=until)
        .returning(HandedOut.id)
    )
    if done.scalar() is None:
        raise Conflict(Refusal("busy"))


def withdraw(session: Session, codes: Sequence[str]) -> None:
    """Keeps that these can no longer become the issue, in the caller's transaction."""
    session.execute(
        update(HandedOut)
        .where(HandedOut.code.in_(codes), HandedOut.issued_at.is_(None))
        .where(HandedOut.withdrawn_at.is_(None))
        .values(withdrawn_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def settle(session: Session, code: str, paper_id: int, at: datetime) -> None:
    """Keeps that a statement became the issue, in the transaction of that; raises ``Refused``
    (``session_expired``) for one that was withdrawn meanwhile, or ran out."""
    done = session.execute(
        update(HandedOut)
        .where(HandedOut.code == code, HandedOut.paper_id == paper_id)
        .where(HandedOut.withdrawn_at.is_(None), HandedOut.until > at)
        .values(issued_at=at)
        .returning(HandedOut.id)
    )
    if done.scalar() is None:
        raise Refused(Refusal("session_expired"))


def unissued(session: Session, now: datetime) -> Unissued:
    """What was handed out and did not become the issue, as it is now."""
    # A transaction that is under way may be as old as this and still come true.
    longest = now - MADE_WITHIN
    same = aliased(HandedOut)
    became = select(same.id).where(same.digest == HandedOut.digest, same.issued_at.is_not(None))
    live = (
        Paper.number.is_(None) & HandedOut.withdrawn_at.is_(None) & (HandedOut.until > longest)
    ).label("live")
    rows = session.execute(
        select(HandedOut.digest, HandedOut.begun_at, live)
        .join(Paper, Paper.id == HandedOut.paper_id)
        .where(HandedOut.issued_at.is_(None), ~became.exists())
        .where(HandedOut.digest.is_not(None) | (HandedOut.begun_at > longest - MADE_WITHIN))
    ).all()
    told = [row for row in rows if row.digest is not None]
    may = {str(row.digest) for row in told if row.live}
    over = {str(row.digest) for row in told} - may
    since = min((row.begun_at for row in rows if row.digest is None), default=None)
    return Unissued(sorted(over), sorted(may), since)
