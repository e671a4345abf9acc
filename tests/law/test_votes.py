"""The vote law: its edges, its dates, and an oracle that counts slowly."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NotFound, Refused
from workflows.voting import Count, Mark, decide, impossible, reconcile, rule_on, rules

OLD, LAW, DECREE = date(2018, 10, 28), date(2023, 7, 20), date(2026, 10, 28)
DAYS = (OLD, LAW, DECREE)


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(
    ("households", "yes", "passes"),
    [
        (100, 50, False),
        (100, 51, True),
        (101, 50, False),
        (101, 51, True),
        (1, 0, False),
        (1, 1, True),
        (2, 1, False),
        (2, 2, True),
        (3, 2, True),
        (171, 85, False),
        (171, 86, True),
    ],
)
def test_more_than_half_of_all_households(
    day: date, households: int, yes: int, passes: bool
) -> None:
    """Law: Luật 10/2022/QH15."""
    verdict = decide(rule_on(day), households, yes)
    assert verdict.passes is passes
    assert (verdict.next == "passed") is passes


@pytest.mark.parametrize(
    ("households", "yes", "passes"),
    [(3, 2, True), (3, 1, False), (99, 66, True), (100, 66, False), (100, 67, True)],
)
def test_matters_of_contribution_need_two_thirds_of_all(
    households: int, yes: int, passes: bool
) -> None:
    """Law: Luật 10/2022/QH15."""
    assert decide(rule_on(DECREE, "15(1)"), households, yes).passes is passes


def test_few_present_lead_to_a_ballot_round_not_to_failure() -> None:
    """Law: Luật 10/2022/QH15."""
    rule = rule_on(DECREE)
    assert decide(rule, 100, 50, 50).next == "ballot_round"
    assert decide(rule, 100, 50, 51).next == "failed"
    assert decide(rule, 100, 51, 51).next == "passed"
    assert decide(rule, 101, 50, 50).next == "ballot_round"
    assert decide(rule, 101, 50, 51).next == "failed"


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        (date(2007, 7, 1), "phap-lenh-34-2007"),
        (date(2023, 6, 30), "phap-lenh-34-2007"),
        (date(2023, 7, 1), "luat-10-2022"),
        (date(2023, 8, 14), "luat-10-2022"),
        (date(2023, 8, 15), "luat-10-2022-nd-59-2023"),
        (date(2030, 1, 1), "luat-10-2022-nd-59-2023"),
    ],
)
def test_the_law_of_the_day_of_the_meeting_holds(day: date, rule: str) -> None:
    assert rule_on(day).id == rule


def test_notice_and_teams_follow_the_law_of_the_day() -> None:
    """Law: Nghị định 59/2023/NĐ-CP."""
    assert [rule_on(day).notice_days for day in DAYS] == [0, 0, 2]
    assert [rule_on(day).tellers.minimum for day in DAYS] == [1, 3, 3]
    assert rule_on(DECREE).tellers.maximum == 5
    assert rule_on(DECREE).witnesses.minimum == rule_on(DECREE).witnesses.maximum == 2


def test_no_day_has_two_laws_and_none_since_2007_has_no_law() -> None:
    day, seen = date(2007, 7, 1), 0
    while day < date(2030, 1, 1):
        assert sum(rule.effective.holds(day) for rule in rules()) == 1, day
        day, seen = day + timedelta(days=1), seen + 1
    assert seen > 8000


def test_what_no_law_covers_is_refused() -> None:
    with pytest.raises(NotFound, match="no_vote_rule"):
        rule_on(date(2007, 6, 30))
    with pytest.raises(NotFound, match="unknown_matter"):
        rule_on(DECREE, "15(7)")


@pytest.mark.parametrize(
    ("households", "yes", "present"),
    [(0, 0, 0), (10, 11, None), (10, -1, None), (10, 5, 4), (10, 5, 11)],
)
def test_counts_that_cannot_be_are_refused(households: int, yes: int, present: int | None) -> None:
    with pytest.raises(Refused, match="impossible_count"):
        decide(rule_on(DECREE), households, yes, present)


def _slowly(share: Fraction, strictly: bool, households: int) -> int:
    """The smallest number of households that reaches a share, found by trying each."""
    for count in range(households + 2):
        if Fraction(count, households) > share or (
            not strictly and Fraction(count, households) == share
        ):
            return count
    raise AssertionError("no count reaches the share")


@given(
    day=st.sampled_from(DAYS),
    matter=st.sampled_from(["15(1)", "15(6)"]),
    households=st.integers(1, 400),
    data=st.data(),
)
def test_the_vote_law_agrees_with_counting_one_by_one(
    day: date, matter: str, households: int, data: st.DataObject
) -> None:
    present = data.draw(st.integers(0, households))
    yes = data.draw(st.integers(0, present))
    two_thirds = matter == "15(1)" and day is not OLD
    share, strictly = (Fraction(2, 3), False) if two_thirds else (Fraction(1, 2), True)
    needs = _slowly(share, strictly, households)
    verdict = decide(rule_on(day, matter), households, yes, present)
    assert verdict.needs == needs
    assert verdict.passes is (yes >= needs)
    expected = "passed" if yes >= needs else "ballot_round" if present < needs else "failed"
    assert verdict.next == expected


@given(
    times=st.integers(1, 9),
    of_all_times=st.integers(1, 9),
    strictly=st.booleans(),
    whole=st.integers(0, 500),
)
def test_what_a_mark_needs_is_the_first_count_that_reaches_it(
    times: int, of_all_times: int, strictly: bool, whole: int
) -> None:
    mark = Mark(times=times, of_all_times=of_all_times, strictly=strictly)
    needs = mark.needs(whole)
    assert mark.reached(needs, whole)
    assert needs == 0 or not mark.reached(needs - 1, whole)


BALLOT = {"present": 90, "issued": 90, "returned": 88, "valid": 86, "invalid": 2}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"issued": 91}, ["more_issued_than_present"]),
        ({"issued": 87}, ["more_returned_than_issued"]),
        ({"invalid": 3}, ["returned_not_accounted"]),
        ({"no": 17}, ["valid_not_accounted"]),
        (
            {"issued": 91, "returned": 92, "yes": 1},
            [
                "more_issued_than_present",
                "more_returned_than_issued",
                "returned_not_accounted",
                "valid_not_accounted",
            ],
        ),
    ],
)
def test_ballots_that_do_not_add_up_are_told_one_by_one(
    change: dict[str, int], codes: list[str]
) -> None:
    count = Count(**(BALLOT | {"yes": 70, "no": 16} | change))
    assert [refusal.code for refusal in reconcile(count)] == codes


@pytest.mark.parametrize(("no", "codes"), [(20, []), (21, ["more_hands_than_present"])])
def test_hands_are_no_more_than_those_present(no: int, codes: list[str]) -> None:
    count = Count(present=90, yes=70, no=no)
    assert [refusal.code for refusal in reconcile(count)] == codes


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"present": 101}, ["present"]),
        ({"issued": 101}, ["issued"]),
        ({"yes": 101}, ["yes", "yes", "valid"]),
        ({"yes": 91}, ["yes", "valid"]),
        ({"no": 101}, ["no", "valid"]),
        ({"no": 17}, ["valid"]),
        ({"valid": 89, "no": 19}, ["returned"]),
        ({"returned": 91}, ["returned"]),
    ],
)
def test_figures_above_the_households_are_impossible(
    change: dict[str, int], fields: list[str]
) -> None:
    count = Count(**(BALLOT | {"yes": 70, "no": 16} | change))
    assert [refusal.field for refusal in impossible(count, 100)] == fields
