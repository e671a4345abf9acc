"""The household roll of a residential area: what a count and a list need, nothing more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.db import Base


class Household(Base):
    """A household residing in an area, and the day it registered to take part, if it did."""

    __tablename__ = "households"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    number: Mapped[int]
    representative: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(200))
    registered_on: Mapped[date | None]

    __table_args__ = (UniqueConstraint("area_id", "number"),)


def count(session: Session, area_id: int) -> int:
    """How many households reside in an area."""
    return session.scalar(select(func.count()).where(Household.area_id == area_id)) or 0


def counts(session: Session, area_ids: Iterable[int]) -> dict[int, int]:
    """The same for many areas in one query; an area without households is 0."""
    ids = list(area_ids)
    query = select(Household.area_id, func.count()).where(Household.area_id.in_(ids))
    found = session.execute(query.group_by(Household.area_id)).all()
    return dict.fromkeys(ids, 0) | dict(found)


def registered(session: Session, area_id: int, on: date) -> int:
    """How many households of an area had registered by the end of a day."""
    query = select(func.count()).where(Household.area_id == area_id, Household.registered_on <= on)
    return session.scalar(query) or 0
