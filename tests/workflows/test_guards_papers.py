"""The yes and no of the guards on papers, and the clock they go by."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import perform
from engine.db import writing
from engine.errors import Conflict, Refused
from engine.move import Command, Opening
from tests.workflows.officials import appoint
from tests.workflows.staging import Stage, made_up, stage
from tests.workflows.staging import told as told_codes
from workflows import authority
from workflows.cycles import Cycle
from workflows.people import Appointment
from workflows.wording import say


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def _codes(play: Stage, opening: Opening) -> list[str]:
    with play.now(), pytest.raises(Refused) as caught:
        perform(play.session, play.house, opening)
    play.session.rollback()
    return told_codes(caught.value)


def _draft(play: Stage, kind: str, subjects: list[int], who: str = "police") -> Opening:
    evidence = {"kind": kind, "subjects": subjects}
    scopes = {"authority": play.country.commune}
    return Opening(play.people[who], "outgoing-standing", "draft", scopes, evidence=evidence)


def test_a_paper_lists_only_what_waits_for_it_here(play: Stage) -> None:
    ready, early = play.to_proposed(), play.to_submitted(play.country.areas[1])
    assert _codes(play, _draft(play, "commune_decision", [ready, early])) == ["listed_not_ready"]
    assert _codes(play, _draft(play, "district_decision", [ready])) == ["listed_not_ready"]
    with play.now(), pytest.raises(Refused) as caught:
        perform(play.session, play.house, _draft(play, "commune_decision", [ready, early]))
    assert say(caught.value.refusals[0], "vi").startswith("Hồ sơ Thôn 2 không ở bước")
    assert _codes(play, _draft(play, "commune_decision", [ready, ready])) == ["nothing_chosen"]
    assert _codes(play, _draft(play, "commune_decision", [])) == ["nothing_chosen"]
    play.draft("police", "commune_decision", [ready])
    assert play.state(ready) == "in_commune_decision"


def test_the_law_of_the_day_says_which_level_may_decide(play: Stage) -> None:
    """By the dates of Luật Tổ chức chính quyền địa phương 2015 and 2025: the district decided
    until 30/6/2025 and decides nothing after it, but for a flow that stands beside that law
    and says so itself (``district-certification``)."""
    last, first = date(2025, 6, 30), date(2025, 7, 1)
    assert authority.bar("district", last, {"tt-124-2021-commune"}) is None
    barred = authority.bar("district", first, {"tt-124-2021-commune"})
    assert barred is not None
    assert barred.id == "luat-72-2025"
    assert authority.bar("district", first, {"district-certification"}) is None
    assert authority.bar("district", first, {"district-certification", "two-tier-2025"})
    assert authority.bar("district", first, ()) is barred, "nothing listed, nothing excepted"
    for level in ("commune", "province"):
        assert authority.bar(level, first, {"two-tier-2025"}) is None
    assert authority.levels_beside("district-certification") == {"commune", "district"}
    assert authority.levels_beside("de-an-375") == frozenset()


def test_a_level_that_is_no_more_neither_drafts_nor_signs(
    play: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The district of the register may stand; the law of the day of signing decides."""
    first, other = (play.to_district(area) for area in play.country.areas[:2])
    for subject in (first, other):
        told = {"favourable": True, "assessment": "Đủ điều kiện."}
        play.act("district_police", subject, "record_district_appraisal", **told)
    paper = play.draft("district_police", "district_decision", [first])
    play.act("district_chair", paper, "approve_content")
    play.act("district_clerk", paper, "approve_format")
    monkeypatch.setattr(authority, "levels_beside", lambda _: frozenset())
    with play.now(), pytest.raises(Refused) as caught:
        play.draft("district_police", "district_decision", [other])
    assert "level_may_not_decide" in told_codes(caught.value)
    play.session.rollback()
    play.render(paper)
    signed = {"base": made_up(paper, "rendered"), "sha256": made_up(paper, "signed"), "size": 2}
    evidence = signed | {"person_id": play.people["district_chair"]}
    with pytest.raises(Refused) as caught:
        play.with_evidence("district_chair", paper, "sign", evidence)
    assert "level_may_not_decide" in told_codes(caught.value)


