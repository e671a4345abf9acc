"""What a commune's title needs of its subjects: counted as the year counts today, and of those
that were under the commune in that year."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from tests.workflows.places import Country
from tests.workflows.test_cycles_results import outcome
from workflows.shares import Figures, subjects_of

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
