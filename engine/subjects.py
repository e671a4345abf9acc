"""Everything with a state is a row of ``subjects``; only ``engine.commands`` writes one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant


class Subject(Base):
    """A thing that moves through a workflow, pinned to its definition by id and digest.

    ``version`` counts its moves; it equals the version of its latest history row.
    """

    __tablename__ = "subjects"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    definition_id: Mapped[str] = mapped_column(String(60))
    definition_digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    entered_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_subjects_kind_state", "kind", "state"),
        Index("ix_subjects_due_at", "due_at"),
    )


class SubjectScope(Base):
    """At which unit a role of that scope acts on the subject (``commune`` → its commune)."""

    __tablename__ = "subject_scopes"

    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(String(20), primary_key=True)
    unit_id: Mapped[int]

    __table_args__ = (Index("ix_subject_scopes_unit_id_subject_id", "unit_id", "subject_id"),)


class Waiting(Base):
    """On whom a subject waits now. Rewritten by each move; the inbox reads nothing else."""

    __tablename__ = "waiting"

    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    since: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_waiting_unit_id_role_due_at", "unit_id", "role", "due_at"),
        # What is most overdue in a whole province, without looking at the rest.
        Index("ix_waiting_due_at", "due_at"),
    )


class Link(Base):
    """A paper lists subjects, in an order; what happens to it happens to them."""

    __tablename__ = "links"

    paper_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    position: Mapped[int]

    __table_args__ = (Index("ix_links_subject_id", "subject_id"),)
