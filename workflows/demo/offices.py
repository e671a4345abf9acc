"""Every office of the demonstration, filled with invented people who can sign in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from workflows.demo.data import Namer, chance, facts
from workflows.demo.population import Spot
from workflows.people import Account, Appointment, Person, hash_password


@dataclass(frozen=True, slots=True)
class Seat:
    """A person to be: where, under which name to sign in, and the offices to hold."""

    unit: Spot
    username: str
    offices: Sequence[dict[str, str]]


def at_home(spots: Sequence[Spot]) -> tuple[Spot, Spot]:
    """The commune and the area whose officers have the short sign-in names."""
    home = facts("place")["home"]
    commune = next(s for s in spots if s.kind == "commune" and s.code == home["commune"])
    area = next(s for s in spots if s.parent_id == commune.id and s.name == home["area"])
    return commune, area


def build_offices(session: Session, spots: Sequence[Spot], seed: int, year: int) -> list[str]:
    """Insert people, accounts and appointments; returns the sign-in names, in order."""
    seats = [*_seats(spots)]
    people = _people(session, len(seats), seed)
    # One hash for all: each takes tens of milliseconds, and the password is public anyway.
    password_hash = hash_password(facts("offices")["password"])
    session.execute(
        insert(Account),
        [
            {"person_id": person, "username": seat.username, "password_hash": password_hash}
            for person, seat in zip(people, seats, strict=True)
        ],
    )
    session.execute(insert(Appointment), [*_appointments(seats, people, year)])
    return [seat.username for seat in seats]


def _seats(spots: Sequence[Spot]) -> Iterator[Seat]:
    short = {spot.id for spot in at_home(spots)}
    for post in facts("offices")["posts"]:
        for unit in (spot for spot in spots if spot.kind == post["kind"]):
            bare = unit.id in short or unit.kind in ("district", "province")
            username = post["username"] if bare else f"{post['username']}-{unit.code}"
            yield Seat(unit, username, post["offices"])


def _people(session: Session, count: int, seed: int) -> Sequence[int]:
    namer = Namer(chance(seed, "offices"))
    rows = [
        {"name": namer.name(number), "phone": namer.phone(number), "invented": True}
        for number in range(1, count + 1)
    ]
    returning = insert(Person).returning(Person.id, sort_by_parameter_order=True)
    return session.scalars(returning, rows).all()


def _appointments(
    seats: Sequence[Seat], people: Sequence[int], year: int
) -> Iterator[dict[str, Any]]:
    told = facts("offices")
    since = date(year - told["held_for_years"], 1, 1)
    for seat, person in zip(seats, people, strict=True):
        for office in seat.offices:
            yield {
                "person_id": person,
                "role": office["role"],
                "unit_id": seat.unit.id,
                "title": office["title"].format(form=seat.unit.form),
                "capacity": office.get("capacity", ""),
                "starts_on": since,
                "basis": told["basis"],
            }
