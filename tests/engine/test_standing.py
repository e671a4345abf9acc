"""Terms and who is waited for follow from history, definition and calendar, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine import clock, standing
from engine.calendar import Calendar
from engine.commands import perform
from engine.house import House
from engine.move import Handover, Opening
from engine.subjects import Subject, Waiting
from tests.engine import procedure
from tests.unguarded import unguard

HOUSE = procedure.house()
OPENING = Opening(1, "request", "begin", {"place": procedure.PLACE})


def corrected(*days: int) -> House:
    """The house once it is known that so many days from now are free."""
    free = {clock.today() + timedelta(days=day): False for day in days}
    return replace(HOUSE, calendar=Calendar(corrections=free))


def codes(session: Session, house: House) -> set[str]:
    return {one.code for one in standing.verify(session, house)}


def test_a_correction_moves_the_term_with_the_next_move_and_not_before(session: Session) -> None:
    """Eight days on end hold working days whatever the day today is."""
    later = corrected(*range(1, 9))
    perform(session, HOUSE, OPENING)
    first = session.scalars(select(Subject.due_at)).one()
    assert codes(session, HOUSE) == codes(session, later) == set()
    perform(session, later, Handover(1, {"place": procedure.ELSEWHERE}, {"act": 1}))
    row = session.execute(select(Waiting.due_at, Waiting.since, Subject.due_at, Subject.entered_at)
                          .join(Subject, Subject.id == Waiting.subject_id)).one()  # fmt: skip
    assert row[:2] == row[2:]
    assert first and row[0] and row[0] > first
    assert codes(session, later) == set()
    assert codes(session, HOUSE) == {"term"}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE subjects SET due_at = NULL", {"term", "waiting"}),
        ("UPDATE subjects SET due_at = '2999-01-01 00:00:00+00'", {"term", "waiting"}),
        ("UPDATE waiting SET due_at = NULL", {"waiting"}),
        ("UPDATE waiting SET since = '2999-01-01 00:00:00+00'", {"waiting"}),
        ("UPDATE waiting SET role = 'decider'", {"waiting"}),
        ("UPDATE waiting SET unit_id = 99", {"waiting"}),
        ("DELETE FROM waiting", {"waiting"}),
    ],
)
def test_a_rewritten_term_or_wait_is_named(
    session: Session, statement: str, told: set[str]
) -> None:
    perform(session, HOUSE, OPENING)
    unguard(session.connection(), "subjects", "waiting")
    session.execute(text(statement))
    found = list(standing.verify(session, HOUSE))
    assert {one.code for one in found} == told
    assert all(one.detail for one in found)
