"""Cycles: a year of assessment for a title, with the definition and the criteria it runs under."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import CheckConstraint, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.db import Base

SECURITY = "security"


class Cycle(Base):
    """One year of one title for one kind of unit; both law files are fixed for the whole of
    it. In ``definition_id``, ``{manager}`` stands for the level that manages the unit."""

    __tablename__ = "cycles"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(20), primary_key=True, default=SECURITY)
    definition_id: Mapped[str] = mapped_column(String(60))
    criteria_id: Mapped[str] = mapped_column(String(60))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    kind: Mapped[str] = mapped_column(
        String(10), primary_key=True, default="area", server_default="area"
    )

    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="dates_ordered"),
        CheckConstraint(
            "kind IN ('area', 'commune', 'school', 'agency', 'enterprise')", name="kind_known"
        ),
    )

    def definition_for(self, manager: str) -> str:
        """The workflow of a unit that this level manages."""
        return self.definition_id.format(manager=manager)


def cycle(session: Session, year: int, title: str = SECURITY, kind: str = "area") -> Cycle | None:
    """The cycle of a year for a kind of unit, if one was opened."""
    return session.get(Cycle, (year, title, kind))


def years(session: Session, title: str = SECURITY) -> Sequence[int]:
    """The years that have a cycle, the latest first."""
    query = select(Cycle.year).where(Cycle.title == title).distinct().order_by(Cycle.year.desc())
    return session.scalars(query).all()
