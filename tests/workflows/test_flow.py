"""The main flow, move by move through ``perform``, with made-up signatures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import time
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.db import writing
from engine.errors import NotFound, Refused
from engine.history import Event, verify
from engine.papers.book import Paper
from engine.registers import Entry
from tests.workflows.officials import HOUSEHOLDS
from tests.workflows.staging import Stage, stage
from workflows.nominations import of_area, open_nomination
from workflows.people import Appointment
from workflows.results import result

REASON = "Thiếu số liệu năm trước"


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def test_a_nomination_goes_to_the_announced_certificate_with_made_up_signatures(
    play: Stage,
) -> None:
    subject = play.to_district()
    play.act(
        "district_police",
        subject,
        "record_district_appraisal",
        favourable=True,
        assessment="Đủ điều kiện",
    )
    play.issue(
        "district_police",
        "district_decision",
        [subject],
        chair="district_chair",
        clerk="district_clerk",
    )
    assert play.state(subject) == "district_decided"
    (certificate,) = play.papers(subject, "certificate")
    play.sign_and_seal(certificate, "district_chair", "district_clerk")
    assert play.state(subject) == "certified"
    play.act(
        "clerk",
        subject,
        "announce",
        announced_on=play.today.isoformat(),
        occasion="Ngày hội",
        announcement_place="Nhà văn hóa",
    )
    assert play.state(subject) == "announced"

    found = result(play.session, play.country.areas[0], play.year)
    assert found is not None
    assert (found.recognised, found.level, found.decision_number) == (
        True,
        "district",
        "01/QĐ-UBND",
    )
    assert not verify(play.session)
    for kind in ("notice", "minutes", "submission", "appraisal_report"):
        assert len(play.papers(subject, kind)) == 1, kind


def test_one_decision_moves_every_nomination_it_lists(play: Stage) -> None:
    first, second = (play.to_proposed(area) for area in play.country.areas[:2])
    paper = play.issue("police", "commune_decision", [second, first], chair="chair", clerk="clerk")
    assert {play.state(first), play.state(second)} == {"commune_recognised"}
    areas = play.values(paper)["areas"]
    assert [area["name"] for area in areas] == ["Thôn 1", "Thôn 2"]
    assert play.session.scalars(select(Entry.number)).all() == [1]


def test_a_discarded_draft_gives_the_nominations_back(play: Stage) -> None:
    subject = play.to_proposed()
    paper = play.draft("police", "commune_decision", [subject])
    assert play.state(subject) == "in_commune_decision"
    play.act("chair", paper, "discard", reason="Sai tên thôn")
    assert (play.state(subject), play.state(paper)) == ("proposed", "discarded")
    again = play.issue("police", "commune_decision", [subject], chair="chair", clerk="clerk")
    assert play.state(again) == "issued"


def test_a_discarded_certificate_is_drafted_again_at_once(play: Stage) -> None:
    subject = play.to_district()
    favourable = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("district_police", subject, "record_district_appraisal", **favourable)
    offices = {"chair": "district_chair", "clerk": "district_clerk"}
    play.issue("district_police", "district_decision", [subject], **offices)
    (first,) = play.papers(subject, "certificate")
    play.act("district_chair", first, "discard", reason="Sai tên thôn")
    assert play.state(subject) == "district_decided"
    _, second = play.papers(subject, "certificate")
    play.sign_and_seal(second, **offices)
    assert play.state(subject) == "certified"
    assert play.values(second)["decision"] == {
        "number": "01/QĐ-UBND",
        "date": play.today.isoformat(),
    }


RETURNS = {
    "return_to_self_assessment": ("registered", {"open_registration", "register"}),
    "return_to_meeting": (
        "self_assessed",
        {"open_registration", "register", "complete_self_assessment"},
    ),
    "return_to_submission": (
        "minuted",
        {
            "open_registration",
            "register",
            "complete_self_assessment",
            "give_notice",
            "record_count",
            "adopt_minutes",
        },
    ),
}


@pytest.mark.parametrize("action", RETURNS)
def test_a_return_voids_exactly_what_comes_after_the_step_it_names(
    play: Stage, action: str
) -> None:
    subject = play.to_submitted()
    play.act("police", subject, action, reasons=[REASON], supplements=["Số liệu năm 2025"])
    state, kept = RETURNS[action]
    assert play.state(subject) == state
    assert play.facts(subject).keys() == kept | {action}
    (paper,) = play.papers(subject, "return_notice")
    assert play.values(paper)["reasons"] == [REASON]


def test_a_returned_nomination_is_done_again_from_there(play: Stage) -> None:
    subject = play.to_submitted()
    play.act("police", subject, "return_to_meeting", reasons=[REASON])
    play.vote(subject, yes=70)
    play.act("head", subject, "submit")
    play.appraise(subject)
    play.act("committee", subject, "record_committee_opinion", **play.opinion())
    paper = play.draft("police", "commune_decision", [subject])
    assert play.values(paper)["areas"][0]["yes"] == 70


@pytest.mark.parametrize(
    "action", ["return_to_self_assessment", "return_to_meeting", "return_to_submission"]
)
def test_a_return_needs_a_reason(play: Stage, action: str) -> None:
    subject = play.to_submitted()
    assert play.refused("police", subject, action) == ["required"]


def test_a_failed_vote_is_minuted_and_may_be_held_again(play: Stage) -> None:
    """Law: Luật 10/2022/QH15."""
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    play.vote(subject, yes=50)
    assert play.state(subject) == "vote_failed"
    (paper,) = play.papers(subject, "minutes")
    assert play.values(paper)["vote"]["passed"] is False

    play.act("head", subject, "call_meeting_again", reason="Nhiều hộ vắng mặt")
    assert play.facts(subject).keys() == {
        "open_registration",
        "register",
        "complete_self_assessment",
        "call_meeting_again",
    }
    play.vote(subject, yes=51)
    assert play.state(subject) == "minuted"


def test_a_meeting_may_be_called_again_before_its_count_with_notice_anew(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    play.invite(subject, days=20)
    assert play.refused("head", subject, "call_again") == ["required"]
    play.act("head", subject, "call_again", reason="Ghi nhầm ngày họp")
    assert play.state(subject) == "self_assessed"
    assert "give_notice" not in play.facts(subject)
    with pytest.raises(Refused, match="notice_too_short"):
        play.invite(subject, days=1)
    play.session.rollback()
    play.vote(subject, yes=60)
    assert play.state(subject) == "minuted"


def test_a_failed_vote_may_end_the_nomination_as_not_recognised(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    play.vote(subject, yes=50)
    play.act("head", subject, "close_without_title", reason="Người dân chưa tán thành")
    assert play.state(subject) == "not_proposed"
    found = result(play.session, play.country.areas[0], play.year)
    assert found is not None
    assert not found.recognised


def test_a_count_may_be_entered_again_before_the_minutes(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    play.invite(subject, days=2)
    play.wait(2)
    play.at = time(22)
    play.act("head", subject, "record_count", **play.count(40))
    play.act("head", subject, "recount", reason="Ghi nhầm số")
    assert "record_count" not in play.facts(subject)
    play.act("head", subject, "record_count", **play.count(60))
    play.act("head", subject, "adopt_minutes")
    assert play.state(subject) == "minuted"


def test_the_committee_may_send_back_and_think_again(play: Stage) -> None:
    subject = play.to_submitted()
    play.appraise(subject)
    play.act("committee", subject, "return_to_appraisal", reason="Xem lại tiêu chí 4.4")
    assert "record_appraisal" not in play.facts(subject)
    play.appraise(subject)
    play.act("committee", subject, "record_committee_opinion", **play.opinion())
    play.act("committee", subject, "reconsider", reason="Có ý kiến mới")
    assert play.state(subject) == "appraised"
    assert "record_committee_opinion" not in play.facts(subject)
    play.act("committee", subject, "propose_refusal", reasons=[REASON])
    play.act("committee", subject, "reconsider", reason="Đã làm rõ")
    assert "propose_refusal" not in play.facts(subject)


def test_maker_and_checker_are_different_people_whatever_their_offices(play: Stage) -> None:
    subject = play.to_submitted()
    head = play.people[f"head {play.country.areas[0]}"]
    play.people["police"] = head
    verdicts = play.verdicts()
    assert play.refused("police", subject, "record_appraisal", verdicts=verdicts) == ["not_yours"]
    with writing(play.session):
        play.session.add(
            Appointment(
                person_id=head,
                role="commune_appraiser",
                unit_id=play.country.commune,
                title="Công an viên",
                starts_on=play.today,
            )
        )
    refused = play.refused("police", subject, "record_appraisal", verdicts=verdicts)
    assert refused == ["separation_of_duties"]


def test_the_head_of_another_hamlet_may_not_act(play: Stage) -> None:
    subject = play.open()
    stranger = play.people[f"head {play.country.areas[1]}"]
    play.people[f"head {play.country.areas[0]}"] = stranger
    assert play.refused("head", subject, "register") == ["not_yours"]


def test_a_nomination_is_opened_once_a_year_and_only_in_a_year_that_is_open(play: Stage) -> None:
    subject = play.open()
    with pytest.raises(Refused, match="case_exists"):
        play.open()
    play.session.rollback()
    assert of_area(play.session, play.country.areas[0], play.year) == subject
    head = play.people[f"head {play.country.areas[1]}"]
    with play.now(), pytest.raises(NotFound, match="no_cycle"):
        open_nomination(play.session, play.house, head, play.country.areas[1], 1999)
    with play.now(), pytest.raises(NotFound, match="no_such_unit"):
        open_nomination(play.session, play.house, head, 987654, play.year)


def test_a_commune_is_not_opened_as_an_area(play: Stage) -> None:
    # No cycle of this year is for communes.
    with play.now(), pytest.raises(NotFound, match="no_cycle"):
        open_nomination(
            play.session, play.house, play.people["clerk"], play.country.commune, play.year
        )


def test_opening_with_the_same_key_answers_the_same(play: Stage) -> None:
    area = play.country.areas[0]
    clerk = play.people["clerk"]
    with play.now():
        first = open_nomination(play.session, play.house, clerk, area, play.year, "k")
        again = open_nomination(play.session, play.house, clerk, area, play.year, "k")
    assert (again.subject_id, again.again) == (first.subject_id, True)


def test_the_roll_is_frozen_at_registration(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    assert play.facts(subject)["register"].data["households"] == HOUSEHOLDS


def test_every_move_is_in_the_history_with_its_office(play: Stage) -> None:
    subject = play.to_posted()
    events = play.session.scalars(
        select(Event).where(Event.subject_id == subject).order_by(Event.version)
    ).all()
    assert [event.version for event in events] == list(range(1, len(events) + 1))
    assert all((event.office is None) == (event.person_id is None) for event in events)
    assert play.session.scalar(select(Paper.number_text).where(Paper.number == 1)) == "01/QĐ-UBND"


def test_of_two_who_open_the_same_nomination_at_once_one_is_told(
    play: Stage, engine: Engine
) -> None:
    area, start = play.country.areas[0], Barrier(2)
    openers = (play.people["clerk"], play.people[f"head {area}"])

    def attempt(person: int) -> str:
        with Session(engine) as session, play.now():
            start.wait()
            try:
                open_nomination(session, play.house, person, area, play.year)
            except Refused as error:
                return error.code
            return "opened"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, openers)) == ["case_exists", "opened"]
    assert play.count_events() == 1
