"""Numbers: consecutive from 01 per authority, series and year; none skipped or used twice."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import Refused, Stale
from engine.registers import Entry, Register, take, upcoming, written

DAY = date(2026, 11, 5)


def void(session: Session, day: date, authority: int = 1, series: str = "decisions") -> int:
    with writing(session):
        return take(session, authority, series, day, person_id=1, void_reason="spoiled")


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "01/QĐ-UBND"), (9, "09/QĐ-UBND"), (10, "10/QĐ-UBND"), (123, "123/QĐ-UBND")],
)
def test_numbers_below_ten_get_a_zero(number: int, text: str) -> None:
    assert written(number, "QĐ-UBND") == text


def test_each_series_authority_and_year_counts_from_one(session: Session) -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    assert [void(session, DAY) for _ in range(3)] == [1, 2, 3]
    assert void(session, DAY, authority=2) == 1
    assert void(session, DAY, series="certificates") == 1
    assert void(session, date(2027, 1, 1)) == 1
    assert upcoming(session, 1, "decisions", DAY) == 4
    assert upcoming(session, 1, "decisions", date(2028, 1, 1)) == 1


def test_the_year_is_that_of_the_law_date() -> None:
    last = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)
    with clock.fixed_at(last):
        assert clock.today() == date(2026, 12, 31)
    with clock.fixed_at(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)):
        assert clock.today() == date(2027, 1, 1)


@pytest.mark.parametrize("reason", ["\u200b" * 12, "abcd", "x" * 501, "abc\0def", "In 🏠 hỏng"])
def test_a_void_number_says_why_in_words_that_can_be_printed(session: Session, reason: str) -> None:
    with pytest.raises(Refused), writing(session):
        take(session, 1, "decisions", DAY, void_reason=reason)
    assert upcoming(session, 1, "decisions", DAY) == 1


def test_a_number_meant_for_the_book_of_another_year_is_not_given(session: Session) -> None:
    with pytest.raises(Refused, match="register_of_other_year"), writing(session):
        take(session, 1, "decisions", date(2027, 1, 1), void_reason="spoiled", year=2026)


def test_a_number_never_goes_back_in_time(session: Session) -> None:
    void(session, DAY)
    with pytest.raises(Refused) as caught:
        void(session, date(2026, 11, 4))
    assert caught.value.code == "number_out_of_order"
    assert void(session, DAY) == 2


def test_a_number_that_is_not_the_expected_one_is_not_taken(session: Session) -> None:
    void(session, DAY)
    with pytest.raises(Stale) as caught, writing(session):
        take(session, 1, "decisions", DAY, void_reason="spoiled", expected=1)
    assert caught.value.code == "number_taken"
    assert upcoming(session, 1, "decisions", DAY) == 2


def test_a_transaction_that_fails_takes_no_number(session: Session) -> None:
    void(session, DAY)
    with pytest.raises(ZeroDivisionError), writing(session):
        take(session, 1, "decisions", DAY, void_reason="spoiled")
        raise ZeroDivisionError
    assert void(session, DAY) == 2


def test_a_void_stays_with_its_reason(session: Session) -> None:
    void(session, DAY)
    entry = session.scalars(select(Entry)).one()
    assert (entry.number, entry.void_reason, entry.paper_id) == (1, "spoiled", None)


def test_an_entry_is_a_paper_or_void_with_a_reason(session: Session) -> None:
    with pytest.raises(ValueError, match="void"), writing(session):
        take(session, 1, "decisions", DAY)


AUTHORITIES = count(10)
"""A new authority, so new registers, for every example."""


@settings(max_examples=15)
@given(
    acts=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(["a", "b"]), st.booleans()), max_size=12
    )
)
def _any_acts(engine: Engine, acts: list[tuple[int, str, bool]]) -> None:
    authority = next(AUTHORITIES)
    expected: dict[tuple[str, int], list[int]] = defaultdict(list)
    day = date(2026, 12, 1)
    with Session(engine) as session:
        for days, series, fails in acts:
            day += timedelta(days=days)
            with suppress(ZeroDivisionError), writing(session):
                take(session, authority, series, day, void_reason="spoiled")
                if fails:
                    raise ZeroDivisionError
                expected[series, day.year].append(len(expected[series, day.year]) + 1)
        found: dict[tuple[str, int], list[int]] = defaultdict(list)
        for series, year, number in session.execute(
            select(Register.series, Register.year, Entry.number)
            .join(Entry, Entry.register_id == Register.id)
            .where(Register.authority_id == authority)
            .order_by(Entry.number)
        ):
            found[series, year].append(number)
        assert found == expected


def test_whatever_fails_in_between_no_number_is_missing_or_doubled(engine: Engine) -> None:
    _any_acts(engine)
