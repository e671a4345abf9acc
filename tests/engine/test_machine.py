"""The one module around the state machine library."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.definition import START
from engine.errors import Conflict, NotFound, Refusal, Refused
from engine.machine import fire, machine_of
from tests.engine import procedure

REQUEST = procedure.definitions()[0]


def test_a_move_leads_where_the_definition_says() -> None:
    assert fire(REQUEST, START, "begin", lambda: ()) == "draft"
    assert fire(REQUEST, "draft", "ask", lambda: ()) == "asked"


def test_every_refusal_is_collected() -> None:
    reasons = (Refusal("one"), Refusal("two"))
    with pytest.raises(Refused) as caught:
        fire(REQUEST, "draft", "ask", lambda: reasons)
    assert tuple(caught.value.refusals) == reasons


@pytest.mark.parametrize("state", [START, "asked", "granted"])
def test_from_elsewhere_is_a_conflict_and_no_guard_is_asked(state: str) -> None:
    def never() -> tuple[Refusal, ...]:
        raise AssertionError("a guard was asked")

    with pytest.raises(Conflict):
        fire(REQUEST, state, "ask", never)


def test_no_state_can_be_reached_without_a_transition() -> None:
    for state in REQUEST.by_state:
        with pytest.raises(NotFound):
            fire(REQUEST, "draft", f"to_{state}", lambda: ())
    assert set(machine_of(REQUEST).events) == {t.id for t in REQUEST.transitions}


def test_one_machine_serves_all_and_keeps_nobody() -> None:
    machine = machine_of(REQUEST)

    def life(_number: int) -> str:
        state = fire(REQUEST, START, "begin", lambda: ())
        state = fire(REQUEST, state, "ask", lambda: ())
        return fire(REQUEST, state, "send_back", lambda: ())

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(life, range(400))) == {"draft"}
    assert machine_of(REQUEST) is machine
    assert machine.models == []
