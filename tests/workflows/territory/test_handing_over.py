"""On 1 July 2025 a commune is no more: who may still act, and where everything goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import history
from engine.commands import perform
from engine.db import writing
from engine.errors import Conflict, EngineError, Refusal, Refused
from engine.handover import HAND_OVER, LAPSE
from engine.history import Event
from engine.move import Handover
from engine.subjects import SubjectScope, Waiting
from tests.workflows import amending
from tests.workflows.amending import REVOCATION, decided, draft
from tests.workflows.officials import OFFICES, appoint
from tests.workflows.staging import Stage, made_up, stage, told
from workflows import amendments
from workflows.contexts.pieces import named
from workflows.definitions.record import recorded
from workflows.definitions.rehearsal import rehearse
from workflows.forerunners import case_going_on, recognised_as
from workflows.library import law
from workflows.queries import waiting
from workflows.queries.handed import of_the_province
from workflows.results import Result, result
from workflows.territory import acts, handing_over, succession
from workflows.territory.orders import Order
from workflows.units import Unit, by_code
from workflows.wording import say

LAST, FIRST = date(2025, 6, 30), date(2025, 7, 1)
STATES = next(one for one in law().definitions if one.id == "district-certification").by_state
NEW = ("new_police", "new_chair", "new_clerk")


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session, today=date(2025, 6, 16))


def reform_ground(play: Stage) -> None:
    """Nga Phú, beside Nga An."""
    with writing(play.session):
        district = play.session.get_one(Unit, play.country.district)
        play.session.add(
            Unit(
                kind="commune",
                name="Nga Phú",
                form="xã",
                code="16147",
                parent_id=district.id,
                starts_on=date(2000, 1, 1),
            )
        )


def reform(play: Stage) -> int:
    """Nga An and Nga Phú become one commune right below the province on 1 July; the district
    ends. Returns the new commune, whose offices are filled from that day."""
    reform_ground(play)
    deed = {"number": "1686/NQ-UBTVQH15", "issued_on": "2025-06-16", "effective_on": "2025-07-01"}
    target = {"name": "Nga An", "form": "xã", "code": "16144", "parent": "38"}
    merge = {"act": "merge", "units": ["16144", "16147"], "into": [target], "deed": deed}
    end = {"act": "end", "units": ["401"], "into": [{"unit": "38"}], "deed": deed}
    with play.now():
        acts.decree(play.session, [Order.model_validate(one) for one in (merge, end)])
    new = by_code(play.session, "16144", on=FIRST)
    assert new is not None
    with writing(play.session):
        for name in ("police", "committee", "chair", "clerk"):
            role, _, title = OFFICES[name]
            play.people[f"new_{name}"] = appoint(play.session, f"new {name}", role, new.id, title)
    return new.id


def hand_over(play: Stage) -> handing_over.HandedOver:
    with play.now():
        return handing_over.hand_over(play.session, play.house)


def scopes(play: Stage, subject: int) -> dict[str, int]:
    query = select(SubjectScope.scope, SubjectScope.unit_id)
    rows = play.session.execute(query.where(SubjectScope.subject_id == subject))
    return {row.scope: row.unit_id for row in rows}


def waits_at(play: Stage, subject: int) -> set[int]:
    return set(play.session.scalars(select(Waiting.unit_id).where(Waiting.subject_id == subject)))


def to(play: Stage, day: date, at: time = time(9)) -> None:
    play.today, play.at = day, at


def test_an_authority_acts_until_the_last_second_of_its_last_day(play: Stage) -> None:
    first, second = (play.to_submitted(area) for area in play.country.areas[:2])
    reform(play)
    to(play, LAST, time(23, 59, 59))
    play.appraise(first)
    to(play, FIRST, time(0, 0, 0))
    assert play.refused("police", second, "record_appraisal", verdicts=play.verdicts()) == [
        "not_yours"
    ]


def hamlets_merged(play: Stage, on: date) -> int:
    """The first two areas of the commune become one on that day, on which play goes on."""
    into = {"name": "Thôn Mới", "form": "thôn", "code": "16144-61", "parent": "16144"}
    merge = {"act": "merge", "units": ["16144-01", "16144-02"], "into": [into]}
    to(play, on)
    with play.now():
        acts.decree(
            play.session, [Order.model_validate(merge | {"deed": {"effective_on": str(on)}})]
        )
    new = by_code(play.session, "16144-61")
    assert new is not None
    return new.id


def test_no_file_is_opened_beside_those_that_came_with_a_merger(play: Stage) -> None:
    first, second = play.country.areas[:2]
    case = play.open(first)
    new = hamlets_merged(play, LAST)
    (open_,) = no_opening(play, new)
    assert (open_.code, open_.params["case"]) == ("case_of_former_open", case)
    assert open_.params["unit"] == "Thôn 1"
    area, eve = play.session.get_one(Unit, first), LAST - timedelta(days=1)
    assert named(play.session, area, LAST) == "Thôn 1 (nay là Thôn Mới)"
    assert named(play.session, area, eve) == "Thôn 1"
    year = play.year, "security"
    for area, former in ((first, []), (second, ["Thôn 1", "Thôn 2"])):
        with writing(play.session):
            told = {"recognised": True, "level": "commune", "source": "a paper"}
            play.session.add(Result(area_id=area, year=play.year, **told))
        assert list(case_going_on(play.session, play.house, new, *year, LAST)) == []
        assert [one.name for one in recognised_as(play.session, new, play.year, LAST)] == former
    (decided,) = no_opening(play, new)
    assert (decided.code, decided.params["units"]) == ("recognised_as_former", "Thôn 1, Thôn 2")


def test_the_file_of_one_that_was_taken_in_bars_nobody(play: Stage) -> None:
    """The year of who took it in is its own: it would have to give up its neighbours' file."""
    first, second = play.country.areas[:2]
    case = play.open(first)
    merge = {"act": "merge", "units": ["16144-01"], "into": [{"unit": "16144-02"}]}
    to(play, LAST)
    with play.now():
        order = Order.model_validate(merge | {"deed": {"effective_on": str(LAST)}})
        acts.decree(play.session, [order])
    year = play.year, "security"
    assert list(case_going_on(play.session, play.house, second, *year, LAST)) == []
    assert play.open(second, "clerk") != case


