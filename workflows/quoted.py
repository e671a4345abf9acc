"""Figures that old papers quote, kept as they stand there beside what the records come to.

A quoted percentage is never computed over: it is compared, and a difference is told.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base

PERCENT = "percent"
"""The share of a unit's areas that were recognised in a year."""


class Quoted(Base):
    """What a paper says of a unit and a year, in its own digits.

    ``denominator`` and ``basis``: of how many, and on what that rests; none where the paper
    does not say and nobody established it. ``source`` names the paper.
    """

    __tablename__ = "quoted_figures"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    year: Mapped[int]
    what: Mapped[str] = mapped_column(String(20), default=PERCENT)
    quoted: Mapped[str] = mapped_column(String(20))
    denominator: Mapped[int | None]
    basis: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str] = mapped_column(String(300))

    __table_args__ = (
        CheckConstraint("what IN ('percent')", name="what_known"),
        CheckConstraint("denominator > 0", name="denominator_counts"),
        UniqueConstraint("unit_id", "year", "what"),
    )
