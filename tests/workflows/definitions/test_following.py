"""Only what follows a definition in its line, and applies, takes its cases over."""

from __future__ import annotations

from datetime import date, time

import pytest

from engine import clock
from engine.house import House
from workflows import library
from workflows.bindings import LAW
from workflows.definitions.following import against, followers


def house() -> House:
    """The law on file, which is all that these questions need."""
    law = library.law()
    return House(
        definitions=law.definitions,
        binding=LAW,
        kinds=law.kinds,
        find_actor=None,  # type: ignore[arg-type]
        template_digest=str,
    )


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("district-certification", "district-certification-reasoned", []),
        ("two-tier-2025-vote", "two-tier-2025-vote-reasoned", []),
        (
            "district-certification-reasoned",
            "district-certification",
            ["definition_not_newer"],
        ),
        # Of another kind of unit, of an ended law, of an older one, without the vote.
        (
            "district-certification-reasoned",
            "tt-124-2021-commune",
            ["definition_of_other_line"],
        ),
        ("two-tier-2025", "two-tier-2025-commune", ["definition_of_other_line"]),
        ("two-tier-2025", "de-an-375", ["definition_of_other_line"]),
        ("two-tier-2025-vote", "two-tier-2025", ["definition_of_other_line"]),
        ("de-an-375", "de-an-375-reasoned", ["definition_ended"]),
        ("outgoing", "outgoing-until-issue", []),
        ("outgoing", "certificate-any-level", ["definition_of_other_line"]),
        ("two-tier-2025", "outgoing", ["definition_of_other_subject"]),
        ("two-tier-2025", "two-tier-2025", ["already_under_it"]),
    ],
)
def test_a_definition_takes_over_what_it_follows_while_it_applies(
    old: str, new: str, codes: list[str]
) -> None:
    here = house()
    with clock.fixed_at(clock.vietnam(date(2026, 11, 25), time(9))):
        found = [one.code for one in against(here, here.named(old), here.named(new))]
    assert found == codes


def test_what_there_is_to_choose_from_is_what_may_follow() -> None:
    here = house()
    with clock.fixed_at(clock.vietnam(date(2026, 11, 25), time(9))):
        offered = {one.id: [later.id for later in followers(here, one)] for one in here.definitions}
    assert {name: later for name, later in offered.items() if later} == {
        "outgoing": ["outgoing-standing", "outgoing-until-issue"],
        "outgoing-until-issue": ["outgoing-standing"],
        "certificate": ["certificate-any-level"],
        "district-certification": ["district-certification-reasoned"],
        "two-tier-2025": ["two-tier-2025-reasoned"],
        "two-tier-2025-vote": ["two-tier-2025-vote-reasoned"],
    }
