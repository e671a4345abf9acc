"""Results: what was decided about a residential area for a year, by which level."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base

EVER = date.min
"""From when a result counts that was not preceded by another."""
COUNTS = "counts_until IS NULL OR counts_from < counts_until"
"""Of a row: that there is a day on which it counts."""


class Result(Base):
    """Recognised or not, for one area and year; the facts that streaks are counted from.

    ``level`` is the highest authority that recognised this year's result. ``nomination_id``
    is empty for a year taken over from elsewhere; then ``source`` says from where.

    A paper may be revoked from a later day on: until then the year counts as before, so an
    area may have several rows of a year, one for each span of days (``counting``). So has a
    year taken over from elsewhere that an act (``workflows.takeover.acts``) revoked or
    corrected: ``ended_by_id`` is the act that ended a row, ``made_by_id`` the one that wrote it.
    A row that an act ended on its own first day counts on none.
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
    counts_from: Mapped[date] = mapped_column(default=EVER)
    counts_until: Mapped[date | None]
    made_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("result_acts.id", ondelete="RESTRICT")
    )
    ended_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("result_acts.id", ondelete="RESTRICT")
    )

    __table_args__ = (
        CheckConstraint(
            "level IS NULL OR level IN ('commune', 'district', 'province')", name="level_known"
        ),
        CheckConstraint("recognised = (level IS NOT NULL)", name="level_if_recognised"),
        CheckConstraint(
            "nomination_id IS NOT NULL OR source <> ''", name="nominated_or_from_a_source"
        ),
        CheckConstraint(
            f"{COUNTS} OR (counts_from = counts_until AND ended_by_id IS NOT NULL)",
            name="counting_days_ordered",
        ),
        Index(
            "uq_results_area_id_year_counts_from",
            *("area_id", "year", "counts_from"),
            unique=True,
            sqlite_where=text(COUNTS),
            postgresql_where=text(COUNTS),
        ),
        # Covers the yearly table: its windows run along this index without a sort.
        Index(
            "ix_results_area_id_recognised_year",
            "area_id",
            "recognised",
            "year",
            "counts_from",
            "counts_until",
        ),
        Index("ix_results_year_recognised", "year", "recognised"),
        Index("ix_results_nomination_id", "nomination_id"),
    )


def counting(on: date | BindParameter[date] | None = None) -> ColumnElement[bool]:
    """Whether a row is what its year counts as on a day (today); of each year one is at most."""
    day = clock.today() if on is None else on
    return (Result.counts_from <= day) & or_(
        Result.counts_until.is_(None), Result.counts_until > day
    )


def of_area(session: Session, area_id: int, on: date | None = None) -> Sequence[Result]:
    """Every result of an area as of a day (today), the latest year first."""
    query = select(Result).where(Result.area_id == area_id, counting(on))
    return session.scalars(query.order_by(Result.year.desc())).all()


def kept_until(session: Session, nomination_ids: Collection[int]) -> Mapping[int, date]:
    """Of the nominations whose recognition ends on a day to come (a revocation may name it):
    the last day on which their year counts as before."""
    query = select(Result.nomination_id, Result.counts_until).where(
        Result.nomination_id.in_(nomination_ids),
        Result.recognised,
        Result.counts_until.is_not(None),
        counting(),
    )
    rows = session.execute(query) if nomination_ids else ()
    return {id: until - timedelta(days=1) for id, until in rows if id and until}


def result(session: Session, area_id: int, year: int, on: date | None = None) -> Result | None:
    """The result of an area for a year as of a day (today), if there is one."""
    query = select(Result).where(Result.area_id == area_id, Result.year == year, counting(on))
    return session.scalars(query).first()
