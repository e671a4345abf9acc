"""The demonstration: the district of the founding report, its places and counts real, its
people and everything else invented and marked so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.db import writing
from workflows.demo.data import Progress, facts
from workflows.demo.history import build_cycles, build_history, build_quoted
from workflows.demo.offices import at_home, build_offices
from workflows.demo.population import build_households, build_units
from workflows.demo.records import build_records
from workflows.demo.subjects import build_subjects
from workflows.units import Unit

SEED = 375


@dataclass(frozen=True, slots=True)
class World:
    """What was built, and where the short sign-in names hold their offices."""

    year: int
    province_id: int
    district_id: int
    commune_id: int
    area_id: int
    usernames: tuple[str, ...]


def password() -> str:
    """The password of every account of the demonstration."""
    return str(facts("offices")["password"])


def populate(
    session: Session,
    *,
    seed: int = SEED,
    year: int,
    latest: date = date.max,
    on_progress: Progress,
) -> World:
    """Build the whole demonstration in one transaction; the same seed builds the same.

    No household registered after ``latest``: the day on which the story begins.
    ``on_progress`` is told the step, how much is done and of how much. Raises
    ``ValueError`` on a database that has units already, or a year the report covers.
    """
    if year <= max(map(int, facts("history")["recognised"])):
        raise ValueError(f"{year} is history in the demonstration: choose a later year")
    with writing(session):
        if session.scalar(select(Unit.id).limit(1)) is not None:
            raise ValueError("the database is not empty: the demonstration wants its own")
        spots = build_units(session)
        total = len(spots) + build_subjects(session, spots[1].id)
        on_progress("units", total, total)
        usernames = build_offices(session, spots, seed, year)
        on_progress("offices", len(usernames), len(usernames))
        areas = [spot for spot in spots if spot.kind == "area"]
        build_households(session, areas, seed, year, latest, on_progress)
        build_records(session, spots, seed)
        build_cycles(session, year)
        build_history(session, spots, seed)
        build_quoted(session, spots[1].id)
        on_progress("history", 1, 1)
    commune, area = at_home(spots)
    return World(year, spots[0].id, spots[1].id, commune.id, area.id, tuple(usernames))
