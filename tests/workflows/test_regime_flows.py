"""Every kind of unit goes its own way to the title, under each regime, through ``perform``."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.clock import vietnam
from engine.commands import prospect
from engine.db import writing
from engine.errors import NotFound, Refused
from engine.history import verify
from engine.policy import THE_SYSTEM
from engine.subjects import Subject
from tests.workflows.officials import HOUSEHOLDS
from tests.workflows.subjects import Play, add_unit, play
from workflows import lateness, library, shares
from workflows.cycles import SECURITY, Cycle, open_year
from workflows.hints import hints
from workflows.nominations import lacking
from workflows.recount import Counted, Sheet, fold, recount
from workflows.regimes import regime, rules_under, with_vote
from workflows.results import result
from workflows.territory.acts import decree
from workflows.territory.orders import Order
from workflows.units import Unit
from workflows.wording import say


@pytest.fixture
def circular(session: Session) -> Play:
    return play(session, "tt-124-2021", 2024)


def test_an_area_is_recognised_by_the_commune_without_a_vote_of_households(
    circular: Play,
) -> None:
    area = circular.country.areas[0]
    subject = circular.to_announced(area, "head", "commune")
    assert circular.state(subject) == "announced"
    assert circular.today <= date(2024, 11, 14)
    found = result(circular.session, area, 2024)
    assert found is not None
    assert (found.recognised, found.level) == (True, "commune")
    (minutes,) = circular.papers(subject, "assessment_minutes")
    told = circular.values(minutes)
    assert [one["title"] for one in told["attendees"]][:2] == [
        "Bí thư chi bộ",
        "Đại diện Ban công tác Mặt trận",
    ]
    (decision,) = circular.papers(subject, "commune_decision")
    last = date(2024, 11, 14)  # điểm a khoản 1 Điều 9 Thông tư 124/2021/TT-BCA
    assert not lateness.ahead(circular.session, circular.house, [decision], last)
    with clock.fixed_at(clock.vietnam(last + timedelta(days=1), time(0))):
        move = prospect(circular.session, circular.house, decision, "sign", THE_SYSTEM)
        (hint,) = hints(move)
    assert (hint.params, hint.clause) == (
        {"year": 2024, "last": "2024-11-14"},
        "điểm a khoản 1 Điều 9 Thông tư 124/2021/TT-BCA",
    )
    assert lateness.behind(circular.session, subject) is None
    values = circular.values(decision)
    assert (values["noun"], values["areas"][0]["yes"]) == ("khu dân cư", 0)
    assert not verify(circular.session)


@pytest.mark.parametrize(
    ("law", "year", "rule", "last_day"),
    [
        ("tt-23-2012", 2015, "34/2007", None),
        ("two-tier-2025", 2026, "khoản 1 Điều 21 Luật", date(2026, 11, 14)),
    ],
)
def test_a_year_may_be_opened_with_a_vote_of_the_households(
    session: Session, law: str, year: int, rule: str, last_day: date | None
) -> None:
    """Switched on per cycle; what passes is the law of the day of the meeting: Pháp lệnh
    34/2007, then Luật 10/2022 with Nghị định 59/2023. A decision of 15 November counts and is
    told as late, where the law names a day: Thông tư 124/2021/TT-BCA."""
    stage = play(session, law, year, districts=law != "two-tier-2025")
    told = with_vote(regime(law), {one.id for one in stage.house.runnable}, year)
    with writing(session):
        found = session.get_one(Cycle, (year, SECURITY, "area"))
        found.definition_id = told.kinds["area"].definition
    assert rules_under(found.definition_id, "area") == regime(law).kinds["area"]
    area, window = stage.country.areas[0], told.kinds["area"].window(year)
    subject = stage.begin(area, "head")
    stage.today = window.ends_on - timedelta(days=5)
    stage.assessed(subject, "area", "head")
    meeting = stage.meeting("area")
    assert stage.refused("head", subject, "record_meeting", **meeting) == ["not_from_here"]
    stage.vote(subject, yes=50)
    assert stage.state(subject) == "vote_failed"
    stage.act("head", subject, "call_meeting_again", reason="Chưa đủ số hộ tán thành")
    stage.vote(subject)
    assert stage.state(subject) == "voted"
    stage.today = window.ends_on + timedelta(days=1)
    stage.act("head", subject, "record_meeting", **stage.meeting("area"))
    stage.act("head", subject, "submit")
    (first, minutes) = stage.papers(subject, "minutes")
    assert rule in stage.values(minutes)["rule"]
    assert not stage.values(first)["vote"]["passed"]
    (submission,) = stage.papers(subject, "submission")
    assert stage.values(submission)["vote"]["households"] == HOUSEHOLDS
    stage.appraised(subject, "area", "police")
    stage.act("committee", subject, "record_committee_opinion", **stage.opinion())
    stage.today = date(year, 11, 15)
    stage.decide(subject, "commune")
    assert stage.state(subject) == "announced"
    assert not verify(session)
    late = lateness.behind(session, subject)
    assert (late.last if late else None) == last_day
    found_late = lateness.within(session, stage.country.province, year, year)
    assert found_late == ([late] if late else ())


def test_where_households_vote_anyway_no_vote_is_added() -> None:
    known = {one.id for one in library.law().definitions}
    for name in ("de-an-375", "district-certification"):
        with pytest.raises(Refused, match="no_vote_to_add"):
            with_vote(regime(name), known, 2012)


@pytest.mark.parametrize(
    ("year", "cited"), [(2022, "34/2007"), (2023, "10/2022"), (2023, "34/2007"), (2024, "10/2022")]
)
def test_a_vote_cites_the_law_of_its_year(year: int, cited: str) -> None:
    """Luật 10/2022 is of 1/7/2023: households that met in 2022 did so by Pháp lệnh 34/2007; in
    2023 by the one or the other, as the day is."""
    known = {one.id: one for one in library.law().definitions}
    told = with_vote(regime("tt-124-2021"), known, year).kinds["area"]
    votes = [move.clause or "" for move in known[told.definition].transitions if "vote" in move.id]
    assert votes
    assert all(cited in clause for clause in votes if "Điều 4" not in clause)
    assert rules_under(told.definition, "area") == regime("tt-124-2021").kinds["area"]


@pytest.mark.parametrize("kind", ["school", "agency", "enterprise"])
def test_a_unit_that_the_commune_manages_is_recognised_by_it(circular: Play, kind: str) -> None:
    unit = circular.units[kind]
    subject = circular.to_announced(unit, f"{kind} head", "commune")
    assert circular.state(subject) == "announced"
    assert circular.session.scalar(select(Subject.definition_id).where(Subject.id == subject)) == (
        "tt-124-2021-unit-commune"
    )
    (certificate,) = circular.papers(subject, "certificate")
    values = circular.values(certificate)
    assert values["area"].startswith(("Trường", "Trạm", "Công ty"))
    assert values["commune"].startswith("xã ")


def test_a_school_under_the_district_is_decided_by_the_district(circular: Play) -> None:
    school = add_unit(
        circular, "school", "D1", circular.country.district, "trường", "Trường THPT Mẫu", "upper"
    )
    circular.session.commit()
    subject = circular.to_announced(school, "D1 head", "district")
    found = result(circular.session, school, 2024)
    assert found is not None
    assert found.level == "district"
    (paper,) = circular.papers(subject, "district_decision")
    assert circular.values(paper)["noun"] == "cơ sở giáo dục"


def test_since_the_reform_a_province_decides_on_a_school_it_manages(session: Session) -> None:
    stage = play(session, "two-tier-2025", 2026, districts=False)
    school = add_unit(
        stage, "school", "P1", stage.country.province, "trường", "Trường THPT Mẫu", "upper"
    )
    session.commit()
    subject = stage.to_announced(school, "P1 head", "province")
    assert stage.state(subject) == "announced"
    (certificate,) = stage.papers(subject, "certificate")
    assert stage.values(certificate)["unit"] == ""


def recognise_all(stage: Play) -> None:
    """Every subject of the commune registers and is recognised."""
    for area in stage.country.areas:
        stage.to_announced(area, "head", "commune")
    for kind in ("school", "agency", "enterprise"):
        stage.to_announced(stage.units[kind], f"{kind} head", "commune")


def test_a_commune_is_recognised_by_the_district_once_its_subjects_are(circular: Play) -> None:
    """khoản 4 Điều 5: six subjects, five recognised are more than 70 %."""
    stage = circular
    for area in stage.country.areas:
        stage.to_announced(area, "head", "commune")
    for kind in ("school", "agency"):
        stage.to_announced(stage.units[kind], f"{kind} head", "commune")
    commune = stage.country.commune
    subject = stage.to_submitted(commune, "committee")
    stage.appraised(subject, "commune", "district_police")
    refused = stage.refused("district_police", subject, "propose_recognition")
    assert refused == ["subjects_not_registered"]

    stage.today = date(2024, 3, 12)
    late = stage.begin(stage.units["enterprise"], "enterprise head")
    assert stage.state(late) == "registered"
    stage.today = date(2024, 11, 18)
    stage.act("district_police", subject, "propose_recognition")
    stage.decide(subject, "district")
    assert stage.state(subject) == "announced"
    found = result(stage.session, commune, 2024)
    assert found is not None
    assert (found.recognised, found.level) == (True, "district")
    (paper,) = stage.papers(subject, "district_decision")
    values = stage.values(paper)
    assert values["noun"] == "xã, phường, thị trấn"
    assert values["areas"][0]["name"].startswith("xã ")


def test_a_commune_with_too_few_recognised_is_not_proposed(circular: Play) -> None:
    stage = circular
    stage.to_announced(stage.country.areas[0], "head", "commune")
    stage.today = date(2024, 3, 12)
    for area in stage.country.areas[1:]:
        stage.begin(area, "head")
    for kind in ("school", "agency", "enterprise"):
        stage.begin(stage.units[kind], f"{kind} head")
    subject = stage.to_submitted(stage.country.commune, "committee")
    stage.appraised(subject, "commune", "district_police")
    refused = stage.refused("district_police", subject, "propose_recognition")
    assert refused == ["share_not_reached"]


def test_a_commune_title_goes_to_the_province_where_no_district_is(session: Session) -> None:
    stage = play(session, "two-tier-2025", 2026, districts=False)
    recognise_all(stage)
    subject = stage.to_announced(stage.country.commune, "committee", "province")
    assert stage.state(subject) == "announced"
    (paper,) = stage.papers(subject, "province_decision")
    assert not any("huyện" in line for line in stage.values(paper)["executors"])


def test_under_circular_23_an_area_pledges_and_meets_within_the_year(session: Session) -> None:
    stage = play(session, "tt-23-2012", 2015)
    subject = stage.to_announced(stage.country.areas[0], "head", "commune")
    assert stage.state(subject) == "announced"


@pytest.mark.parametrize(
    ("kind", "category", "code"),
    [
        ("enterprise", "small", "kind_not_eligible"),
        ("enterprise", "micro", "kind_not_eligible"),
        ("school", "primary", "kind_not_eligible"),
        ("school", "preschool", "kind_not_eligible"),
        ("agency", "armed", "kind_not_eligible"),
        ("school", "", "category_unknown"),
    ],
)
def test_article_1_leaves_some_subjects_out(
    circular: Play, kind: str, category: str, code: str
) -> None:
    unit = add_unit(circular, kind, "X1", circular.country.commune, "", "Mẫu", category)
    circular.session.commit()
    with pytest.raises(Refused) as caught:
        circular.open(unit, "X1 head")
    assert [one.code for one in caught.value.refusals] == [code]
    assert caught.value.refusals[0].clause == "Điều 1 Thông tư 124/2021/TT-BCA"


def test_a_school_under_a_level_without_a_workflow_is_told_so(session: Session) -> None:
    stage = play(session, "two-tier-2025", 2026)
    unit = add_unit(
        stage, "school", "X1", stage.country.district, "", "Trường Mẫu", "lower_secondary"
    )
    session.commit()
    with pytest.raises(NotFound, match="no_workflow_at_level") as caught:
        stage.open(unit, "X1 head")
    assert caught.value.refusals[0].params == {
        "name": "Trường Mẫu",
        "parent": "huyện Nga Sơn",
        "year": 2026,
        "level": ["commune", "province"],
    }
    found = session.get_one(Unit, unit)
    for year, code in ((2026, "no_workflow_at_level"), (2025, "no_cycle")):
        told = lacking(session, stage.house, found, year)
        assert told is not None and told.code == code
    open_year(session, regime("two-tier-2025"), 2025, kinds=["area"])
    told = lacking(session, stage.house, found, 2025)
    assert told is not None and told.code == "no_cycle_of_kind"
    assert "chưa mở việc bình xét cho loại đối tượng này (cơ sở giáo dục)" in say(told, "vi")


def test_a_category_told_by_a_paper_opens_the_case_and_counts_the_subject(circular: Play) -> None:
    stage, session = circular, circular.session
    unit = add_unit(stage, "school", "X1", stage.country.commune, "", "Mẫu", "")
    session.commit()

    def counted() -> int:
        kinds = ["school"]
        told = shares.subjects_of(session, stage.country.commune, 2024, SECURITY, kinds)
        return told.kinds["school"].subjects

    before = counted()
    with pytest.raises(Refused, match="category_unknown"):
        stage.open(unit, "X1 head")
    session.rollback()
    deed = {"effective_on": date(2024, 1, 2)}
    into = [{"category": "lower_secondary"}]
    rename = Order.model_validate({"act": "rename", "units": ["X1"], "into": into, "deed": deed})
    decree(session, [rename])
    assert stage.open(unit, "X1 head")
    assert counted() == before + 1


def register(stage: Play, on: date, at: time, **data: object) -> list[str]:
    stage.today, stage.at = date(2024, 3, 1), time(9)
    subject = stage.open()
    stage.today, stage.at = on, at
    told = {
        "registered_on": "2024-03-30",
        "households_registered": HOUSEHOLDS,
        "resolution_number": "03-NQ/CB",
        "resolution_on": "2024-03-01",
    }
    try:
        stage.act("head", subject, "register", **(told | data))
    except Refused as error:
        return [one.code for one in error.refusals]
    return []


@pytest.mark.parametrize(
    ("on", "at", "data", "codes"),
    [
        (date(2024, 3, 31), time(23, 59, 59), {}, []),
        (date(2024, 4, 1), time(0, 0), {}, ["registered_late"]),
        (date(2024, 4, 1), time(0, 0), {"late_reason": "QĐ 9: thôn mới lập"}, []),
        (date(2024, 3, 30), time(9), {"households_registered": 100}, ["not_all_households"]),
        (date(2024, 3, 30), time(9), {"registered_on": "2024-01-01"}, []),
        (
            date(2024, 3, 30),
            time(9),
            {"registered_on": "2023-11-06", "resolution_on": "2010-01-01"},
            ["dated_before_registration", "dated_before_registration"],
        ),
    ],
)
def test_an_area_registers_whole_and_by_the_end_of_march(
    circular: Play, on: date, at: time, data: dict[str, object], codes: list[str]
) -> None:
    assert register(circular, on, at, **data) == codes


def test_the_meeting_waits_for_the_end_of_the_window_and_for_who_must_be_there(
    circular: Play,
) -> None:
    stage = circular
    subject = stage.begin(stage.country.areas[0], "head")
    stage.today = date(2024, 10, 31)
    stage.assessed(subject, "area", "head")
    told = stage.meeting("area")
    assert stage.refused("head", subject, "record_meeting", **told) == [
        "meeting_before_window_ends"
    ]
    stage.today = date(2024, 11, 1)
    lacking = stage.meeting("area", roles={"front": {"name": "Mẫu Hai"}}, agreed=4)
    assert stage.refused("head", subject, "record_meeting", **lacking) == [
        "role_missing",
        "role_missing",
        "too_few_agree",
    ]
    twice = stage.meeting("area")
    twice["roles"]["police"] = twice["roles"]["front"]
    assert stage.refused("head", subject, "record_meeting", **twice) == ["two_roles_one_person"]
    stage.act("head", subject, "record_meeting", **stage.meeting("area", agreed=5))
    assert stage.state(subject) == "minuted"


@pytest.mark.parametrize(("year", "last"), [(2024, 14), (2025, 14)])
def test_what_waits_to_be_decided_is_due_by_the_end_of_14_november(
    session: Session, year: int, last: int
) -> None:
    stage = play(session, "tt-124-2021", year)
    subject = stage.to_submitted()
    stage.appraised(subject, "area", "police")
    stage.act("committee", subject, "record_committee_opinion", **stage.opinion())
    due = session.scalar(select(Subject.due_at).where(Subject.id == subject))
    assert due is not None
    assert due == vietnam(date(year, 11, last) + timedelta(days=1))


def test_a_title_decided_above_the_commune_stands_without_a_decision_of_the_commune(
    circular: Play,
) -> None:
    school = add_unit(
        circular, "school", "D1", circular.country.district, "trường", "Trường THPT Mẫu", "upper"
    )
    circular.session.commit()
    subject = circular.to_announced(school, "D1 head", "district")
    recount(circular.session, [subject])
    found = result(circular.session, school, 2024)
    assert found is not None
    assert (found.recognised, found.level) == (True, "district")


def test_without_the_decision_it_rests_on_the_year_of_a_school_does_not_count() -> None:
    day = date(2024, 11, 18)
    standing = Sheet("district_decision", "district", True, "09/QĐ-UBND", day)
    fallen = Sheet("district_decision", "district", False, "10/QĐ-UBND", day)
    refusal = Sheet("refusal_notice", "district", True, "11/TB-UBND", day)
    assert fold([standing]) == Counted(True, "district", "09/QĐ-UBND", day)
    assert fold([fallen]) == Counted(False, None, "10/QĐ-UBND", day)
    assert fold([refusal]) == Counted(False, None, "11/TB-UBND", day)
