"""The yes and no of the guards on the commune, the district and the posting."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.workflows.staging import Stage, stage


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def test_each_verdict_that_differs_needs_its_reason(play: Stage) -> None:
    subject = play.to_submitted()

    def codes(**cells: Any) -> list[str]:
        verdicts = play.verdicts(**cells)
        return play.refused("police", subject, "record_appraisal", verdicts=verdicts)

    assert codes(met=None) == ["criterion_not_appraised"]
    assert codes(met=False) == ["unmet_without_reason"]
    play.appraise(subject)
    assert play.state(subject) == "appraised"


def test_a_verdict_better_than_the_claim_needs_its_reason_too(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    findings = play.findings(met=False, fact="Thiếu một hộ")
    play.act("head", subject, "complete_self_assessment", findings=findings)
    play.vote(subject)
    play.act("head", subject, "submit")
    refused = play.refused("police", subject, "record_appraisal", verdicts=play.verdicts())
    assert refused == ["differs_without_reason"]
    verdicts = play.verdicts(verdict_reason="Hộ đó không cư trú tại thôn")
    play.act("police", subject, "record_appraisal", verdicts=verdicts)
    (paper,) = play.papers(subject, "appraisal_report")
    first = play.values(paper)["verdicts"][0]
    assert (first["claimed"], first["met"]) == (False, True)
    assert play.values(paper)["met"] is True


def test_the_committee_needs_more_than_half_of_its_members_twice(play: Stage) -> None:
    subject = play.to_submitted()
    play.appraise(subject)

    def codes(**change: Any) -> list[str]:
        opinion = play.opinion(**change)
        return play.refused("committee", subject, "record_committee_opinion", **opinion)

    assert codes(members_present=21) == ["more_than_members"]
    assert codes(members_present=10, members_agreed=10) == [
        "too_few_members",
        "too_few_members_agree",
    ]
    assert codes(members_agreed=10) == ["too_few_members_agree"]
    assert codes(members_present=11, members_agreed=12) == ["more_than_members"]
    tomorrow, before = play.today + timedelta(days=1), play.today - timedelta(days=1)
    assert codes(held_on=tomorrow.isoformat()) == ["date_in_the_future"]
    assert codes(held_on=before.isoformat()) == ["opinion_before_appraisal"]
    just = play.opinion(members_present=11, members_agreed=11)
    play.act("committee", subject, "record_committee_opinion", **just)
    assert play.state(subject) == "proposed"


def test_a_posting_lasts_seven_days_and_begins_with_the_decision(play: Stage) -> None:
    subject = play.to_proposed()
    play.issue("police", "commune_decision", [subject], chair="chair", clerk="clerk")

    def codes(begins: int, ends: int) -> list[str]:
        days = {
            "posted_on": (play.today + timedelta(days=begins)).isoformat(),
            "posted_until": (play.today + timedelta(days=ends)).isoformat(),
        }
        return play.refused("clerk", subject, "post_publicly", posting_place="UBND", **days)

    assert codes(0, 5) == ["posting_too_short"]
    assert codes(-1, 6) == ["posted_before_decision"]
    assert codes(1, 8) == ["date_in_the_future"]
    play.post(subject)
    assert play.state(subject) == "posted"


def test_a_posting_is_told_while_somebody_can_still_object(play: Stage) -> None:
    subject = play.to_proposed()
    play.issue("police", "commune_decision", [subject], chair="chair", clerk="clerk")
    days = {
        "posting_place": "UBND",
        "posted_on": play.today.isoformat(),
        "posted_until": (play.today + timedelta(days=6)).isoformat(),
    }
    play.wait(7)
    assert play.refused("clerk", subject, "post_publicly", **days) == ["posting_over_already"]
    play.wait(-1)
    play.act("clerk", subject, "post_publicly", **days)
    assert play.state(subject) == "posted"


def test_a_posting_ends_before_the_file_would_be_overdue(play: Stage) -> None:
    subject = play.to_proposed()
    play.issue("police", "commune_decision", [subject], chair="chair", clerk="clerk")
    last = play.house.calendar.add_working_days(play.today, 10)
    days = {"posting_place": "UBND", "posted_on": play.today.isoformat()}
    late = days | {"posted_until": last.isoformat()}
    assert play.refused("clerk", subject, "post_publicly", **late) == ["posting_too_long"]
    in_time = days | {"posted_until": (last - timedelta(days=1)).isoformat()}
    play.act("clerk", subject, "post_publicly", **in_time)
    play.today = last
    play.act("clerk", subject, "forward_to_district")
    assert play.state(subject) == "awaiting_district"


def test_objections_come_in_time_and_the_file_goes_on_after_it(play: Stage) -> None:
    subject = play.to_posted()
    first, last = play.today, play.today + timedelta(days=6)

    def codes(day: date) -> list[str]:
        inputs = {"objection_on": day.isoformat(), "objection": "Có vụ trộm"}
        return play.refused("clerk", subject, "record_objection", **inputs)

    assert codes(first + timedelta(days=1)) == ["date_in_the_future"]
    play.today = last
    play.at = time(23, 59, 59)
    assert play.refused("clerk", subject, "forward_to_district") == ["objection_window_open"]
    play.wait(1)
    play.at = time(0)
    assert codes(first - timedelta(days=1)) == ["objection_out_of_time"]
    assert codes(play.today) == ["objection_out_of_time"]
    play.act("clerk", subject, "forward_to_district")
    assert play.state(subject) == "awaiting_district"


def test_an_unfavourable_district_appraisal_is_another_move(play: Stage) -> None:
    subject = play.to_district()
    inputs = {"favourable": False, "assessment": "Số liệu không khớp"}
    refused = play.refused("district_police", subject, "record_district_appraisal", **inputs)
    assert refused == ["verdict_unfavourable"]


def test_an_announcement_follows_the_certificate(play: Stage) -> None:
    subject = play.to_district()
    inputs = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("district_police", subject, "record_district_appraisal", **inputs)
    offices = {"chair": "district_chair", "clerk": "district_clerk"}
    play.issue("district_police", "district_decision", [subject], **offices)
    play.wait(1)
    (certificate,) = play.papers(subject, "certificate")
    play.sign_and_seal(certificate, **offices)
    inputs = {"occasion": "Ngày hội", "announcement_place": "Nhà văn hóa"}
    for days, code in ((-1, "announced_before_decision"), (1, "date_in_the_future")):
        day = (play.today + timedelta(days=days)).isoformat()
        assert play.refused("clerk", subject, "announce", announced_on=day, **inputs) == [code]
    play.act("clerk", subject, "announce", announced_on=play.today.isoformat(), **inputs)
