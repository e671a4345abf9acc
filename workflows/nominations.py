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
LEVELS = ("commune", "district", "province")


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

    Raises ``NotFound`` (``no_cycle``, ``no_cycle_of_kind``, ``no_such_unit``,
    ``no_workflow_at_level``), ``Forbidden``, ``Refused``.
    """
    units = chain(session, area_id)
    if not units:
        raise NotFound(Refusal("no_such_unit", {"id": area_id}))
    subject = next(unit for unit in units.values() if unit.id == area_id)
    found = _cycle(session, year, title, subject.kind)
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


def lacking(session: Session, house: House, unit: Unit, year: int) -> Refusal | None:
    """Why no file of the unit could be opened for a year, whoever asks: the year is not open
    for its kind, or has no workflow for what it stands under. Told where units are kept, so
    that nobody finds out only when opening one."""
    above = session.get(Unit, unit.parent_id) if unit.parent_id else None
    try:
        _definition(house, _cycle(session, year, SECURITY, unit.kind), unit, above)
    except NotFound as missing:
        return missing.refusals[0]
    return None


def _cycle(session: Session, year: int, title: str, kind: str) -> Cycle:
    found = cycle(session, year, title, kind)
    if found is not None:
        return found
    query = select(Cycle.kind).where(Cycle.year == year, Cycle.title == title)
    if held := session.scalars(query.order_by(Cycle.kind)).all():
        told = {"year": year, "unit_kind": kind, "unit_kinds": list(held)}
        raise NotFound(Refusal("no_cycle_of_kind", told))
    raise NotFound(Refusal("no_cycle", {"year": year}))


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
        levels = [one for one in LEVELS if _known(house, found, one)]
        params = {"name": subject.heading, "parent": parent, "year": found.year, "level": levels}
        raise NotFound(Refusal("no_workflow_at_level", params)) from None
    return wanted


def _known(house: House, found: Cycle, level: str) -> bool:
    try:
        house.named(found.definition_for(level), found.starts_on)
    except NotFound:
        return False
    return True
