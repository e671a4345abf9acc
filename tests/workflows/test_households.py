"""The household roll: counts per area and day, and nothing personal beyond a name."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.workflows.places import Country
from workflows import households
from workflows.households import Household


def add(session: Session, area_id: int, number: int, registered_on: date | None = None) -> None:
    session.add(
        Household(
            area_id=area_id,
            number=number,
            representative=f"Lê Thị Mẫu {number:03d}",
            address=f"Số {number}",
            registered_on=registered_on,
        )
    )
    session.flush()


def test_households_are_counted_per_area(session: Session, country: Country) -> None:
    first, second, empty = country.areas
    for number in (1, 2, 3):
        add(session, first, number)
    add(session, second, 1)
    assert households.count(session, first) == 3
    assert households.count(session, empty) == 0
    assert households.counts(session, country.areas) == {first: 3, second: 1, empty: 0}
    assert households.counts(session, []) == {}


def test_registered_counts_to_the_end_of_the_day(session: Session, country: Country) -> None:
    area = country.areas[0]
    add(session, area, 1, date(2026, 3, 31))
    add(session, area, 2, date(2026, 4, 1))
    add(session, area, 3)
    assert households.registered(session, area, date(2026, 3, 30)) == 0
    assert households.registered(session, area, date(2026, 3, 31)) == 1
    assert households.registered(session, area, date(2026, 4, 1)) == 2


def test_a_number_is_used_once_in_an_area(session: Session, country: Country) -> None:
    add(session, country.areas[0], 1)
    add(session, country.areas[1], 1)
    with pytest.raises(IntegrityError):
        add(session, country.areas[0], 1)


def test_the_roll_holds_nothing_more(session: Session) -> None:
    columns = {c["name"] for c in inspect(session.connection()).get_columns("households")}
    assert columns == {"id", "area_id", "number", "representative", "address", "registered_on"}
