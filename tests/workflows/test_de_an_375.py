"""Scheme 375: the commune every year, the district at three years running, the province at
five. Signatures are made up."""

from __future__ import annotations

from datetime import date, time

import pytest
from sqlalchemy.orm import Session

from engine.db import writing
from engine.errors import Refused
from engine.history import verify
from tests.workflows.amending import amend
from tests.workflows.staging import Stage, stage, told
from workflows.amendments import consequences
from workflows.cycles import Cycle
from workflows.resting import shaken
from workflows.results import Result, result
from workflows.streaks import standing, streak_of

ANNOUNCED = {"occasion": "Ngày hội 19/8", "announcement_place": "Nhà văn hóa"}
LEVELS = {1: "commune", 2: "commune", 3: "district", 4: "commune", 5: "province", 6: "commune"}


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session, regime="de-an-375", criteria="de-an-375", today=date(2012, 5, 14))


def _recognised_before(play: Stage, years: int) -> None:
    """So many years running before this one."""
    with writing(play.session):
        for year in range(play.year - years, play.year):
            play.session.add(
                Result(
                    area_id=play.country.areas[0],
                    year=year,
                    recognised=True,
                    level="commune",
                    source="sổ cũ",
                )
            )


def _announce(play: Stage, subject: int, action: str) -> None:
    play.act("clerk", subject, action, announced_on=play.today.isoformat(), **ANNOUNCED)


@pytest.mark.parametrize("years", LEVELS)
def test_the_years_running_alone_choose_the_level(play: Stage, years: int) -> None:
    _recognised_before(play, years - 1)
    subject = play.to_posted()
    play.wait(7)
    assert streak_of(play.session, play.country.areas[0], play.year) == years
    moves = {
        "commune": ("announce_commune_title", {"announced_on": play.today.isoformat()} | ANNOUNCED),
        "district": ("forward_to_district", {}),
        "province": ("forward_to_province", {}),
    }
    action, data = moves.pop(LEVELS[years])
    for wrong, given in moves.values():
        assert play.refused("clerk", subject, wrong, **given) == ["streak_grants_other"]
    play.act("clerk", subject, action, **data)


def test_a_first_year_ends_with_the_communes_own_announcement(play: Stage) -> None:
    subject = play.to_posted()
    early = {"announced_on": play.today.isoformat()} | ANNOUNCED
    refused = play.refused("clerk", subject, "announce_commune_title", **early)
    assert refused == ["objection_window_open"]
    play.wait(7)
    _announce(play, subject, "announce_commune_title")
    assert play.state(subject) == "announced"
    assert play.papers(subject, "certificate") == []
    assert not verify(play.session)


@pytest.mark.parametrize(("years", "level"), [(3, "district"), (5, "province")])
def test_a_streak_is_recognised_above_and_certified(play: Stage, years: int, level: str) -> None:
    _recognised_before(play, years - 1)
    subject = play.to_posted()
    play.wait(7)
    play.act("clerk", subject, f"forward_to_{level}")
    police, offices = (
        f"{level}_police",
        {"chair": f"{level}_chair", "clerk": f"{level}_clerk"},
    )
    told = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act(police, subject, f"record_{level}_appraisal", **told)
    paper = play.issue(police, f"{level}_decision", [subject], **offices)
    (certificate,) = play.papers(subject, "certificate")
    play.sign_and_seal(certificate, **offices)
    _announce(play, subject, "announce")
    assert play.state(subject) == "announced"

    running = list(range(play.year - years + 1, play.year + 1))
    values = play.values(paper)
    assert (values["streak"], values["areas"][0]["years"]) == (years, running)
    assert values["areas"][0]["decision"] == "01/QĐ-UBND"
    assert play.values(certificate)["years"] == running
    found = result(play.session, play.country.areas[0], play.year)
    assert found is not None
    assert found.level == level


@pytest.mark.parametrize(("years", "level"), [(3, "district"), (5, "province")])
def test_the_level_above_may_return_resume_and_refuse(play: Stage, years: int, level: str) -> None:
    _recognised_before(play, years - 1)
    subject = play.to_posted()
    play.wait(7)
    play.act("clerk", subject, f"forward_to_{level}")
    police, back = f"{level}_police", "return_to_commune"
    back += "_by_province" if level == "province" else ""
    play.act(police, subject, back, reasons=["Thiếu danh sách"])
    assert play.state(subject) == "posted"
    play.act("clerk", subject, f"forward_to_{level}")
    play.act(police, subject, f"propose_{level}_refusal", reasons=["Số liệu không khớp"])
    play.act(police, subject, f"resume_{level}_appraisal", reason="Đã làm rõ")
    play.act(police, subject, f"propose_{level}_refusal", reasons=["Số liệu không khớp"])
    offices = {"chair": f"{level}_chair", "clerk": f"{level}_clerk"}
    play.issue(police, "refusal_notice", [subject], **offices)
    assert play.state(subject) == {"district": "not_raised"}.get(level, "not_raised_by_province")
    found = result(play.session, play.country.areas[0], play.year)
    assert found is not None
    assert (found.recognised, found.level) == (True, "commune")


