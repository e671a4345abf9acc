"""Guards asked of facts that no path of today's definitions leads to: they hold by themselves,
so that a definition which forgets a safeguard still cannot skip it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.errors import Refusal
from engine.history import Fact
from engine.move import Move
from workflows import cases
from workflows.guards.meeting import meeting_has_been_held, notice_given, roll_frozen
from workflows.guards.offices import all_criteria_met, objection_window_long_enough

Guard = Callable[[Move], Iterable[Refusal]]
MEETING = {"meeting_at": "2026-09-17T19:30+07:00"}


def move(told: Mapping[str, tuple[dict[str, Any], str]]) -> Move:
    """A move that knows these facts, each with its data and the day it was told."""
    facts = {
        name: Fact(name, data, datetime.fromisoformat(day).replace(tzinfo=UTC), 1, version)
        for version, (name, (data, day)) in enumerate(told.items(), start=1)
    }
    at = datetime(2026, 9, 18, tzinfo=UTC)
    return cast(Move, SimpleNamespace(facts=facts, fact=facts.get, at=at))


CASES: list[tuple[Guard, dict[str, tuple[dict[str, Any], str]], list[str]]] = [
    (roll_frozen, {}, ["empty_roll"]),
    (roll_frozen, {"register": ({"households": 0}, "2026-03-01")}, ["empty_roll"]),
    (roll_frozen, {"register": ({"households": 1}, "2026-03-01")}, []),
    (notice_given, {}, ["no_notice"]),
    (notice_given, {"give_notice": (MEETING, "2026-09-16")}, ["notice_was_too_short"]),
    (notice_given, {"give_notice": (MEETING, "2026-09-15")}, []),
    (meeting_has_been_held, {"give_notice": (MEETING, "2026-09-15")}, []),
    (all_criteria_met, {}, ["not_appraised"]),
]


@pytest.mark.parametrize(("guard", "told", "codes"), CASES)
def test_a_safeguard_holds_by_itself(
    guard: Guard, told: dict[str, tuple[dict[str, Any], str]], codes: list[str]
) -> None:
    assert [refusal.code for refusal in guard(move(told))] == codes


def test_nothing_is_reckoned_from_a_day_that_was_refused() -> None:
    asked = SimpleNamespace(
        facts={},
        today=date(2026, 9, 18),
        data={"posted_on": "9999-12-31", "posted_until": "9999-12-31"},
    )
    refusals = objection_window_long_enough(cast(Move, asked))
    assert [refusal.code for refusal in refusals] == ["date_in_the_future"]


def test_a_fact_that_must_be_there_is_missed_loudly() -> None:
    with pytest.raises(LookupError, match="record_count"):
        cases.count_of({})
