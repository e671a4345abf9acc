"""Instants are in UTC, law dates in Vietnam, and there is one clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import clock

INSTANTS = st.integers(0, 4 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC))


def test_now_is_aware_and_moves_on() -> None:
    before = clock.now()
    assert before.tzinfo is UTC
    assert clock.now() >= before


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 4, 16, 59, 59, tzinfo=UTC), date(2026, 11, 4)),
        (datetime(2026, 11, 4, 17, 0, tzinfo=UTC), date(2026, 11, 5)),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_law_date_changes_at_midnight_in_vietnam(instant: datetime, day: date) -> None:
    assert clock.law_date(instant) == day
    with clock.fixed_at(instant):
        assert clock.today() == day


@given(INSTANTS)
def test_an_instant_falls_on_its_law_date(instant: datetime) -> None:
    day = clock.law_date(instant)
    assert clock.vietnam(day) <= instant < clock.vietnam(day + timedelta(days=1))


def test_a_wall_clock_time_is_that_of_vietnam() -> None:
    at = clock.vietnam(date(2026, 11, 5), time(7, 30))
    assert at == datetime(2026, 11, 5, 0, 30, tzinfo=UTC)
    assert at.tzinfo is UTC


def test_a_fixed_clock_stands_still_and_is_released() -> None:
    there = datetime(2026, 11, 5, 9, tzinfo=timezone(timedelta(hours=7)))
    with clock.fixed_at(there):
        assert clock.now() == there
        assert clock.now().tzinfo is UTC
        with clock.fixed_at(there + timedelta(days=1)):
            assert clock.now() == there + timedelta(days=1)
        assert clock.now() == there
    assert clock.now() > datetime(2024, 1, 1, tzinfo=UTC)


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"), clock.fixed_at(datetime(2026, 11, 5)):  # noqa: DTZ001
        pass


def test_codes_cannot_be_guessed_and_can_be_read_aloud() -> None:
    codes = {clock.new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(len(code) == 10 for code in codes)
    assert not set("".join(codes)) & set("01ilo")
    assert len(clock.new_code(24)) == 24
