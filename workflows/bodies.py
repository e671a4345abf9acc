"""Grassroots bodies: committees, teams, groups and self-management models, as counts only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.db import Base
from workflows.units import Unit


class GrassrootsUnit(Base):
    """How many groups and members one kind of body had at a unit in a year.

    Kinds: ``committee`` of a commune; ``subcommittee``, ``protection_team`` and
    ``security_group`` of an area; ``model`` of any unit, told apart by ``name``. A count
    nobody stated is null, never zero. Rosters of names are not kept.
    """

    __tablename__ = "grassroots_units"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120), default="")
    year: Mapped[int]
    groups: Mapped[int | None] = mapped_column(Integer)
    members: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (
        CheckConstraint(
            "kind IN ('committee', 'subcommittee', 'protection_team', 'security_group', 'model')",
            name="kind_known",
        ),
        CheckConstraint("groups >= 0 AND members >= 0", name="counts_not_negative"),
        UniqueConstraint("unit_id", "kind", "name", "year"),
    )


@dataclass(frozen=True, slots=True)
class Total:
    """The counts of one kind of body, over all units that stated them."""

    kind: str
    name: str
    year: int
    groups: int | None
    members: int | None


def totals(session: Session, unit_id: int) -> list[Total]:
    """The counts of every kind and year in a unit and everything under it."""
    down = select(Unit.id).where(Unit.id == unit_id).cte("down", recursive=True)
    down = down.union_all(select(Unit.id).join(down, Unit.parent_id == down.c.id))
    told = (GrassrootsUnit.kind, GrassrootsUnit.name, GrassrootsUnit.year)
    query = (
        select(*told, func.sum(GrassrootsUnit.groups), func.sum(GrassrootsUnit.members))
        .where(GrassrootsUnit.unit_id.in_(select(down.c.id)))
        .group_by(*told)
        .order_by(*told)
    )
    return [Total(*row) for row in session.execute(query)]
