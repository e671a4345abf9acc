"""What later papers do to issued ones: corrected, replaced, revoked; and to all they list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import history
from engine.errors import EngineError
from engine.outbox import Task
from engine.papers.book import Paper
from engine.subjects import Link
from tests.workflows import amending
from tests.workflows.amending import DISTRICT, amend, certify, decided, draft, finish, refused
from tests.workflows.staging import Stage, stage, told
from workflows import amendments, resting, standing, trust
from workflows.queries.cases import nomination as nomination_case
from workflows.queries.state_names import Standing, state_names
from workflows.results import Result, kept_until, result
from workflows.streaks import standing as standing_of
from workflows.streaks import streak_of, yearly_table

GOOD, GONE = (True, "commune"), (False, None)


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def _result(play: Stage, place: int = 0) -> tuple[bool, str | None] | None:
    play.session.expire_all()
    found = result(play.session, play.country.areas[place], play.year)
    return (found.recognised, found.level) if found else None


def _number(play: Stage, place: int = 0) -> str | None:
    found = result(play.session, play.country.areas[place], play.year)
    return found.decision_number if found else None


def _counted(play: Stage) -> tuple[int, int]:
    (row,) = yearly_table(play.session, play.year, play.year)
    return row["registered"], row["recognised"]


# ---------------------------------------------------------------------- correction


def test_a_correction_leaves_the_paper_in_force_and_may_be_repeated(play: Stage) -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    paper, (subject, _) = decided(play)
    first = amend(play, "correction", paper)
    assert (play.state(paper), play.state(subject)) == ("corrected", "commune_recognised")
    assert _result(play) == GOOD
    assert _number(play) == "01/QĐ-UBND"
    play.wait(1)
    second = amend(play, "correction", paper)
    found = standing.changes(play.session, paper)
    assert [(c.act, c.paper_id, c.number) for c in found] == [
        ("correction", first, "01/UBND-VP"),
        ("correction", second, "02/UBND-VP"),
    ]
    assert standing.in_force("corrected", found)
    values = play.values(first)
    assert values["target"]["number"] == "01/QĐ-UBND"
    assert values["errata"] == [{"place": "Điều 4", "printed": "nhâm dân", "correct": "nhân dân"}]


def test_an_error_of_content_is_not_corrected_by_a_letter_nor_one_of_form_replaced(
    play: Stage,
) -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    paper, _ = decided(play)
    assert refused(play, "correction", paper, nature="content") == [
        "content_error_needs_replacement"
    ]
    assert refused(play, "replacement", paper, nature="form") == ["form_error_needs_correction"]
    same = {"wrong": "Thiếu một thôn", "right": "Thiếu một thôn"}
    assert refused(play, "replacement", paper, **same) == ["nothing_corrected"]


def test_a_correction_says_what_is_wrong_and_what_is_right(play: Stage) -> None:
    paper, _ = decided(play)
    assert refused(play, "correction", paper, errata={}) == ["required"]
    half = {"2": {"place": "Điều 1", "printed": "nhâm"}}
    assert refused(play, "correction", paper, errata=half) == ["required"]
    same = {"2": {"place": "Điều 1", "printed": "nhân", "correct": "nhân"}}
    assert refused(play, "correction", paper, errata=same) == ["nothing_corrected"]


# ---------------------------------------------------------------------- replacement


def test_a_replacement_keeps_drops_and_adds_and_its_number_counts(play: Stage) -> None:
    paper, (first, second) = decided(play)
    third = play.to_proposed(play.country.areas[2])
    play.post(first)
    later = draft(play, "replacement", paper, nominations=[first, third])
    assert [play.state(s) for s in (first, second, third)] == [
        "posted",
        "commune_recognised",
        "in_commune_decision",
    ]
    assert play.state(paper) == "issued"
    finish(play, later)
    assert (play.state(paper), play.state(later)) == ("replaced", "issued")
    assert [play.state(s) for s in (first, second, third)] == [
        "posted",
        "revoked",
        "commune_recognised",
    ]
    assert [_result(play, place) for place in range(3)] == [GOOD, GONE, GOOD]
    assert [_number(play, place) for place in range(3)] == ["02/QĐ-UBND"] * 3
    assert _counted(play) == (3, 2)
    values = play.values(later)
    assert values["replaces"]["number"] == "01/QĐ-UBND"
    assert [area["name"] for area in values["areas"]] == ["Thôn 1", "Thôn 18"]
    assert not standing.in_force("replaced", standing.changes(play.session, paper))


def test_a_replacement_may_be_replaced_and_revoked_in_its_turn(play: Stage) -> None:
    paper, (first, second) = decided(play)
    later = amend(play, "replacement", paper, nominations=[first])
    latest = amend(play, "replacement", later)
    assert refused(play, "revocation", later) == ["amended_not_in_force"]
    amend(play, "revocation", latest)
    assert [play.state(p) for p in (paper, later, latest)] == ["replaced", "replaced", "revoked"]
    assert [play.state(s) for s in (first, second)] == ["revoked", "revoked"]
    assert _counted(play) == (2, 0)


def test_a_replacement_keeps_something_and_adds_only_what_is_ready(play: Stage) -> None:
    paper, (first, second) = decided(play)
    early = play.to_submitted(play.country.areas[2])
    assert refused(play, "replacement", paper, nominations=[]) == ["nothing_kept"]
    assert refused(play, "replacement", paper, nominations=[first, early]) == ["listed_not_ready"]
    assert play.state(second) == "commune_recognised"


def test_a_replacement_given_up_gives_back_what_it_had_taken(play: Stage) -> None:
    paper, (first, second) = decided(play)
    third = play.to_proposed(play.country.areas[2])
    later = draft(play, "replacement", paper, nominations=[first, third])
    play.act("chair", later, "discard", reason="Chưa cần")
    assert [play.state(s) for s in (first, second, third)] == [
        "commune_recognised",
        "commune_recognised",
        "proposed",
    ]
    assert play.state(paper) == "issued"
    assert amendments.consequences(play.session, "revocation", paper).lost


# ---------------------------------------------------------------------- revocation


def test_a_revocation_takes_the_recognition_of_all_away(play: Stage) -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    paper, subjects = decided(play)
    later = amend(play, "revocation", paper)
    assert play.state(paper) == "revoked"
    assert {play.state(s) for s in subjects} == {"revoked"}
    assert _result(play) == GONE
    assert _number(play) == "02/QĐ-UBND"
    assert _counted(play) == (2, 0)
    (change,) = standing.changes(play.session, paper)
    assert (change.act, change.reason) == ("revocation", "Số liệu báo cáo không đúng")
    assert change.effect_on == play.today
    assert standing.target(play.session, later) == standing.Target(
        "revocation",
        paper,
        change_code(play, paper),
        "commune_decision",
        "01/QĐ-UBND",
        play.today,
    )


def change_code(play: Stage, paper: int) -> str:
    return str(play.session.scalar(select(Paper.code).where(Paper.id == paper)))


def test_a_revocation_may_name_its_day_but_none_before_the_issue(play: Stage) -> None:
    paper, _ = decided(play)
    before = (play.today - timedelta(days=1)).isoformat()
    assert refused(play, "revocation", paper, effect_on=before) == ["effect_before_issue"]
    day = play.today + timedelta(days=30)
    amend(play, "revocation", paper, effect_on=day.isoformat())
    done = standing.changes(play.session, paper)
    with play.now():
        told, code = trust._fates(play.session), trust.hidden(change_code(play, paper))
    assert told["ended"] == {}
    assert [(one["act"], one["effect_on"]) for one in told["changes"][code]] == [
        ("revocation", day.isoformat())
    ]
    assert standing.in_force("revoked", done, day - timedelta(days=1))
    assert not standing.in_force("revoked", done, day)


def _named(play: Stage, nomination: int) -> str:
    case = nomination_case(play.session, nomination)
    assert case is not None
    told = state_names(play.session, play.house, [case], "vi")
    bare = Standing(case.id, case.digest, case.state)  # as inboxes and papers know it
    assert state_names(play.session, play.house, [bare], "vi") == told
    return told[nomination]


def test_a_year_counts_until_the_day_from_which_its_decision_is_revoked(play: Stage) -> None:
    paper, subjects = decided(play)
    area, year = play.country.areas[0], play.year
    day = play.today + timedelta(days=30)
    with play.now():
        assert not kept_until(play.session, subjects)
    amend(play, "revocation", paper, effect_on=day.isoformat())
    last = day - timedelta(days=1)
    with play.now():
        assert (_result(play), _counted(play)) == (GOOD, (2, 2))
        assert kept_until(play.session, subjects) == dict.fromkeys(subjects, last)
        told = _named(play, subjects[0])
        assert told.startswith(f"Vẫn được công nhận như cũ đến hết ngày {last:%d/%m/%Y}; sau đó: ")
    assert streak_of(play.session, area, year, on=day - timedelta(days=1)) == 1
    assert streak_of(play.session, area, year, on=day) == 0
    play.wait(30)
    with play.now():
        assert (_result(play), _counted(play)) == (GONE, (2, 0))
        assert told.endswith(_named(play, subjects[0]))
        lost = standing_of(play.session, area, year).broken
    assert [(one.year, one.why) for one in lost] == [(year, "year_revoked")]


@pytest.mark.parametrize(
    "reach",
    ["commune_recognised", "posted", "objected", "recall_proposed", "awaiting_district"],
)
def test_wherever_it_waits_a_nomination_hears_that_its_decision_was_revoked(
    play: Stage, reach: str
) -> None:
    paper, (subject, _) = decided(play)
    if reach != "commune_recognised":
        play.post(subject)
    if reach in ("objected", "recall_proposed"):
        told = {"objection": "Có vụ trộm chưa kể", "objection_on": play.today.isoformat()}
        play.act("clerk", subject, "record_objection", **told)
    if reach == "recall_proposed":
        play.act("committee", subject, "uphold_objection", reasons=["Có vụ trộm"])
    if reach == "awaiting_district":
        play.wait(7)
        play.act("clerk", subject, "forward_to_district")
    assert play.state(subject) == reach
    amend(play, "revocation", paper)
    assert play.state(subject) == "revoked"


def test_what_rests_on_a_revoked_decision_is_told_beforehand_marked_and_stands(
    play: Stage,
) -> None:
    paper, subjects = decided(play)
    decision, certificates = certify(play, subjects)
    play.act("clerk", subjects[0], "announce", **_announced(play))
    found = amendments.consequences(play.session, "revocation", paper)
    assert [loss.listed.id for loss in found.lost] == subjects
    assert [(loss.streak, loss.streak_after) for loss in found.lost] == [(1, 0), (1, 0)]
    assert {one.paper_id for one in found.dependents} == {decision, *certificates}
    amend(play, "revocation", paper)
    assert play.state(subjects[0]) == "revoked"
    assert [play.state(p) for p in (decision, *certificates)] == ["issued"] * 3
    country = play.country
    shaken = resting.shaken(play.session, units=[country.district])
    assert {one.paper_id for one in shaken} == {decision, *certificates}
    assert {one.fallen_number for one in shaken} == {"01/QĐ-UBND"}
    assert resting.shaken(play.session, units=[country.commune]) == []
    assert _result(play) == GONE
    amend(play, "revocation", decision, by=DISTRICT)
    left = resting.shaken(play.session, units=[country.district])
    assert {one.paper_id for one in left} == set(certificates)
    for certificate in certificates:
        amend(play, "revocation", certificate, by=DISTRICT)
    assert resting.shaken(play.session, units=None) == []


def _announced(play: Stage) -> dict[str, str]:
    return {
        "announced_on": play.today.isoformat(),
        "occasion": "Ngày hội",
        "announcement_place": "Nhà văn hóa",
    }


def test_a_revoked_district_decision_leaves_the_commune_s_recognition(play: Stage) -> None:
    paper, subjects = decided(play)
    decision, certificates = certify(play, subjects)
    assert _result(play) == (True, "district")
    amend(play, "revocation", decision, by=DISTRICT)
    assert {play.state(s) for s in subjects} == {"certification_revoked"}
    assert _result(play) == GOOD
    assert _number(play) == "01/QĐ-UBND"
    assert play.state(paper) == "issued"
    assert {one.paper_id for one in resting.shaken(play.session)} == set(certificates)
    amend(play, "revocation", paper)
    assert {play.state(s) for s in subjects} == {"revoked"}
    assert _result(play) == GONE


def test_a_certificate_replaced_or_revoked_changes_nothing_else(play: Stage) -> None:
    _, subjects = decided(play)
    _, (first, second) = certify(play, subjects)
    later = amend(play, "replacement", first, by=DISTRICT)
    assert play.values(later)["replaces"]["type"] == "Giấy công nhận"
    amend(play, "revocation", second, by=DISTRICT)
    assert [play.state(p) for p in (first, second)] == ["replaced", "revoked"]
    assert {play.state(s) for s in subjects} == {"certified"}
    assert _result(play) == (True, "district")


@pytest.mark.parametrize("signed", [False, True])
def test_a_paper_that_lists_an_area_revoked_meanwhile_can_only_be_discarded(
    play: Stage, signed: bool
) -> None:
    paper, subjects = decided(play)
    for subject in subjects:
        play.post(subject)
    play.wait(7)
    for subject in subjects:
        play.act("clerk", subject, "forward_to_district")
        verdict = {"favourable": True, "assessment": "Đủ điều kiện"}
        play.act("district_police", subject, "record_district_appraisal", **verdict)
    pending = play.draft("district_police", "district_decision", subjects)
    if signed:
        play.act("district_chair", pending, "approve_content")
        play.act("district_clerk", pending, "approve_format")
        play.sign(pending, "district_chair")
    amend(play, "replacement", paper, nominations=subjects[:1])
    with pytest.raises(EngineError) as caught:
        if signed:
            play.seal(pending, "district_clerk")
        else:
            play.act("district_chair", pending, "approve_content")
    play.session.rollback()
    assert told(caught.value) == ["listed_fell"]
    play.act("district_chair", pending, "discard", reason="Có khu bị thu hồi")
    assert [play.state(s) for s in subjects] == ["district_appraised", "revoked"]


def test_a_revoked_refusal_leaves_the_year_undecided(play: Stage) -> None:
    subject = play.to_submitted()
    verdicts = play.verdicts(met=False, verdict_reason="Chỉ 90 hộ đăng ký")
    play.act("police", subject, "record_appraisal", verdicts=verdicts)
    play.act("committee", subject, "propose_refusal", reasons=["Chưa đủ tiêu chí"])
    paper = play.issue("police", "refusal_notice", [subject], chair="chair", clerk="clerk")
    assert _result(play) == GONE
    again = amend(play, "replacement", paper)
    assert (play.state(subject), _number(play)) == ("refused", "02/TB-UBND")
    amend(play, "revocation", again)
    assert play.state(subject) == "refusal_proposed"
    assert _result(play) is None
    assert _counted(play) == (1, 0)


# ---------------------------------------------------------------------- who, when, what stays


def test_only_what_was_issued_by_this_authority_and_still_stands(play: Stage) -> None:
    subject = play.to_proposed()
    pending = play.draft("police", "commune_decision", [subject])
    assert refused(play, "revocation", pending) == ["amended_not_in_force"]
    finish(play, pending)
    assert refused(play, "revocation", pending, by=DISTRICT) == ["not_yours"]
    later = amend(play, "revocation", pending)
    for act in ("correction", "replacement", "revocation"):
        assert refused(play, act, pending)[0] == "amended_not_in_force"
    assert refused(play, "revocation", later) == ["not_amendable"]
    letter = amend(play, "correction", later)
    assert refused(play, "correction", letter) == ["not_amendable"]


@pytest.mark.parametrize("who", ["chair", "clerk", "committee", "district_police"])
def test_only_the_drafters_of_the_authority_may(play: Stage, who: str) -> None:
    paper, _ = decided(play, 1)
    assert refused(play, "revocation", paper, by=(who, "", "")) == ["not_yours"]


def test_one_act_at_a_time(play: Stage) -> None:
    paper, _ = decided(play)
    pending = draft(play, "correction", paper)
    for act in ("correction", "replacement", "revocation"):
        assert "amendment_under_way" in refused(play, act, paper)
    play.act("chair", pending, "discard", reason="Không cần nữa")
    assert play.state(amend(play, "revocation", paper)) == "issued"


def test_whoever_drafted_does_not_approve(play: Stage) -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    paper, _ = decided(play)
    later = draft(play, "revocation", paper)
    assert play.refused("police", later, "approve_content") == ["not_yours"]


def test_every_act_is_logged_and_told_in_the_history_of_all(play: Stage) -> None:
    paper, (subject, _) = decided(play)
    amend(play, "correction", paper)
    later = amend(play, "revocation", paper)
    acts = play.session.scalars(select(Task.ids).where(Task.name == "log")).all()
    version = len(history_of(play, paper))
    assert {"paper": paper, "act": version} in acts
    assert {"paper": paper, "act": version - 1} in acts
    last = history_of(play, subject)[-1]
    assert (last.action, last.data["paper"], last.data["by"]) == ("lose_recognition", paper, later)
    assert last.data["by_number"] == "02/QĐ-UBND"
    assert history.verify(play.session) == []


def history_of(play: Stage, subject: int) -> list[history.Event]:
    query = select(history.Event).where(history.Event.subject_id == subject)
    return list(play.session.scalars(query.order_by(history.Event.version)))


def test_what_a_person_may_do_is_told_with_every_reason(play: Stage) -> None:
    paper, _ = decided(play)
    session, house = play.session, play.house
    with play.now():
        police, chair = (
            house.find_actor(session, play.people[who], play.today) for who in ("police", "chair")
        )
        mine = amendments.options(session, house, police, paper)
        assert {act: option.open for act, option in mine.items()} == dict.fromkeys(
            amendments.ACTS, True
        )
        his = amendments.options(session, house, chair, paper)
        assert {r.code for o in his.values() for r in o.refusals} == {"not_yours"}
        draft(play, "revocation", paper)
        now = amendments.options(session, house, police, paper)
        assert {r.code for o in now.values() for r in o.refusals} == {"amendment_under_way"}


def test_the_paper_that_acts_names_the_earlier_one_at_place_zero(play: Stage) -> None:
    paper, subjects = decided(play)
    later = draft(play, "replacement", paper)
    rows = play.session.execute(
        select(Link.subject_id, Link.position).where(Link.paper_id == later).order_by(Link.position)
    ).all()
    assert [tuple(row) for row in rows] == [(paper, 0), *zip(subjects, (1, 2), strict=True)]


def test_imported_results_are_left_alone(play: Stage) -> None:
    area = play.country.areas[0]
    row = {"year": play.year - 1, "recognised": True, "level": "commune", "source": "Báo cáo"}
    play.session.add(Result(area_id=area, **row))
    play.session.commit()
    paper, _ = decided(play)
    (loss, _) = amendments.consequences(play.session, "revocation", paper).lost
    assert (loss.streak, loss.streak_after) == (2, 0)
    amend(play, "revocation", paper)
    kept = result(play.session, area, play.year - 1)
    assert kept is not None
    assert kept.recognised
    assert amending.COMMUNE[0] == "police"
