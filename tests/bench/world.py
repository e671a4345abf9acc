"""A province of any size in the middle of its season: places, people, files and papers.

Its districts are as large as the report's: 27 communes, 234 areas.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from itertools import chain
from typing import Any

from sqlalchemy import Connection, insert, text
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.house import House
from tests.bench.files import REGIME, insert_many, nominate
from tests.workflows.officials import HOUSEHOLDS, OFFICES
from workflows.cycles import Cycle
from workflows.households import Household
from workflows.names import fold
from workflows.people import Account, Appointment, Person
from workflows.results import Result
from workflows.units import Unit

TODAY = date(2026, 9, 14)
NOW = clock.vietnam(TODAY, time(9))
SINCE = date(2010, 1, 1)
CRITERIA = "tt-124-2021"
COMMUNES, AREAS = 27, 234
"""Of a district."""

FREE = 2
"""Areas of the first commune that are left without a nomination."""


@dataclass
class World:
    """The ids of what was written. ``people`` hold the offices over the first commune and
    its areas, by the names of the tests' stage; ``accounts`` are those of the officials."""

    province: int = 0
    districts: list[int] = field(default_factory=list)
    communes: dict[int, int] = field(default_factory=dict)
    """With the district of each."""

    areas: dict[int, list[int]] = field(default_factory=dict)
    """By their commune."""

    people: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)

    @property
    def free(self) -> list[int]:
        """Areas with a roll of households and without a nomination."""
        return self.areas[self.commune][:FREE]

    def places(self) -> Iterator[dict[str, int]]:
        """Every other area with what it lies in, by scope."""
        for commune, areas in self.areas.items():
            above = {"district": self.communes[commune], "province": self.province}
            for area in areas:
                if area not in self.free:
                    yield {"area": area, "commune": commune, **above}

    @property
    def commune(self) -> int:
        """The first one."""
        return next(iter(self.communes))


def build(session: Session, house: House, size: int, *, files: bool = True) -> World:
    """Writes a world of so many areas. All but a few have nominations and papers under way,
    unless ``files`` is false: then all have a roll of households instead."""
    world = World()
    with clock.fixed_at(NOW), writing(session):
        connection = session.connection()
        _units(connection, world, size)
        _people(connection, world)
        every = chain.from_iterable(world.areas.values())
        _rolls(connection, world.free if files else list(every))
        _cycle(connection)
        if files:
            _results(connection, world)
            nominate(connection, house, world.places(), NOW)
    _analyse(session)
    return world


def _analyse(session: Session) -> None:
    """Tells the database what a server in use knows by itself."""
    session.execute(text("ANALYZE"))
    session.commit()


def _units(connection: Connection, world: World, size: int) -> None:
    (world.province,) = insert_many(
        connection, Unit, [_unit("province", "Thanh Hóa", "tỉnh", None, 1)]
    )
    count = max(1, round(size / AREAS))
    world.districts = insert_many(
        connection,
        Unit,
        [_unit("district", f"Nga Sơn {n}", "huyện", world.province, n) for n in range(count)],
    )
    count = max(2, round(size * COMMUNES / AREAS))
    above = [world.districts[n * len(world.districts) // count] for n in range(count)]
    rows = [_unit("commune", f"Nga {n}", "xã", district, n) for n, district in enumerate(above)]
    communes = insert_many(connection, Unit, rows)
    world.communes = dict(zip(communes, above, strict=True))
    placed = [communes[n * count // size] for n in range(size)]
    rows = [_unit("area", f"Thôn {n}", "thôn", commune, n) for n, commune in enumerate(placed)]
    for commune, area in zip(placed, insert_many(connection, Unit, rows), strict=True):
        world.areas.setdefault(commune, []).append(area)


def _unit(kind: str, name: str, form: str, parent: int | None, sort: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "parent_id": parent,
        "name": name,
        "form": form,
        "code": f"{parent or 0}-{sort}",
        "folded": fold(name),
        "starts_on": SINCE,
        "sort": sort,
    }


def _people(connection: Connection, world: World) -> None:
    """Somebody in every office; those over the first commune can sign in."""
    seats = [*_seats(world)]
    rows = [
        {"name": f"Lê Văn Mẫu {n}", "phone": f"0000 {n:06}", "invented": True}
        for n in range(len(seats))
    ]
    people = insert_many(connection, Person, rows)
    offices = [
        {"person_id": person, "starts_on": SINCE, **office}
        for person, (_, office) in zip(people, seats, strict=True)
    ]
    connection.execute(insert(Appointment), offices)
    world.people = {name: person for person, (name, _) in zip(people, seats, strict=True) if name}
    names = [name for name in world.people if name in OFFICES]
    rows = [
        {"person_id": world.people[name], "username": name, "password_hash": "none fits"}
        for name in names
    ]
    world.accounts = dict(zip(names, insert_many(connection, Account, rows), strict=True))


def _seats(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every office with where it is held, and the names of those known by name."""
    units = {"province": [world.province], "district": world.districts}
    units["commune"] = list(world.communes)
    for name, (role, level, title) in OFFICES.items():
        for number, unit in enumerate(units[level]):
            known = name if number == 0 else ""
            yield known, {"role": role, "unit_id": unit, "title": title}
    for area in chain.from_iterable(world.areas.values()):
        yield f"head {area}", {"role": "hamlet_head", "unit_id": area, "title": "Trưởng thôn"}


def _rolls(connection: Connection, areas: Sequence[int]) -> None:
    rows = [
        {
            "area_id": area,
            "number": number,
            "representative": f"Mẫu {number}",
            "address": "",
            "registered_on": date(TODAY.year, 3, 1),
        }
        for area in areas
        for number in range(1, HOUSEHOLDS + 1)
    ]
    connection.execute(insert(Household), rows)


def _cycle(connection: Connection) -> None:
    connection.execute(
        insert(Cycle).values(
            year=TODAY.year,
            title="security",
            definition_id=REGIME,
            criteria_id=CRITERIA,
            starts_on=date(TODAY.year, 1, 1),
            ends_on=date(TODAY.year, 12, 31),
        )
    )


def _results(connection: Connection, world: World) -> None:
    """What was published of the two years before: two areas of three were recognised."""
    rows = [
        {
            "area_id": area,
            "year": year,
            "recognised": bool((area + year) % 3),
            "level": "commune" if (area + year) % 3 else None,
            "source": "báo cáo",
        }
        for year in (TODAY.year - 2, TODAY.year - 1)
        for area in chain.from_iterable(world.areas.values())
    ]
    connection.execute(insert(Result), rows)
