"""Terms end as the law counts them: working days, Tết, swapped days, midnight in Vietnam."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import clock
from engine.calendar import Calendar
from engine.definition import Due

DAYS = st.dates(date(2017, 1, 1), date(2030, 12, 31))


def _day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-11-05", True),  # a Thursday
        ("2026-11-07", False),  # a Saturday
        ("2026-11-08", False),  # a Sunday
        ("2026-01-01", False),  # New Year
        ("2026-02-17", False),  # the first day of Tết
        ("2026-02-18", False),
        ("2026-04-26", False),  # Hùng Kings' day, a Sunday too
        ("2026-04-30", False),  # Reunification day
        ("2026-05-01", False),  # Labour day
        ("2026-09-02", False),  # National day
        ("2026-03-02", True),
    ],
)
def test_public_holidays_and_weekends_are_not_worked(day: str, works: bool) -> None:
    assert Calendar().works(_day(day)) is works


def test_a_correction_wins_over_the_library_and_the_weekend() -> None:
    swapped = Calendar(corrections={_day("2026-11-07"): True, _day("2026-11-05"): False})
    assert swapped.works(_day("2026-11-07"))
    assert not swapped.works(_day("2026-11-05"))
    assert swapped.works(_day("2026-11-06"))


@pytest.mark.parametrize(
    ("day", "count", "last"),
    [
        ("2026-11-05", 1, "2026-11-06"),  # the day itself is not counted
        ("2026-11-05", 2, "2026-11-09"),  # over a weekend
        ("2026-11-06", 5, "2026-11-13"),
        ("2026-11-07", 1, "2026-11-09"),  # entered on a Saturday
        ("2026-04-29", 1, "2026-05-04"),  # over both holidays and a weekend
        ("2026-12-31", 1, "2027-01-04"),  # into the next year
    ],
)
def test_working_days_are_counted_from_the_next_day(day: str, count: int, last: str) -> None:
    assert Calendar().add_working_days(_day(day), count) == _day(last)


def test_a_swapped_saturday_counts_as_a_working_day() -> None:
    swapped = Calendar(corrections={_day("2026-11-07"): True})
    assert swapped.add_working_days(_day("2026-11-06"), 1) == _day("2026-11-07")


@pytest.mark.parametrize(
    ("day", "count", "last"),
    [
        ("2026-11-05", 5, "2026-11-10"),
        ("2026-11-05", 2, "2026-11-09"),  # ends on a Saturday: the next working day
        ("2026-08-31", 2, "2026-09-03"),  # ends on National day
    ],
)
def test_a_term_in_days_rolls_to_the_next_working_day(day: str, count: int, last: str) -> None:
    calendar = Calendar(corrections={_day("2026-09-01"): False})
    assert calendar.add_days(_day(day), count) == _day(last)


@given(DAYS, st.integers(1, 60))
def test_a_term_never_ends_on_a_free_day_nor_too_early(day: date, count: int) -> None:
    calendar = Calendar()
    working = calendar.add_working_days(day, count)
    assert calendar.works(working)
    between = (day + timedelta(days=n) for n in range(1, (working - day).days + 1))
    assert sum(calendar.works(one) for one in between) == count
    rolled = calendar.add_days(day, count)
    assert calendar.works(rolled)
    assert rolled >= day + timedelta(days=count)
    free = (day + timedelta(days=n) for n in range(count, (rolled - day).days))
    assert not any(calendar.works(one) for one in free)


@pytest.mark.parametrize("due", [Due(working_days=2), Due(days=2)])
def test_a_deadline_is_the_midnight_in_vietnam_that_ends_the_last_day(due: Due) -> None:
    morning = datetime(2026, 11, 3, 1, tzinfo=UTC)
    end = datetime(2026, 11, 5, 17, tzinfo=UTC)
    assert Calendar().deadline(due, morning) == end
    # 23:30 of the third, in Vietnam, is still the third.
    assert Calendar().deadline(due, datetime(2026, 11, 3, 16, 30, tzinfo=UTC)) == end
    assert Calendar().deadline(due, datetime(2026, 11, 3, 17, 0, tzinfo=UTC)) > end
    assert clock.law_date(end - timedelta(microseconds=1)) == _day("2026-11-05")
