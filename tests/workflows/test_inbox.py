"""The inbox's queries, for people with one office and with several, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from engine.policy import Actor
from tests.workflows.officials import appoint
from tests.workflows.staging import Stage, stage
from workflows.actors import find_actor
from workflows.people import Appointment
from workflows.queries import inbox


@pytest.fixture
def play(session: Session) -> Stage:
    made = stage(session)
    made.to_proposed(made.country.areas[0])
    made.to_submitted(made.country.areas[1])
    return made


def actor(play: Stage, *more: tuple[str, int]) -> Actor:
    """The chair of the commune, with as many further offices as wanted."""
    person = play.people["chair"]
    for role, unit in more:
        appoint(play.session, "another", role, unit, "Chức vụ")
        last = play.session.query(Appointment).order_by(Appointment.id.desc()).first()
        assert last is not None
        last.person_id = person
    play.session.commit()
    return find_actor(play.session, person, play.today)


@pytest.mark.parametrize("offices", [0, 1, 2, 3])
def test_any_number_of_offices_has_an_inbox(play: Stage, offices: int) -> None:
    commune, district = play.country.commune, play.country.district
    more = [
        ("commune_committee", commune),
        ("commune_appraiser", commune),
        ("district_appraiser", district),
    ][:offices]
    person = actor(play, *more)
    assert len(person.offices) == 1 + offices
    for idle in ((), ("proposed",)):
        for search in ("", "thon 1"):
            page = inbox.mine(play.session, person, idle=idle, search=search)
            assert page.total >= len(page.items)
        inbox.others(play.session, person, idle=idle)
    assert len(inbox.mine(play.session, person).items) == (0, 0, 2, 2)[offices]
