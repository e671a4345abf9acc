"""What became of results that were taken over: the acts that revoked or corrected them.

The row taken over stays as it came; an act ends the days on which it counts, and a row of its
own tells what the year counts as from then on. An act is never changed: it is followed by
another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.db import Base, Instant
from workflows.results import Result

Act = Literal["revocation", "correction"]
ACTS: tuple[Act, ...] = get_args(Act)


class ResultAct(Base):
    """A result that was taken over was revoked by a decision, or corrected after a source.

    ``number`` and ``decided_on`` are those of the revoking decision, or of the decision as it
    is corrected; ``authority`` is who revoked, or what the correction rests on. ``office`` is
    that of whoever entered it, as the history keeps offices.
    """

    __tablename__ = "result_acts"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    area_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    year: Mapped[int]
    recognised: Mapped[bool]
    number: Mapped[str] = mapped_column(String(60))
    decided_on: Mapped[date | None]
    authority: Mapped[str] = mapped_column(String(160))
    effective_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(1000))
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    office: Mapped[dict[str, Any]] = mapped_column(JSON)
    entered_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("kind IN ('revocation', 'correction')", name="kind_known"),
        CheckConstraint("reason <> '' AND authority <> ''", name="reason_told"),
        CheckConstraint(
            "kind = 'correction' OR (NOT recognised AND number <> '' AND decided_on IS NOT NULL)",
            name="revoked_by_a_decision",
        ),
        Index("ix_result_acts_area_id_year", "area_id", "year"),
    )


class RestingOnAct(Base):
    """A paper rests on a year that was taken away. It counts while the paper is in force."""

    __tablename__ = "resting_on_acts"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    act_id: Mapped[int] = mapped_column(ForeignKey("result_acts.id"), primary_key=True)


def acts_of(session: Session, result: Result) -> Sequence[ResultAct]:
    """What was done to the result of that unit and year, the latest act first."""
    query = select(ResultAct).where(
        ResultAct.area_id == result.area_id, ResultAct.year == result.year
    )
    return session.scalars(query.order_by(ResultAct.id.desc())).all()
