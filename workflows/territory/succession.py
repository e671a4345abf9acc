"""Who goes on with what a unit had begun, once it is no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from workflows.lineage import UnitLineage, successors
from workflows.units import Unit


def stands(session: Session, unit_id: int, on: date) -> bool:
    """Whether the unit is there on that day."""
    unit = session.get(Unit, unit_id)
    return bool(unit and unit.starts_on <= on and (unit.ends_on is None or on <= unit.ends_on))


def successor_on(session: Session, unit_id: int, on: date) -> int | None:
    """The unit that has taken the place of this one by that day: itself while it stands.

    Nothing where several did (it was split) or nobody: then no rule says who goes on.
    """
    seen: set[int] = set()
    while not stands(session, unit_id, on):
        seen.add(unit_id)
        links = successors(session, [unit_id]).get(unit_id, [])
        following = {link.unit_id for link in links if link.effective_on <= on} - seen
        if len(following) != 1:
            return None
        (unit_id,) = following
    return unit_id


def succeeds(session: Session, unit_id: int, former_id: int, on: date) -> bool:
    """Whether the unit is the former one, or has taken its place by that day."""
    return unit_id == former_id or successor_on(session, former_id, on) == unit_id


_BEFORE = select(UnitLineage.predecessor_id).where(
    UnitLineage.successor_id.in_(bindparam("units", expanding=True)),
    UnitLineage.effective_on <= bindparam("on"),
)


def former_of(session: Session, unit_ids: Iterable[int], on: date) -> set[int]:
    """The units that these have taken the place of by that day, however far back."""
    found: set[int] = set()
    level = set(unit_ids)
    while level:
        level = set(session.scalars(_BEFORE, {"units": level, "on": on})) - found
        found |= level
    ended = select(Unit.id).where(Unit.id.in_(found), Unit.ends_on < on)
    return set(session.scalars(ended)) if found else set()


def going_on_merged(session: Session) -> Sequence[tuple[Unit, Unit, date]]:
    """Who is said to have been merged, into whom and on which day, and yet goes on from then: the
    same people would count twice. Acts and sheets make none; older data may hold some."""
    before, after = aliased(Unit), aliased(Unit)
    query = (
        select(before, after, UnitLineage.effective_on)
        .join(before, before.id == UnitLineage.predecessor_id)
        .join(after, after.id == UnitLineage.successor_id)
        .where(
            UnitLineage.kind == "merge",
            or_(before.ends_on.is_(None), before.ends_on >= UnitLineage.effective_on),
        )
        .order_by(before.code, before.id, after.id)
    )
    return [(one, other, on) for one, other, on in session.execute(query)]
