"""The report's figures as records of the district, and its bodies spread over the units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from engine import clock
from workflows.demo.data import facts, spread
from workflows.demo.population import Spot, household_counts
from workflows.records.book import Record, RecordMeasure
from workflows.records.kinds import kind
from workflows.records.numbers import typed

Figures = Mapping[str, str]
Row = tuple[dict[str, Any], Figures]


def build_records(session: Session, spots: Sequence[Spot], seed: int) -> None:
    """Insert what the report states of the district, and, marked as assumed, the same bodies
    of each commune and area, which add up to it."""
    told = facts("records")
    district = next(spot for spot in spots if spot.code == told["unit"])
    rows = [_told(one, told, district.id) for one in told["records"]]
    for one in facts("bodies")["standing"]:
        rows.extend(_spread(one, spots, seed))
    at = clock.vietnam(told["source_on"])
    ids = session.scalars(
        insert(Record).returning(Record.id, sort_by_parameter_order=True),
        [{"entered_at": at, "withdrawn": False, **row} for row, _ in rows],
    )
    measures = [m for id, row in zip(ids, rows, strict=True) for m in _measures(id, *row)]
    session.execute(insert(RecordMeasure), measures)


def _measures(record_id: int, row: Mapping[str, Any], figures: Figures) -> Iterator[dict[str, Any]]:
    for name, text in figures.items():
        measure = kind(row["kind"]).measure(name)
        if measure is None:
            raise ValueError(f"{row['kind']} has no measure {name}")
        number = typed(text, measure.decimals)
        yield {
            "record_id": record_id,
            "measure": name,
            "value": number.value,
            "high": number.high,
            "mark": number.mark,
        }


def _told(one: Mapping[str, Any], file: Mapping[str, Any], unit_id: int) -> Row:
    starts_on, ends_on = _time(one, file["source_on"])
    row = {
        "unit_id": unit_id,
        "kind": one["kind"],
        "name": one.get("name", ""),
        "starts_on": starts_on,
        "ends_on": ends_on,
        "reference": one.get("reference", ""),
        "source": f"{file['source']}, {one['at']}",
        "source_on": file["source_on"],
        "confidence": "text",
        "note": one.get("note", ""),
    }
    return row, one.get("figures", {})


def _time(one: Mapping[str, Any], until: date) -> tuple[date, date]:
    """A day, a year, or some years; those of the report end on its day."""
    if "on" in one:
        return one["on"], one["on"]
    first, last = one.get("years") or (one["year"], one["year"])
    ends_on = date(last, 12, 31)
    return date(first, 1, 1), min(ends_on, until) if last > first else ends_on


def _spread(told: Mapping[str, Any], spots: Sequence[Spot], seed: int) -> Iterator[Row]:
    bodies = facts("bodies")
    units = [spot for spot in spots if spot.kind == told["at"]]
    by_households = told.get("by") == "households"
    weights = [*household_counts(units, seed).values()] if by_households else [1] * len(units)
    counts = {name: spread(told[name], weights) for name in ("groups", "members") if name in told}
    for place, unit in enumerate(units):
        row = {
            "unit_id": unit.id,
            "kind": told["kind"],
            "name": "",
            "starts_on": date(told["year"], 1, 1),
            "ends_on": date(told["year"], 12, 31),
            "reference": "",
            "source": f"{bodies['source']} ({bodies['spread']})",
            "source_on": None,
            "confidence": "assumed",
            "note": "",
        }
        yield row, {name: str(shares[place]) for name, shares in counts.items()}