def no_opening(play: Stage, area: int) -> Sequence[Refusal]:
    with pytest.raises(Refused) as caught:
        play.open(area, "clerk")
    play.session.rollback()
    for one in caught.value.refusals:
        assert "{" not in say(one, "vi") + say(one, "en")
    return caught.value.refusals


def test_open_cases_go_on_at_the_successor_with_the_basis_recorded(play: Stage) -> None:
    subject = play.to_submitted()
    before = scopes(play, subject)
    new = reform(play)
    to(play, LAST)
    assert hand_over(play).nominations == 0, "not before the day"
    assert play.session.get_one(Unit, play.country.areas[0]).parent_id == play.country.commune
    to(play, FIRST)
    done = hand_over(play)
    assert (done.nominations, done.papers, done.left) == (1, 0, {})
    assert play.session.get_one(Unit, play.country.areas[0]).parent_id == new
    assert scopes(play, subject) == before | {
        "commune": new,
        "district": play.country.province,
    }
    assert waits_at(play, subject) == {new}
    event = play.session.scalars(
        select(Event).where(Event.subject_id == subject).order_by(Event.version.desc())
    ).first()
    assert event is not None
    assert (event.action, event.from_state) == (HAND_OVER, event.to_state)
    assert event.data["from"]["commune"] == play.country.commune
    assert event.data["to"]["commune"] == new
    assert {one["number"] for one in event.data["basis"]["acts"]} == {"1686/NQ-UBTVQH15"}
    assert history.verify(play.session) == []
    assert of_the_province(play.session, {subject: STATES["district_decided"]}) == set()
    assert of_the_province(play.session, {subject: STATES["awaiting_district"]}) == {subject}
    again = hand_over(play)
    assert (again.units, again.nominations) == (0, 0)
    play.act("new_police", subject, "record_appraisal", verdicts=play.verdicts())
    for state, theirs in (("district_decided", {subject}), ("announced", set())):
        assert of_the_province(play.session, {subject: STATES[state]}) == theirs
    play.act("new_committee", subject, "record_committee_opinion", **play.opinion())
    play.issue("new_police", "commune_decision", [subject], chair="new_chair", clerk="new_clerk")
    found = result(play.session, play.country.areas[0], play.year)
    assert found is not None
    assert found.recognised


