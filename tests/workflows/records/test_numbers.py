"""Numbers of records: what is typed, and how it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.records.listing import added
from workflows.records.numbers import LARGEST, Number, retyped, typed, written


@pytest.mark.parametrize(
    ("text", "decimals", "number"),
    [
        ("1245", 0, Number(1245)),
        ("1.245", 0, Number(1245)),
        ("89,2", 1, Number(892)),
        ("96", 1, Number(960)),
        ("15.829,15", 2, Number(1_582_915)),
        (">5000", 0, Number(5000, None, "over")),
        ("< 1.000", 0, Number(1000, None, "nearly")),
        ("~36", 0, Number(36, None, "about")),
        ("20000-25000", 0, Number(20_000, 25_000)),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, decimals: int, number: Number) -> None:
    assert typed(text, decimals) == number


@pytest.mark.parametrize(
    "text", ["", "-5", "12a", "1,5", "1.24", "5-5", "9-3", ">", str(LARGEST + 1), "9" * 30, "١٢"]
)
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        typed(text)


def test_an_approximate_number_is_written_as_approximate() -> None:
    assert written(Number(5000, None, "over")) == "trên 5.000"
    assert written(Number(1000, None, "nearly"), language="en") == "nearly 1,000"
    assert written(Number(20_000, 25_000)) == "20.000–25.000"
    assert written(Number(892), 1) == "89,2"
    assert written(Number(2017), plain=True) == "2017"


numbers = st.builds(
    lambda value, more, mark: Number(value, value + more if more else None, mark),
    st.integers(0, LARGEST // 2),
    st.integers(0, 1000),
    st.sampled_from(["", "over", "nearly", "about"]),
)


@given(numbers, st.integers(0, 3))
def test_a_number_shown_in_a_form_is_read_back(number: Number, decimals: int) -> None:
    assert typed(retyped(number, decimals), decimals) == number


@given(numbers, numbers)
def test_a_sum_is_exact_only_if_both_are(one: Number, other: Number) -> None:
    total = added(one, other)
    assert total.value == one.value + other.value
    assert total.exact == (one.exact and other.exact)
