"""How a nomination ends otherwise: refused, objected to, withdrawn, lapsed."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Conflict, Refused
from engine.subjects import Waiting
from tests.workflows.amending import amend
from tests.workflows.staging import Stage, stage
from workflows.results import result
from workflows.shares import subjects_of

REASON = "Thiếu số liệu năm trước"


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def test_a_commune_refuses_with_its_reasons(play: Stage) -> None:
    """Law: Thông tư 124/2021/TT-BCA."""
    subject = play.to_submitted()
    verdicts = play.verdicts(met=False, verdict_reason="Chỉ 90 hộ đăng ký.")
    play.act("police", subject, "record_appraisal", verdicts=verdicts)
    refused = play.refused("committee", subject, "record_committee_opinion", **play.opinion())
    assert refused == ["criterion_not_met"]
    play.act("committee", subject, "propose_refusal", reasons=["Chưa đủ tiêu chí"])
    paper = play.issue("police", "refusal_notice", [subject], chair="chair", clerk="clerk")
    assert play.state(subject) == "refused"
    assert play.values(paper)["reasons"] == [
        {"code": "4.1", "text": "", "reason": "Chỉ 90 hộ đăng ký"},
        {"code": "", "text": "", "reason": "Chưa đủ tiêu chí"},
    ]
    found = result(play.session, play.country.areas[0], play.year)
    assert found is not None
    assert (found.recognised, found.decision_number) == (False, "01/TB-UBND")


def test_an_objection_is_dismissed_or_upheld_after_the_decision(play: Stage) -> None:
    subject = play.to_posted()
    play.wait(2)
    objection = {"objection": "Có vụ trộm chưa kể", "objection_on": play.today.isoformat()}
    play.act("clerk", subject, "record_objection", **objection)
    play.act("police", subject, "dismiss_objection", reason="Vụ việc ở thôn khác")
    assert play.state(subject) == "posted"
    play.act("clerk", subject, "record_objection", **objection)
    play.act("committee", subject, "uphold_objection", reasons=["Có vụ trộm nghiêm trọng"])
    play.act("committee", subject, "drop_recall", reason=REASON)
    assert play.state(subject) == "objected"
    play.act("committee", subject, "uphold_objection", reasons=["Có vụ trộm nghiêm trọng"])
    assert play.state(subject) == "recall_proposed"
    # What was issued is not unsaid by a notice beside it: it is revoked.
    assert play.papers(subject, "refusal_notice") == []
    amend(play, "revocation", play.papers(subject, "commune_decision")[0])
    assert play.state(subject) == "revoked"
    found = result(play.session, play.country.areas[0], play.year)
    assert found is not None
    assert not found.recognised


def test_the_district_may_return_resume_and_refuse_without_undoing_the_commune(
    play: Stage,
) -> None:
    subject = play.to_district()
    play.act("district_police", subject, "return_to_commune", reasons=[REASON])
    assert play.state(subject) == "posted"
    play.act("clerk", subject, "forward_to_district")
    verdict = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("district_police", subject, "record_district_appraisal", **verdict)
    play.act("district_police", subject, "resume_district_appraisal", reason=REASON)
    assert "record_district_appraisal" not in play.facts(subject)
    play.act("district_police", subject, "propose_district_refusal", reasons=["Số liệu không khớp"])
    offices = {"chair": "district_chair", "clerk": "district_clerk"}
    paper = play.issue("district_police", "refusal_notice", [subject], **offices)
    assert play.state(subject) == "not_certified"
    values = play.values(paper)
    assert values["authority"]["name"] == "Ủy ban nhân dân huyện Nga Sơn"
    assert values["reasons"] == [{"code": "", "text": "", "reason": "Số liệu không khớp"}]
    # It does not contradict the commune's decision: it names it, and lets it stand.
    assert (values["act"], values["standing"]["number"]) == ("chứng nhận", "01/QĐ-UBND")
    found = result(play.session, play.country.areas[0], play.year)
    assert found is not None
    assert (found.recognised, found.level) == (True, "commune")


def test_a_discarded_district_draft_gives_the_nomination_back(play: Stage) -> None:
    subject = play.to_district()
    verdict = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("district_police", subject, "record_district_appraisal", **verdict)
    paper = play.draft("district_police", "district_decision", [subject])
    play.act("district_police", paper, "discard", reason="Thiếu một thôn")
    assert play.state(subject) == "district_appraised"


@pytest.mark.parametrize("reach", ["open", "to_submitted", "to_proposed"])
def test_the_hamlet_may_withdraw_until_a_decision_is_drafted(play: Stage, reach: str) -> None:
    subject = getattr(play, reach)()
    before = _registered(play)
    play.act("head", subject, "withdraw", reason="Thôn sáp nhập")
    assert play.state(subject) == "withdrawn"
    assert _registered(play) == before - bool(before)  # nor does the commune count it any more
    waiting = select(Waiting).where(Waiting.subject_id == subject)
    assert play.session.scalars(waiting).first() is None
    assert result(play.session, play.country.areas[0], play.year) is None


def _registered(play: Stage) -> int:
    told = subjects_of(
        play.session, play.country.commune, play.year, "security", ("area",), play.today
    )
    return told.kinds["area"].registered


def test_nobody_withdraws_from_a_drafted_decision(play: Stage) -> None:
    subject = play.to_proposed()
    play.draft("police", "commune_decision", [subject])
    assert play.refused("head", subject, "withdraw", reason=REASON) == ["not_from_here"]


def test_the_system_lets_a_forgotten_nomination_lapse_once_its_term_is_over(play: Stage) -> None:
    subject = play.open()
    play.wait(89)
    with pytest.raises(Refused, match="deadline_not_passed"):
        play.system(subject, "lapse")
    play.wait(8)
    play.system(subject, "lapse")
    assert play.state(subject) == "lapsed"


def test_an_office_that_is_late_costs_the_hamlet_nothing(play: Stage) -> None:
    subject = play.to_submitted()
    play.wait(100)
    with pytest.raises(Conflict, match="not_from_here"):
        play.system(subject, "lapse")