def test_a_paper_is_of_one_year(play: Stage) -> None:
    first = play.to_proposed()
    with writing(play.session):
        later = {"year": play.year + 1, "definition_id": play.regime, "criteria_id": play.criteria}
        days = {"starts_on": date(play.year + 1, 1, 1), "ends_on": date(play.year + 1, 12, 31)}
        play.session.add(Cycle(**later, **days))
    play.year += 1
    play.today = date(play.year, 2, 1)
    second = play.to_proposed()
    assert _codes(play, _draft(play, "commune_decision", [first, second])) == ["one_year_only"]


def test_a_refusal_is_for_one_area_at_a_time(play: Stage) -> None:
    both = [play.to_submitted(area) for area in play.country.areas[:2]]
    for subject in both:
        play.appraise(subject)
        play.act("committee", subject, "propose_refusal", reasons=["Chưa đủ"])
    assert _codes(play, _draft(play, "refusal_notice", both)) == ["one_at_a_time"]


def test_the_commune_may_not_refuse_in_the_place_of_the_district(play: Stage) -> None:
    subject = play.to_district()
    play.act("district_police", subject, "propose_district_refusal", reasons=["Chưa đủ"])
    assert _codes(play, _draft(play, "refusal_notice", [subject])) == ["listed_not_ready"]


def test_only_the_printed_signatory_signs(play: Stage) -> None:
    subject = play.to_proposed()
    with writing(play.session):
        play.people["deputy"] = appoint(
            play.session, "deputy", "commune_chair", play.country.commune, "Phó Chủ tịch", "KT."
        )
    paper = play.draft("police", "commune_decision", [subject])
    play.act("chair", paper, "approve_content")
    play.act("clerk", paper, "approve_format")
    with pytest.raises(Refused, match="signatory_differs"):
        play.sign(paper, "deputy")
    play.session.rollback()
    assert play.values(paper)["signatory"]["name"] == "Mẫu chair"


def test_a_namesake_of_the_printed_signatory_does_not_sign(play: Stage) -> None:
    subject = play.to_proposed()
    with writing(play.session):
        play.people["deputy"] = appoint(
            play.session, "chair", "commune_chair", play.country.commune, "Phó Chủ tịch", "KT."
        )
    paper = play.draft("police", "commune_decision", [subject])
    assert play.facts(paper)["draft"].data["signatory"]["person"] == play.people["chair"]
    play.act("chair", paper, "approve_content")
    play.act("clerk", paper, "approve_format")
    with pytest.raises(Refused, match="signatory_differs"):
        play.sign(paper, "deputy")
    play.session.rollback()
    assert play.state(paper) == "format_approved"


def test_a_deputy_signs_for_the_head_when_there_is_none(play: Stage) -> None:
    subject = play.to_proposed()
    with writing(play.session):
        chairs = play.session.query(Appointment).filter_by(role="commune_chair").all()
        for appointment in chairs:
            appointment.ends_on = play.today - timedelta(days=1)
    with play.now(), pytest.raises(Refused, match="no_signatory"):
        play.draft("police", "commune_decision", [subject])
    play.session.rollback()
    with writing(play.session):
        play.people["deputy"] = appoint(
            play.session, "deputy", "commune_chair", play.country.commune, "Phó Chủ tịch", "KT."
        )
    paper = play.issue("police", "commune_decision", [subject], chair="deputy", clerk="clerk")
    assert play.values(paper)["signatory"] == {
        "capacity": "KT.",
        "head_title": "Chủ tịch",
        "title": "Phó Chủ tịch",
        "name": "Mẫu deputy",
    }


def test_the_clock_of_the_law_is_vietnams(play: Stage) -> None:
    """Seven in the evening UTC is already tomorrow in Vietnam."""
    subject = play.to_posted()
    last = play.today + timedelta(days=6)
    evening = clock.vietnam(last, time(23, 59, 59))
    command = Command(play.people["clerk"], subject, "forward_to_district")
    with clock.fixed_at(evening), pytest.raises(Refused, match="objection_window_open"):
        perform(play.session, play.house, command)
    with clock.fixed_at(evening + timedelta(seconds=1)):
        perform(play.session, play.house, command)
    with clock.fixed_at(evening), pytest.raises(Conflict):
        perform(play.session, play.house, command)
