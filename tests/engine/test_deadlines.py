"""When a term has passed the system moves, once, and whoever was quicker stays ahead."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine import clock, deadlines
from engine.binding import Guard
from engine.commands import available, perform
from engine.errors import Refusal, Refused
from engine.history import Event, verify
from engine.house import House
from engine.move import Command, Move
from engine.subjects import Subject
from tests.engine import procedure, working

MONDAY = datetime(2026, 11, 2, 2, tzinfo=UTC)
"""A request begun now lapses after five working days: with the end of Monday the ninth."""

END = datetime(2026, 11, 9, 17, tzinfo=UTC)


@pytest.fixture
def house() -> House:
    return procedure.house()


@pytest.fixture(autouse=True)
def _on_monday() -> Iterator[None]:
    with clock.fixed_at(MONDAY):
        yield


def _state(session: Session, subject: int) -> str:
    session.rollback()
    return session.execute(select(Subject.state).where(Subject.id == subject)).scalar_one()


def test_nothing_moves_before_the_last_instant_of_the_term(session: Session, house: House) -> None:
    subject = working.begin(session, house).subject_id
    with clock.fixed_at(END - timedelta(microseconds=1)):
        assert deadlines.expire(session, house) == 0
    assert _state(session, subject) == "draft"
    with clock.fixed_at(END):
        assert deadlines.expire(session, house) == 1
        assert deadlines.expire(session, house) == 0
    assert _state(session, subject) == "lapsed"


def test_the_move_is_the_system_s_and_stands_in_the_history(session: Session, house: House) -> None:
    working.begin(session, house)
    with clock.fixed_at(END):
        deadlines.expire(session, house)
    event = session.scalars(select(Event).order_by(Event.version.desc())).first()
    assert event is not None
    assert (event.action, event.person_id, event.office) == ("lapse", None, None)
    assert event.at == END
    assert verify(session) == []


def test_who_moved_in_time_is_left_alone(session: Session, house: House) -> None:
    subject = working.begin(session, house).subject_id
    perform(session, house, Command(working.ASKER, subject, "ask", 1, {"count": 2}))
    with clock.fixed_at(END + timedelta(days=30)):
        assert deadlines.passed(session, house) == []
        assert deadlines.expire(session, house) == 0
    assert _state(session, subject) == "asked"


def test_who_moves_at_the_last_moment_is_not_overruled(
    session: Session, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = working.begin(session, house).subject_id
    found = deadlines.passed

    def late(session: Session, house: House) -> object:
        rows = found(session, house)
        with clock.fixed_at(END - timedelta(microseconds=1)):
            perform(session, house, Command(working.ASKER, subject, "ask", 1, {"count": 2}))
        return rows

    monkeypatch.setattr(deadlines, "passed", late)
    with clock.fixed_at(END):
        assert deadlines.expire(session, house) == 0
    assert _state(session, subject) == "asked"


def test_a_passed_term_binds_though_no_worker_has_come_by(session: Session, house: House) -> None:
    subject = working.begin(session, house).subject_id
    asker = house.find_actor(session, working.ASKER, END.date())
    command = Command(working.ASKER, subject, "ask", 1, {"count": 2})
    with clock.fixed_at(END):
        (option,) = available(session, house, subject, asker)
        assert [one.code for one in option.refusals] == ["term_passed"]
        with pytest.raises(Refused, match="term_passed"):
            perform(session, house, command)
        assert deadlines.expire(session, house) == 1
    assert _state(session, subject) == "lapsed"


def test_one_that_cannot_move_is_logged_and_holds_up_nobody(
    session: Session, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    stuck, free = (working.begin(session, house).subject_id for _ in range(2))

    def ask(move: Move) -> Iterator[Refusal]:
        if move.subject_id == stuck:
            yield Refusal("stuck")

    guards = house.binding.guards | {"deadline_has_passed": Guard("stuck", ask, ())}
    house = replace(house, binding=replace(house.binding, guards=guards))
    with clock.fixed_at(END), caplog.at_level(logging.WARNING):
        assert deadlines.expire(session, house) == 1
    assert f"subject {stuck} passed, but: stuck" in caplog.text
    assert (_state(session, stuck), _state(session, free)) == ("draft", "lapsed")


def test_one_whose_move_breaks_is_logged_with_its_place_and_holds_up_nobody(
    session: Session, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    broken, free = (working.begin(session, house).subject_id for _ in range(2))

    def ask(move: Move) -> Iterator[Refusal]:
        if move.subject_id == broken:
            move.session.execute(text("SELECT nothing FROM nowhere"))
        yield from ()

    guards = house.binding.guards | {"deadline_has_passed": Guard("broken", ask, ())}
    house = replace(house, binding=replace(house.binding, guards=guards))
    with clock.fixed_at(END):
        assert deadlines.expire(session, house) == 1
    (record,) = (r for r in caplog.records if r.levelno == logging.ERROR)
    assert f"subject {broken} passed" in record.getMessage()
    assert record.exc_info is not None
    assert (_state(session, broken), _state(session, free)) == ("draft", "lapsed")
    assert verify(session) == []


def test_a_subject_of_a_definition_that_is_gone_is_left_alone(
    session: Session, house: House
) -> None:
    subject = working.begin(session, house).subject_id
    without = replace(house, definitions=house.definitions[1:])
    with clock.fixed_at(END):
        assert deadlines.expire(session, without) == 0
    assert _state(session, subject) == "draft"
