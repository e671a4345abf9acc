"""Figures that should agree: exact integers, and marks taken at their word."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import clock
from workflows.records.book import Record
from workflows.records.kinds import kind
from workflows.records.listing import Line
from workflows.records.numbers import Number
from workflows.reports.agreement import checks, disagreements, holds, hundredths


def half_up(part: int, whole: int, decimals: int) -> int:
    """The slow way: fractions, and a half that always goes up."""
    return floor(Fraction(part * 100 * 10**decimals, whole) + Fraction(1, 2))


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.integers(0, 2))
def test_a_stated_percentage_holds_if_half_up_gives_it(part: int, whole: int, places: int) -> None:
    rounded = half_up(part, whole, places)
    assert holds(Number(rounded), part, whole, places)
    assert not holds(Number(rounded + 1), part, whole, places)
    two = half_up(part, whole, 2)
    assert hundredths(part, whole) == f"{two // 100}.{two % 100:02d}"


@pytest.mark.parametrize(
    ("recognised", "quoted", "good"),
    [(145, 62, True), (159, 68, True), (166, 70, False), (177, 76, True), (178, 76, True),
     (182, 78, True), (189, 80, False), (192, 82, True)],
)  # fmt: skip
def test_the_reports_own_percentages_hold_but_two(recognised: int, quoted: int, good: bool) -> None:
    assert holds(Number(quoted), recognised, 234, 0) is good


def test_over_is_more_than_and_not_as_much_as() -> None:
    assert not holds(Number(30, None, "over"), 1500, 5000, 0)
    assert holds(Number(30, None, "over"), 1501, 5000, 0)


def line(kind_id: str, name: str, **measures: Number) -> Line:
    day = date(2018, 1, 1)
    record = Record(
        kind=kind_id, name=name, starts_on=day, ends_on=day, source="x", entered_at=clock.now()
    )
    return Line(kind_id, name, day, day, measures, (record,))


def test_only_what_is_stated_twice_or_as_a_share_is_compared() -> None:
    told = {
        "settled": [
            line("settled", "all", cases=Number(5000, None, "over")),
            line("settled", "police", cases=Number(783), share=Number(15)),
            line("settled", "protection_team", cases=Number(1500), share=Number(30)),
        ]
    }
    (found,) = disagreements(told)
    assert (found.label.en.startswith("Share settled by the province"), found.computed) == (
        True,
        "15.66",
    )
    assert list(disagreements({})) == []


def test_checks_name_measures_there_are() -> None:
    for order in checks().orders:
        assert all(kind(order.kind).measure(name) for name in order.measures)
    for check in checks().checks:
        for place in filter(None, (check.part, check.whole, check.stated)):
            assert kind(place.kind).measure(place.measure), check.id


def test_no_step_of_an_award_comes_to_more_than_the_one_before_it() -> None:
    """Law: Thông tư 124/2021/TT-BCA."""
    numbers = {"listed": Number(4), "decided": Number(4), "handed": Number(5)}
    told = {
        "award": [line("award", "Bằng khen", **numbers)],
        "announcement": [line("announcement", "Xã", listed=Number(10), certificates=Number(10))],
    }
    (found,) = disagreements(told)
    assert found.label["en"] == "Awards (Bằng khen): Handed over ≤ Decided"
    assert (found.stated_number, found.other) == (Number(5), Number(4))
    told["award"] = [line("award", "", listed=Number(4, None, "over"), reviewed=Number(5))]
    assert list(disagreements(told)) == []
