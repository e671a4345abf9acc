"""Cycles and results: small tables that hold the facts reports are made of."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.workflows.places import Country
from workflows import cycles, results
from workflows.cycles import Cycle
from workflows.results import Result


def cycle(year: int, **told: Any) -> Cycle:
    values = {"starts_on": date(year, 1, 1), "ends_on": date(year, 12, 31)} | told
    return Cycle(year=year, definition_id="de-an-375", criteria_id="de-an-375", **values)


def outcome(area_id: int, year: int, level: str | None = "commune", **told: Any) -> Result:
    values = {"recognised": level is not None, "source": "a report"} | told
    return Result(area_id=area_id, year=year, level=level, **values)


def test_a_year_has_one_cycle_of_a_title(session: Session) -> None:
    session.add_all([cycle(2011), cycle(2012), cycle(2012, title="other")])
    session.flush()
    assert cycles.years(session) == [2012, 2011]
    assert (found := cycles.cycle(session, 2012)) is not None
    assert found.definition_id == "de-an-375"
    assert cycles.cycle(session, 2013) is None
    session.expunge_all()
    session.add(cycle(2012))
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_cycle_does_not_end_before_it_starts(session: Session) -> None:
    session.add(cycle(2012, ends_on=date(2011, 12, 31)))
    with pytest.raises(IntegrityError):
        session.flush()


def test_the_results_of_an_area_come_latest_first(session: Session, country: Country) -> None:
    first, second, _ = country.areas
    session.add_all([outcome(first, 2011), outcome(first, 2012, None), outcome(second, 2012)])
    session.flush()
    assert [(r.year, r.recognised) for r in results.of_area(session, first)] == [
        (2012, False),
        (2011, True),
    ]
    assert (found := results.result(session, second, 2012)) is not None
    assert found.level == "commune"
    assert results.result(session, second, 2011) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": "hamlet"},
        {"level": None, "recognised": True},
        {"level": "commune", "recognised": False},
        {"source": ""},  # neither a nomination nor a source
        {"area_id": 999_999},
        {"nomination_id": 999_999},
        {"year": 2012},  # the area has a result of that year
    ],
)
def test_an_impossible_result_is_refused(
    session: Session, country: Country, wrong: dict[str, Any]
) -> None:
    session.add(outcome(country.areas[0], 2012))
    session.flush()
    session.add(outcome(**{"area_id": country.areas[0], "year": 2013} | wrong))
    with pytest.raises(IntegrityError):
        session.flush()
