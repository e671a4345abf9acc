"""The inbox's queries, for people with one office and with several, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.policy import Actor
from tests.workflows.officials import hold
from tests.workflows.staging import Stage, stage
from workflows.actors import find_actor
from workflows.nominations import Nomination
from workflows.queries import inbox
from workflows.queries.briefs import Brief, briefs
from workflows.units import Unit


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
        hold(play.session, person, role, unit, "Chức vụ")
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


def test_papers_of_one_kind_are_told_apart_by_the_areas_they_list(play: Stage) -> None:
    one, two, three = play.country.areas
    subjects = [_of(play, two), play.to_proposed(three)]
    play.appraise(subjects[0])
    play.act("committee", subjects[0], "record_committee_opinion", **play.opinion())
    first = play.draft("police", "commune_decision", [_of(play, one)])
    many = play.draft("police", "commune_decision", subjects)
    chair = actor(play)
    told = {i.subject_id: i.brief for i in inbox.mine(play.session, chair).items if i.brief}
    names = [play.session.get_one(Unit, area).name for area in (one, two, three)]
    assert told[first] == Brief("commune_decision", "xã Nga An", 1, (names[0],))
    assert told[many] == Brief("commune_decision", "xã Nga An", 2, tuple(names[1:]))
    clerk = find_actor(play.session, play.people["clerk"], play.today)
    (elsewhere, _) = inbox.others(play.session, clerk)
    assert {o.item.brief for o in elsewhere if o.item.kind == "paper"} == set(told.values())


def test_the_paper_of_another_authority_says_of_which_commune_an_area_is(play: Stage) -> None:
    play.wait(1)
    subject = play.to_district(play.country.areas[2])
    verdict = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("district_police", subject, "record_district_appraisal", **verdict)
    paper = play.draft("district_police", "district_decision", [subject])
    area = play.session.get_one(Unit, play.country.areas[2]).name
    told = briefs(play.session, [paper])[paper]
    assert (told.authority, told.areas) == ("huyện Nga Sơn", (f"{area} (xã Nga An)",))
    (notice,) = play.papers(subject, "notice")
    told = briefs(play.session, [notice])[notice]
    assert (told.authority, told.areas) == ("", (f"{area} (xã Nga An)",))


def _of(play: Stage, area: int) -> int:
    return play.session.scalars(select(Nomination.id).where(Nomination.area_id == area)).one()