def _finish(play: Stage, paper: int, *, signed: bool) -> None:
    if signed:
        play.with_evidence("clerk", paper, "issue", {"base": made_up(paper, "signed")})
    else:
        play.sign(paper, "chair")


@pytest.mark.parametrize("signed", [False, True])
def test_a_paper_under_way_ends_with_its_authority(play: Stage, signed: bool) -> None:
    subject = play.to_proposed()
    paper = play.draft("police", "commune_decision", [subject])
    play.act("chair", paper, "approve_content")
    play.act("clerk", paper, "approve_format")
    if signed:
        play.sign(paper, "chair")
    new = reform(play)
    to(play, FIRST, time(0, 0, 0))
    with pytest.raises(EngineError) as caught:
        _finish(play, paper, signed=signed)
    play.session.rollback()
    assert told(caught.value) == ["not_yours"]
    done = hand_over(play)
    assert (done.papers, done.nominations) == (1, 1)
    assert (play.state(paper), play.state(subject)) == ("discarded", "proposed")
    latest = select(Event.action).where(Event.subject_id == paper).order_by(Event.version.desc())
    assert play.session.scalars(latest).first() == LAPSE
    assert waits_at(play, paper) == set()
    assert waits_at(play, subject) == {new}
    assert history.verify(play.session) == []
    play.issue("new_police", "commune_decision", [subject], chair="new_chair", clerk="new_clerk")
    assert play.state(subject) == "commune_recognised"


def test_the_successor_may_act_on_what_the_former_authority_issued(play: Stage) -> None:
    paper, (subject, _) = decided(play)
    new = reform(play)
    to(play, FIRST)
    hand_over(play)
    assert succession.succeeds(play.session, new, play.country.commune, FIRST)
    assert not succession.succeeds(play.session, new, play.country.commune, LAST)
    with pytest.raises(EngineError) as caught:
        draft(play, "revocation", paper)
    play.session.rollback()
    assert told(caught.value) == ["not_yours"]
    with play.now():
        made = amendments.draft(
            play.session, play.house, play.people["new_police"], "revocation", paper, REVOCATION
        )
    amending.finish(play, made.subject_id, NEW)
    assert (play.state(paper), play.state(subject)) == ("revoked", "revoked")
    assert play.values(made.subject_id)["target"]["number"] == "01/QĐ-UBND"
    assert history.verify(play.session) == []


def test_the_province_goes_on_where_the_district_stood(play: Stage) -> None:
    """A file at a district step when the district ended comes to its end at the province, in
    the same offices; the district's own may do nothing any more. What is signed says who did
    it: the province (law 72/2025, the successor is assumed)."""
    subject = play.to_district()
    reform(play)
    to(play, FIRST)
    assert hand_over(play).left == {}
    told = waiting.pending(play.session, subject)
    assert [(one.role, one.unit_id) for one in told] == [
        ("province_appraiser", play.country.province)
    ]
    opinion = {"favourable": True, "assessment": "Đủ điều kiện."}
    assert play.refused("district_police", subject, "record_district_appraisal", **opinion) == [
        "not_yours"
    ]
    play.act("province_police", subject, "record_district_appraisal", **opinion)
    offices = {"chair": "province_chair", "clerk": "province_clerk"}
    paper = play.issue("province_police", "district_decision", [subject], **offices)
    values = play.values(paper)
    assert values["authority"]["name"] == "Ủy ban nhân dân tỉnh Thanh Hoá"
    assert values["recipients"][1] == "Bộ Công an (b/c)"
    (certificate,) = play.papers(subject, "certificate")
    play.sign_and_seal(certificate, **offices)
    assert play.values(certificate)["decision"]["number"] == "01/QĐ-UBND"
    assert play.state(subject) == "certified"
    found = result(play.session, play.country.areas[0], play.year)
    assert found is not None
    assert found.recognised
    ids = {"district-certification"}
    with play.now():
        (past,) = recorded(play.session, play.house, ids, play.year, limit=2)
        again = rehearse(play.session, play.house, past, past.definition)
    assert again.verdict == "same", "each move is made again at the unit where it was made"


