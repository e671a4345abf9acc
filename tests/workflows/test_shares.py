"""What a commune's title needs of its subjects: counted as the year counts today, and of those
that were under the commune in that year."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from engine.db import writing
from tests.workflows.places import Country, move, unit
from tests.workflows.test_cycles_results import outcome
from workflows.cycles import open_year, without_subjects
from workflows.regimes import regime
from workflows.shares import Figures, subjects_of
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
