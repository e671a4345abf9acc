"""Units and lists told again from the history, also where its opening did not tell them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.belonging import HAND_OVER, Belonging


def event(action: str, since: str = "x", unit: int | None = None, **data: Any) -> Any:
    office = None if unit is None else {"unit": unit}
    duty = office and "propose"
    return SimpleNamespace(action=action, from_state=since, data=data, office=office, duty=duty)


def told(*events: Any) -> Belonging:
    belonging = Belonging()
    for one in events:
        belonging.hear(one)
    return belonging


OPENED = event("open", "", unit=1, scopes={"area": 1, "commune": 2})
BEFORE = event("open", "", unit=1)
MERGED = event(HAND_OVER, **{"from": {"commune": 2}, "to": {"commune": 3}})


@pytest.mark.parametrize(
    ("events", "scopes", "breaks"),
    [
        ([OPENED], {"area": 1, "commune": 2}, []),
        ([OPENED], {"area": 1, "commune": 9}, ["scopes"]),
        ([OPENED], {"area": 1}, ["scopes"]),
        ([OPENED, MERGED], {"area": 1, "commune": 3}, []),
        ([OPENED, MERGED], {"area": 1, "commune": 2}, ["scopes"]),
        ([OPENED, MERGED, MERGED], {"area": 1, "commune": 3}, ["scopes"]),
        ([BEFORE], {"area": 1, "commune": 9}, []),
        ([BEFORE], {"area": 9, "commune": 2}, ["scopes"]),
        ([BEFORE, event("y", unit=2), MERGED], {"area": 1, "commune": 3}, []),
        ([BEFORE, MERGED, event("y", unit=3)], {"area": 1, "commune": 2}, ["scopes"]),
    ],
)
def test_units_are_those_of_the_opening_and_its_hand_overs(
    events: list[Any], scopes: dict[str, int], breaks: list[str]
) -> None:
    assert [*told(*events).breaks(scopes, ())] == breaks


def test_a_list_is_that_of_the_opening_what_it_amends_before_all() -> None:
    listing = told(event("draft", "", scopes={}, subjects=[7, 5, 6], of=5))
    assert [*listing.breaks({}, [(2, 6), (1, 7), (0, 5)])] == []
    for other in ([(1, 7), (0, 5)], [(1, 6), (2, 7), (0, 5)], []):
        assert [*listing.breaks({}, other)] == ["links"]