def test_a_discarded_certificate_of_the_province_is_drafted_again(play: Stage) -> None:
    _recognised_before(play, 4)
    subject = play.to_posted()
    play.wait(7)
    play.act("clerk", subject, "forward_to_province")
    told = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("province_police", subject, "record_province_appraisal", **told)
    offices = {"chair": "province_chair", "clerk": "province_clerk"}
    play.issue("province_police", "province_decision", [subject], **offices)
    (first,) = play.papers(subject, "certificate")
    play.act("province_chair", first, "discard", reason="Sai tên thôn")
    assert play.state(subject) == "province_decided"
    assert len(play.papers(subject, "certificate")) == 2


def test_a_refused_year_breaks_the_streak(play: Stage) -> None:
    _recognised_before(play, 2)
    subject = play.to_submitted()
    play.appraise(subject)
    play.act("committee", subject, "propose_refusal", reasons=["Chưa đủ"])
    play.issue("police", "refusal_notice", [subject], chair="chair", clerk="clerk")
    assert streak_of(play.session, play.country.areas[0], play.year) == 0


def test_the_older_vote_law_holds_for_a_meeting_of_2012(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    play.invite(subject, days=0)
    play.at = time(22)
    one = play.count(51) | {"tellers": ["Kiểm Một"], "witnesses": []}
    play.act("head", subject, "record_count", **one)
    play.act("head", subject, "adopt_minutes")
    (paper,) = play.papers(subject, "minutes")
    assert "34/2007" in play.values(paper)["rule"]


def test_a_title_for_years_running_rests_on_the_decision_of_each_year(play: Stage) -> None:
    """The commune's decision of the first of three years is revoked: the district's decision
    of the third, and its certificate, are marked, and stand."""
    first = play.issue("police", "commune_decision", [play.to_proposed()], **COMMUNE)
    for year in (play.year + 1, play.year + 2):
        _next_year(play, year)
        subject = play.to_posted()
    play.wait(7)
    play.act("clerk", subject, "forward_to_district")
    verdict = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("district_police", subject, "record_district_appraisal", **verdict)
    offices = {"chair": "district_chair", "clerk": "district_clerk"}
    decision = play.issue("district_police", "district_decision", [subject], **offices)
    (certificate,) = play.papers(subject, "certificate")
    play.sign_and_seal(certificate, "district_chair", "district_clerk")
    found = consequences(play.session, "revocation", first)
    assert {one.paper_id for one in found.dependents} == {decision, certificate}
    assert [(loss.streak, loss.streak_after) for loss in found.lost] == [(3, 2)]
    amend(play, "revocation", first)
    assert {one.paper_id for one in shaken(play.session)} == {decision, certificate}
    assert [play.state(paper) for paper in (decision, certificate)] == ["issued", "issued"]
    assert play.state(subject) == "certified"
    found_now = standing(play.session, play.country.areas[0], play.year)
    assert (found_now.streak, found_now.level) == (2, "district")


COMMUNE = {"chair": "chair", "clerk": "clerk"}


def _next_year(play: Stage, year: int) -> None:
    play.year, play.today = year, date(year, 3, 2)
    with writing(play.session):
        play.session.add(
            Cycle(
                year=year,
                definition_id=play.regime,
                criteria_id=play.criteria,
                starts_on=date(year, 1, 1),
                ends_on=date(year, 12, 31),
            )
        )


@pytest.mark.parametrize("drafted", [False, True])
def test_the_district_recognises_by_no_years_that_run_no_more(play: Stage, drafted: bool) -> None:
    """A decision of the first year is revoked after the file came to the district."""
    first = play.issue("police", "commune_decision", [play.to_proposed()], **COMMUNE)
    for year in (play.year + 1, play.year + 2):
        _next_year(play, year)
        subject = play.to_posted()
    play.wait(7)
    play.act("clerk", subject, "forward_to_district")
    verdict = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("district_police", subject, "record_district_appraisal", **verdict)
    if not drafted:
        amend(play, "revocation", first)
        with pytest.raises(Refused) as caught:
            play.draft("district_police", "district_decision", [subject])
        assert told(caught.value) == ["streak_fell"]
        return
    paper = play.draft("district_police", "district_decision", [subject])
    play.act("district_chair", paper, "approve_content")
    play.act("district_clerk", paper, "approve_format")
    amend(play, "revocation", first)
    with pytest.raises(Refused) as caught:
        play.sign(paper, "district_chair")
    assert told(caught.value) == ["streak_fell"]
