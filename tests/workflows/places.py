"""A small country for tests: one province, two districts, and areas under two communes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.db import writing
from workflows.units import SPANNED, Unit, UnitSpan

SINCE = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Country:
    """The ids of what ``settle`` made; ``areas`` of the first commune, then of the second."""

    province: int
    district: int
    other_district: int
    commune: int
    other_commune: int
    areas: tuple[int, ...]
    other_areas: tuple[int, ...]


def unit(kind: str, name: str, form: str, code: str, parent: Unit | None, sort: int = 1) -> Unit:
    parent_id = parent.id if parent else None
    return Unit(
        kind=kind, name=name, form=form, code=code, parent_id=parent_id, starts_on=SINCE, sort=sort
    )


def settle(session: Session) -> Country:
    """Insert the units: three areas in one commune, two in another of another district."""
    with writing(session):
        province = _add(session, unit("province", "Thanh Hoá", "tỉnh", "38", None))
        district = _add(session, unit("district", "Nga Sơn", "huyện", "401", province))
        other = _add(session, unit("district", "Hà Trung", "huyện", "402", province, 2))
        commune = _add(session, unit("commune", "Nga An", "xã", "16144", district))
        town = _add(session, unit("commune", "Hà Trung", "thị trấn", "16200", other))
        first = [
            _add(session, unit("area", f"Thôn {n}", "thôn", f"16144-0{n}", commune, n))
            for n in (1, 2, 18)
        ]
        second = [
            _add(session, unit("area", f"Tiểu khu {n}", "tiểu khu", f"16200-0{n}", town, n))
            for n in (1, 2)
        ]
        return Country(
            province.id,
            district.id,
            other.id,
            commune.id,
            town.id,
            tuple(area.id for area in first),
            tuple(area.id for area in second),
        )


def move(session: Session, unit_id: int, parent_id: int, on: date) -> None:
    """From that day on the unit belongs elsewhere."""
    with writing(session):
        unit = session.get_one(Unit, unit_id)
        last = select(UnitSpan).where(UnitSpan.unit_id == unit_id, UnitSpan.ends_on.is_(None))
        span = session.scalars(last).one()
        span.ends_on = on - timedelta(days=1)
        values = {name: getattr(unit, name) for name in SPANNED}
        values |= {"starts_on": on, "parent_id": parent_id}
        session.add(UnitSpan(unit_id=unit_id, **values))
        unit.parent_id = parent_id


def _add(session: Session, row: Unit) -> Unit:
    session.add(row)
    session.flush()
    return row
