"""Results: what was decided about a residential area for a year, by which level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.db import Base


class Result(Base):
    """Recognised or not, for one area and year; the facts that streaks are counted from.

    ``level`` is the highest authority that recognised this year's result. ``nomination_id``
    is empty for a year taken over from elsewhere; then ``source`` says from where.
    """

    __tablename__ = "results"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    year: Mapped[int]
    recognised: Mapped[bool]
    level: Mapped[str | None] = mapped_column(String(10))
    nomination_id: Mapped[int | None] = mapped_column(
        ForeignKey("nominations.id", ondelete="RESTRICT")
    )
    decision_number: Mapped[str | None] = mapped_column(String(60))
    decided_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (
        CheckConstraint(
            "level IS NULL OR level IN ('commune', 'district', 'province')", name="level_known"
        ),
        CheckConstraint("recognised = (level IS NOT NULL)", name="level_if_recognised"),
        CheckConstraint(
            "nomination_id IS NOT NULL OR source <> ''", name="nominated_or_from_a_source"
        ),
        UniqueConstraint("area_id", "year"),
        # Covers the yearly table: its windows run along this index without a sort.
        Index("ix_results_area_id_recognised_year", "area_id", "recognised", "year"),
        Index("ix_results_year_recognised", "year", "recognised"),
        Index("ix_results_nomination_id", "nomination_id"),
    )


def of_area(session: Session, area_id: int) -> Sequence[Result]:
    """Every result of an area, the latest year first."""
    query = select(Result).where(Result.area_id == area_id).order_by(Result.year.desc())
    return session.scalars(query).all()


def result(session: Session, area_id: int, year: int) -> Result | None:
    """The result of an area for a year, if there is one."""
    query = select(Result).where(Result.area_id == area_id, Result.year == year)
    return session.scalars(query).first()
