"""What a commune's title needs of its subjects: counted as the year counts today, and of those
that were under the commune in that year."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from tests.workflows.places import Country, move, unit
from tests.workflows.test_cycles_results import outcome
from workflows.cycles import open_year, without_subjects
from workflows.regimes import regime
from workflows.shares import Figures, Subjects, subjects_of
from workflows.territory.acts import decree
from workflows.territory.orders import Order
from workflows.units import Unit

TITLE = "security"


def areas(session: Session, commune: int, year: int) -> Figures:
    return subjects_of(session, commune, year, TITLE, ("area",)).kinds["area"]


def test_a_subject_that_lost_its_decision_counts_no_more(
    session: Session, country: Country
) -> None:
    first, second, _ = country.areas
    lost_on = date(2012, 9, 1)
    session.add_all(
        [
            outcome(first, 2011),
            outcome(second, 2011, counts_until=lost_on),
            outcome(second, 2011, None, counts_from=lost_on),
        ]
    )
    session.flush()
    assert areas(session, country.commune, 2011).recognised == 1


def test_a_year_counts_the_subjects_that_were_under_the_commune_then(
    session: Session, country: Country
) -> None:
    moved = country.areas[2]
    move(session, moved, country.other_commune, date(2020, 7, 1))
    session.add_all([outcome(area, year) for area in country.areas for year in (2012, 2020)])
    session.flush()
    assert areas(session, country.commune, 2012) == Figures(3, 3, 3)
    assert areas(session, country.commune, 2020) == Figures(2, 2, 2)
    assert areas(session, country.other_commune, 2020) == Figures(3, 1, 1)


def test_a_merger_within_the_year_counts_from_its_day_and_as_what_it_came_of(
    session: Session, country: Country
) -> None:
    """Recorded beforehand it takes nobody out and asks nothing of who does not exist yet."""
    first, second, _ = country.areas
    session.add_all([outcome(first, 2020), outcome(second, 2020, decided_on=date(2020, 11, 18))])
    session.commit()
    into = {"name": "Thôn Mới", "form": "thôn", "code": "16144-61", "parent": "16144"}
    merged = {"act": "merge", "units": ["16144-01", "16144-02"], "into": [into]}
    with clock.fixed_at(clock.vietnam(date(2020, 11, 17))):
        order = {**merged, "deed": {"effective_on": "2020-12-01"}}
        decree(session, [Order.model_validate(order)])
        assert areas(session, country.commune, 2020) == Figures(3, 1, 1)

    def on(day: date) -> Subjects:
        return subjects_of(session, country.commune, 2020, TITLE, ("area",), day)

    assert on(date(2020, 11, 30)).total == Figures(3, 2, 2)
    told = on(date(2020, 12, 1))
    assert told.total == Figures(2, 1, 1)
    (new,) = [one for one in told.counted if one.recognised]
    assert (new.name, new.former) == ("Thôn Mới", (first, second))
    assert told.before(new) == "Thôn 1, Thôn 2"
    session.add(outcome(new.unit_id, 2020, None))
    session.flush()
    assert on(date(2020, 12, 31)).total == Figures(2, 1, 0), "its own year counts by itself"


def test_who_may_not_be_nominated_is_no_subject_though_no_year_is_open(
    session: Session, country: Country
) -> None:
    with writing(session):
        parent = session.get_one(Unit, country.commune)
        for number, category in enumerate(("primary", "lower_secondary", "")):
            school = unit("school", f"Trường {number}", "trường", f"GD-{number}", parent, number)
            school.category = category
            session.add(school)
    opened = open_year(session, regime("two-tier-2025"), 2026, kinds=["commune"])
    told = subjects_of(session, country.commune, 2026, TITLE, ("area", "school")).kinds
    assert told["school"].subjects == 1
    (warning,) = without_subjects(session, opened)
    assert warning.params["kinds"] == "area, agency, enterprise, school"
