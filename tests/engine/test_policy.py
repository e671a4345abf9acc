"""Who may do what, as pure functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Forbidden
from engine.policy import THE_SYSTEM, Actor, Held, Office, may_see, office_for, permit
from tests.engine import procedure

ASK = procedure.definitions()[0].transition("ask")
LAPSE = procedure.definitions()[0].transition("lapse")
ROLES = ("asker", "reviewer", "decider", "clerk", "auditor")


def actor(*held: tuple[str, int]) -> Actor:
    offices = tuple(Office(n, role, unit, "", "") for n, (role, unit) in enumerate(held))
    return Actor(1, "somebody", offices)


offices = st.lists(st.tuples(st.sampled_from(ROLES), st.integers(1, 4)), max_size=5)


@given(held=offices, place=st.integers(1, 4))
def test_the_role_and_the_unit_must_both_be_those_of_the_rule(
    held: list[tuple[str, int]], place: int
) -> None:
    found = office_for(actor(*held), ["asker@place"], {"place": place})
    assert (found is not None) == (("asker", place) in held)


@given(held=offices, place=st.integers(1, 4), duty=st.sampled_from(["ask", "review", "decide"]))
def test_another_duty_of_the_same_person_bars_and_of_another_does_not(
    held: list[tuple[str, int]], place: int, duty: str
) -> None:
    person = actor(*held, ("asker", place))
    assert permit(person, ASK, {"place": place}, [Held(2, duty)]) is not None
    if duty == "ask":
        assert permit(person, ASK, {"place": place}, [Held(1, duty)]) is not None
    else:
        with pytest.raises(Forbidden) as caught:
            permit(person, ASK, {"place": place}, [Held(1, duty)])
        assert caught.value.code == "separation_of_duties"


LEVELS = {
    "asker": frozenset({"commune"}),
    "reviewer": frozenset({"district"}),
    "clerk": frozenset({"commune", "district"}),
}


@given(role=st.sampled_from(["", *ROLES]), who=st.integers(1, 2))
def test_the_same_duty_at_another_level_bars_who_exercised_it(role: str, who: int) -> None:
    """What one level does with a file is the check of the one below."""
    person, held = actor(("asker", 1)), [Held(who, "ask", role)]
    if (role, who) != ("reviewer", 1):
        assert permit(person, ASK, {"place": 1}, held, LEVELS) is not None
        return
    with pytest.raises(Forbidden) as caught:
        permit(person, ASK, {"place": 1}, held, LEVELS)
    assert (caught.value.code, caught.value.refusals[0].params["role"]) == (
        "separation_of_levels",
        "reviewer",
    )


def test_the_system_makes_only_its_own_moves() -> None:
    assert permit(THE_SYSTEM, LAPSE, {"place": 1}, []) is None
    with pytest.raises(Forbidden):
        permit(THE_SYSTEM, ASK, {"place": 1}, [])


def test_a_rule_about_a_place_the_subject_does_not_have_helps_nobody() -> None:
    assert office_for(actor(("asker", 1)), ["asker@elsewhere"], {"place": 1}) is None


@given(held=offices)
def test_one_sees_what_is_at_ones_units_and_an_auditor_sees_all(
    held: list[tuple[str, int]],
) -> None:
    seen = may_see(actor(*held), {"place": 1, "above": 2}, frozenset({"auditor"}))
    assert seen == any(unit in (1, 2) or role == "auditor" for role, unit in held)
