"""The rows that a ceremony is kept in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant

WAITING, DONE, FAILED, LEFT_OUT = "waiting", "done", "failed", "left_out"


class Ceremony(Base):
    """One person's act over many papers.

    ``key`` is the form's, so that a form sent twice begins one ceremony. ``fingerprint`` is
    that of the one certificate, fixed at the start. ``beat_at`` moves on with every paper
    while somebody conducts it; ``halt`` tells why nobody does any more. ``round`` counts the
    starts, so that whoever was stopped does not go on beside whoever came after.
    """

    __tablename__ = "ceremonies"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    key: Mapped[str | None] = mapped_column(String(80))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    action: Mapped[str] = mapped_column(String(20))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    halt: Mapped[str | None] = mapped_column(String(40))
    round: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    beat_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("person_id", "key"),
        CheckConstraint("action IN ('sign', 'issue')", name="action_known"),
        Index("ix_ceremonies_open", "person_id", "ended_at"),
    )


class CeremonyPaper(Base):
    """One paper of a ceremony: its place, the version that was looked at, what came of it."""

    __tablename__ = "ceremony_papers"

    ceremony_id: Mapped[int] = mapped_column(ForeignKey("ceremonies.id"), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    position: Mapped[int]
    version: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(10), default=WAITING)
    refusals: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("ceremony_id", "position"),
        CheckConstraint(
            "outcome IN ('waiting', 'done', 'failed', 'left_out')", name="outcome_known"
        ),
        Index("ix_ceremony_papers_paper_id", "paper_id"),
    )
