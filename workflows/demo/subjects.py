"""The subjects of the founding report that are no places: its schools, agencies, enterprises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from workflows.demo.data import facts
from workflows.names import fold
from workflows.units import Unit, write_first_spans


def build_subjects(session: Session, district_id: int) -> int:
    """Insert them under the district, by the counts of the report; how many they are. No
    result is inserted: the report tells none."""
    rows = [*_rows(district_id)]
    session.execute(insert(Unit), rows)
    write_first_spans(session)
    return len(rows)


def _rows(district_id: int) -> Iterator[dict[str, Any]]:
    told = facts("subjects")
    for group in told["subjects"]:
        for number in range(1, group["count"] + 1):
            name = group["name"].format(number=number)
            yield {
                "kind": group["kind"],
                "parent_id": district_id,
                "name": name,
                "folded": fold(name),
                "form": group["form"],
                "code": group["code"].format(number=number),
                "starts_on": told["since"],
                "sort": number,
                "category": group["category"],
            }
