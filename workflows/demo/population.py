"""The district of the founding report: its units and its household rolls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from workflows.demo.data import Namer, Progress, chance, facts, spread
from workflows.households import Household
from workflows.names import fold
from workflows.units import Unit, write_first_spans


@dataclass(frozen=True, slots=True)
class Spot:
    """A unit as the builder needs it: plain values, with the id the database gave."""

    id: int
    kind: str
    name: str
    form: str
    code: str
    parent_id: int | None


def build_units(session: Session) -> list[Spot]:
    """Insert the province, the district, its communes and areas; in that order."""
    place = facts("place")
    upper = [{**place["province"], "kind": "province", "parent_id": None, "sort": 1}]
    spots = _insert(session, upper)
    upper = [{**place["district"], "kind": "district", "parent_id": spots[0].id, "sort": 1}]
    spots += _insert(session, upper)
    spots += _insert(session, [*_communes(place["communes"], spots[1].id)])
    by_code = {spot.code: spot.id for spot in spots if spot.kind == "commune"}
    spots += _insert(session, [*_areas(place["communes"], by_code)])
    write_first_spans(session)
    return spots


def _communes(communes: Sequence[Mapping[str, Any]], district: int) -> Iterator[dict[str, Any]]:
    for sort, commune in enumerate(communes, 1):
        told = {key: commune[key] for key in ("code", "name", "form")}
        yield {**told, "kind": "commune", "parent_id": district, "sort": sort}


def _areas(
    communes: Sequence[Mapping[str, Any]], by_code: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    for commune in communes:
        form, named = commune["area_form"], commune.get("named", [])
        numbered = commune["areas"] - len(named)
        names = [f"{form.capitalize()} {n}" for n in range(1, numbered + 1)] + named
        for sort, name in enumerate(names, 1):
            yield {
                "kind": "area",
                "parent_id": by_code[commune["code"]],
                "name": name,
                "form": form,
                "code": f"{commune['code']}-{sort:02d}",
                "sort": sort,
            }


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> list[Spot]:
    since = facts("place")["since"]
    full = [{**row, "folded": fold(row["name"]), "starts_on": since} for row in rows]
    ids = session.scalars(insert(Unit).returning(Unit.id, sort_by_parameter_order=True), full)
    keys = ("kind", "name", "form", "code", "parent_id")
    return [Spot(id, **{key: row[key] for key in keys}) for id, row in zip(ids, rows, strict=True)]


def household_counts(areas: Sequence[Spot], seed: int) -> dict[int, int]:
    """How many households each area has: uneven, and exactly the total of the report."""
    choices = chance(seed, "sizes")
    weights = [choices.randint(60, 140) for _ in areas]
    shares = spread(facts("place")["households"], weights)
    return {area.id: share for area, share in zip(areas, shares, strict=True)}


def build_households(
    session: Session, areas: Sequence[Spot], seed: int, year: int, latest: date, progress: Progress
) -> None:
    """Insert every household roll, registered on one day of the first quarter per area, or on
    the latest day that may be if that quarter is yet to come."""
    choices = chance(seed, "households")
    namer, address = Namer(choices), str(facts("place")["address"])
    sizes = household_counts(areas, seed)
    total, done = sum(sizes.values()), 0
    for area in areas:
        drawn = date(year, 1, 5) + timedelta(days=choices.randrange(80))
        registered_on = min(drawn, latest)
        rows = [
            {
                "area_id": area.id,
                "number": number,
                "representative": namer.name(number),
                "address": address.format(number=number, area=area.name),
                "registered_on": registered_on,
            }
            for number in range(1, sizes[area.id] + 1)
        ]
        session.execute(insert(Household), rows)
        done += len(rows)
        progress("households", done, total)
