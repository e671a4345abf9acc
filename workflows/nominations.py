"""Nominations: one unit, one year, one title; and how one is opened."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.commands import Outcome, perform
from engine.db import Base
from engine.errors import NotFound, Refusal
from engine.house import House
from engine.move import Opening
from workflows.cycles import SECURITY, Cycle, cycle
from workflows.units import SCOPE_OF_UNIT, Unit, chain

OPEN = "open_registration"


class Nomination(Base):
    """What a nomination is about. Its state is that of its subject, written elsewhere."""

    __tablename__ = "nominations"

    id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    year: Mapped[int]
    title: Mapped[str] = mapped_column(String(20), default=SECURITY)

    __table_args__ = (
        UniqueConstraint("area_id", "year", "title"),
        Index("ix_nominations_year", "year"),
    )


def of_area(session: Session, area_id: int, year: int, title: str = SECURITY) -> int | None:
    """The nomination of an area for a year, if one was opened."""
    return session.scalar(
        select(Nomination.id).where(
            Nomination.area_id == area_id, Nomination.year == year, Nomination.title == title
        )
    )


def open_nomination(
    session: Session,
    house: House,
    person_id: int,
    area_id: int,
    year: int,
    key: str | None = None,
    *,
    title: str = SECURITY,
) -> Outcome:
    """Opens the nomination of a unit for a year, under the definition of its kind's cycle.

    Raises ``NotFound`` (``no_cycle``, ``no_such_unit``, ``no_workflow_at_level``),
    ``Forbidden``, ``Refused``.
    """
    units = chain(session, area_id)
    if not units:
        raise NotFound(Refusal("no_such_unit", {"id": area_id}))
    subject = next(unit for unit in units.values() if unit.id == area_id)
    found = cycle(session, year, title, subject.kind)
    if found is None:
        raise NotFound(Refusal("no_cycle", {"year": year}))
    above = next((unit for unit in units.values() if unit.id == subject.parent_id), None)
    opening = Opening(
        person_id,
        _definition(house, found, subject, above),
        OPEN,
        _scopes(units, subject),
        key=key,
        evidence={"area": area_id, "year": year, "title": title},
        as_of=found.starts_on,  # one definition for the whole of a cycle
    )
    return perform(session, house, opening)


def _scopes(units: Mapping[str, Unit], subject: Unit) -> dict[str, int]:
    scopes = {kind: unit.id for kind, unit in units.items()}
    if subject.kind in ("area", "commune"):
        return scopes  # whose people hold their offices at the place itself
    return scopes | {SCOPE_OF_UNIT: subject.id}


def _definition(house: House, found: Cycle, subject: Unit, above: Unit | None) -> str:
    """The workflow of the cycle for what the unit stands under."""
    wanted = found.definition_for(above.kind if above else "")
    try:
        house.named(wanted, found.starts_on)
    except NotFound:
        if wanted == found.definition_id:
            raise
        parent = above.title if above else "–"
        params = {"name": subject.heading, "parent": parent, "year": found.year}
        raise NotFound(Refusal("no_workflow_at_level", params)) from None
    return wanted
