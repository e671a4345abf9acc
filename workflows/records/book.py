"""The tables of records. A row is never changed: a later row supersedes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Instant

MARKS = ("", "over", "nearly", "about")
"""How a source states a number: exactly, or as more than, almost, or around it."""

CONFIDENCE = ("text", "secondary", "assumed")
"""How well what a source says is known (the tags of the files of law)."""
UNSAID = "secondary"
"""Where nobody said: no record claims a text that nobody read."""


class Record(Base):
    """Some counts of one kind at one unit over one time, from one source.

    ``name`` tells records of a kind apart, ``reference`` is a number or symbol in somebody's
    book. ``supersedes_id`` is the row this one corrects; a ``withdrawn`` row takes it back.
    No person is named but who entered it.
    """

    __tablename__ = "records"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(120), default="")
    source: Mapped[str] = mapped_column(String(300))
    source_on: Mapped[date | None]
    confidence: Mapped[str] = mapped_column(String(10), default="text")
    note: Mapped[str] = mapped_column(String(500), default="")
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("records.id", ondelete="RESTRICT"))
    withdrawn: Mapped[bool] = mapped_column(default=False)
    measures: Mapped[list[RecordMeasure]] = relationship(lazy="selectin")

    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="dates_ordered"),
        CheckConstraint("confidence IN ('text', 'secondary', 'assumed')", name="confidence_known"),
        CheckConstraint("source <> ''", name="has_a_source"),
        CheckConstraint("NOT withdrawn OR supersedes_id IS NOT NULL", name="withdraws_something"),
        UniqueConstraint("supersedes_id"),
        Index("ix_records_unit_id_kind_starts_on", "unit_id", "kind", "starts_on"),
    )

    @property
    def values(self) -> Mapping[str, RecordMeasure]:
        """Its numbers by measure."""
        return {one.measure: one for one in self.measures}


class RecordMeasure(Base):
    """One number of a record: exact, or as its source states it (``mark``, ``high``)."""

    __tablename__ = "record_measures"

    record_id: Mapped[int] = mapped_column(
        ForeignKey("records.id", ondelete="RESTRICT"), primary_key=True
    )
    measure: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    high: Mapped[int | None] = mapped_column(BigInteger)
    mark: Mapped[str] = mapped_column(String(10), default="")

    __table_args__ = (
        CheckConstraint("mark IN ('', 'over', 'nearly', 'about')", name="mark_known"),
        CheckConstraint("value >= 0 AND (high IS NULL OR high > value)", name="value_ordered"),
    )
