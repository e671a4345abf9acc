"""What somebody has typed into the form of a move and not sent yet; nothing binds on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant, writing


class Draft(Base):
    """One person's unsent inputs for one move of one subject, as they were typed."""

    __tablename__ = "drafts"

    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="RESTRICT"), primary_key=True
    )
    action: Mapped[str] = mapped_column(String(60), primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_drafts_person_id", "person_id"),)


def find(session: Session, subject_id: int, person_id: int, action: str) -> Draft | None:
    """This person's draft of that move, if there is one."""
    return session.get(Draft, (subject_id, person_id, action))


def save(
    session: Session, subject_id: int, person_id: int, action: str, data: Mapping[str, Any]
) -> datetime:
    """Keeps the inputs in place of those kept before; the instant of saving."""
    at = clock.now()
    with writing(session):
        session.merge(
            Draft(
                subject_id=subject_id,
                person_id=person_id,
                action=action,
                data=dict(data),
                saved_at=at,
            )
        )
    return at


def drop(session: Session, subject_id: int, person_id: int, action: str) -> None:
    """Forgets the inputs: they were sent, or nobody wants them any more."""
    with writing(session):
        session.execute(
            delete(Draft).where(
                Draft.subject_id == subject_id,
                Draft.person_id == person_id,
                Draft.action == action,
            )
        )