def test_an_act_of_an_earlier_day_tells_the_papers_issued_since(play: Stage) -> None:
    """They stay in force: whoever enters the act sees them before it is done."""
    play.to_posted()
    issued = play.today

    def papers(act: str, on: date, **into: str) -> list[tuple[str, str]]:
        told = {"act": act, "units": ["16144"], "deed": {"effective_on": on}, "into": [into]}
        with play.now():
            report = acts.decree(play.session, [Order.model_validate(told)], dry_run=True)
        return [(one.number, one.what) for one in report.papers]

    assert papers("rename", issued, name="Nga An Mới") == [("01/QĐ-UBND", "changes")]
    assert papers("rename", issued + timedelta(days=1), name="Nga An Mới") == []
    into = {"unit": "16147"}
    reform_ground(play)
    assert papers("end", issued, **into) == [("01/QĐ-UBND", "ends")]
    assert papers("end", issued + timedelta(days=1), **into) == []


def test_what_came_to_its_end_is_not_handed_over(play: Stage) -> None:
    subject = play.open()
    play.act("head", subject, "withdraw", reason="Không tham gia nữa")
    new = reform(play)
    to(play, FIRST)
    assert hand_over(play).nominations == 0
    with pytest.raises(Conflict), play.now():
        perform(play.session, play.house, Handover(subject, {"commune": new}, {}))
    play.session.rollback()


def test_where_no_rule_says_who_goes_on_nothing_moves(play: Stage) -> None:
    """The parts of a split commune: a case goes with its area, a paper ends."""
    subject, other = (play.to_submitted(area) for area in play.country.areas[:2])
    deed = {"effective_on": "2025-07-01"}
    parts = [
        {"name": name, "form": "xã", "code": code, "parent": "401"}
        for name, code in (("Nga An Bắc", "16145"), ("Nga An Nam", "16146"))
    ]
    children = {"16144-01": "16145", "16144-02": "16146", "16144-018": "16146"}
    order = {"act": "split", "units": ["16144"], "into": parts, "children": children, "deed": deed}
    orders = [Order.model_validate(order)]
    to(play, FIRST)
    with play.now():
        report, would = handing_over.tried(play.session, play.house, orders)
        assert (report.dry_run, report.following, would.nominations) == (True, 3, 2)
        assert by_code(play.session, "16145") is None, "it was only tried"
        acts.decree(play.session, orders)
    assert hand_over(play).nominations == 2
    north, south = (by_code(play.session, code, on=FIRST) for code in ("16145", "16146"))
    assert north is not None
    assert south is not None
    assert (scopes(play, subject)["commune"], scopes(play, other)["commune"]) == (
        north.id,
        south.id,
    )
    assert succession.successor_on(play.session, play.country.commune, FIRST) is None
    former = succession.former_of(play.session, [north.id], FIRST)
    assert former == {play.country.commune}
    halves = [{"name": f"Thôn 1{half}", "form": "thôn", "parent": "16145"} for half in "AB"]
    halves = [one | {"code": f"16145-1{place}"} for place, one in enumerate(halves)]
    deed = {"effective_on": "2025-07-10"}
    order = {"act": "split", "units": ["16144-01"], "into": halves, "deed": deed}
    to(play, date(2025, 7, 10))
    with play.now():
        _, would = handing_over.tried(play.session, play.house, [Order.model_validate(order)])
    assert would.left == {subject: "no_successor"}
    assert handing_over.places(play.session, would.left) == {subject: "Thôn 1 (16144-01)"}
