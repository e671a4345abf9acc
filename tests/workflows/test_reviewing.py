"""What the review of a batch points out: each difference, and nothing of what is as usual."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from engine.db import writing
from engine.papers.book import Paper
from engine.subjects import Link, Subject
from tests.unguarded import unguard
from tests.workflows.staging import Stage, stage
from workflows import ceremonies, convening, reviewing, wording
from workflows.people import Appointment
from workflows.queries import ceremonies as queries
from workflows.reviewing import Review
from workflows.units import Unit


@pytest.fixture
def here(session: Session) -> Stage:
    return stage(session)


def _papers(here: Stage, counts: list[int]) -> list[int]:
    """A decision over each area, ready to be signed, with so many households in favour."""
    made = []
    for area, yes in zip(here.country.areas, counts, strict=False):
        nomination = here.open(area)
        here.register(nomination)
        here.assess(nomination)
        here.vote(nomination, yes)
        here.act("head", nomination, "submit")
        here.act("police", nomination, "record_appraisal", verdicts=here.verdicts())
        here.act("committee", nomination, "record_committee_opinion", **here.opinion())
        made.append(here.draft("police", "commune_decision", [nomination]))
    for paper in made:
        here.act("chair", paper, "approve_content")
        here.act("clerk", paper, "approve_format")
    return made


def _review(here: Stage, limit: int = 50) -> Review:
    with here.now():
        chair = here.people["chair"]
        actor = here.house.find_actor(here.session, chair, here.today)
        papers = queries.waiting_for(here.session, here.house, actor, "sign")
        code = convening.make(here.session, chair, "sign", papers, None)
        held = ceremonies.find(here.session, chair, code)
        rows = queries.rows(here.session, held.id, limit=limit)
        with _counting(here.session) as asked:
            found = reviewing.review(here.session, here.house, held.id, rows)
        here.session.info["asked"] = len(asked)
        return found


@contextmanager
def _counting(session: Session) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def _change(here: Stage, paper: int, **values: Any) -> None:
    """As if a paper had been drafted with other values."""
    with writing(here.session) as session:
        unguard(session.connection(), "papers")
        printed = {**here.values(paper), **values}
        session.execute(update(Paper).where(Paper.id == paper).values(values=printed))


def test_what_is_as_usual_is_told_once_and_not_pointed_out(here: Stage) -> None:
    papers = _papers(here, [70, 72])
    found = _review(here)
    (common,) = found.common
    assert (common.kind, common.count, list(common.departures)) == ("commune_decision", 2, [])
    told = dict(common.facts)
    assert told["signatory"] == ("Chủ tịch · Mẫu chair",)
    assert len(told["grounds"]) == 2
    assert [found.odd(paper) for paper in papers] == [False, False]


def test_each_difference_is_pointed_out_at_its_paper(here: Stage) -> None:
    usual, other, third = _papers(here, [70, 72, 71])
    many = {"signatory": {"capacity": "Q.", "head_title": "Chủ tịch", "title": "x", "name": "y"}}
    grounds = [*here.values(other)["grounds"], "Căn cứ khác"]
    _change(here, other, **many, grounds=grounds, streak=3)
    found = _review(here)
    differences = {one.name: one for one in found.differences[other]}
    assert set(differences) == {"signatory", "grounds", "streak"}
    assert differences["signatory"].printed == ("Q. · Chủ tịch · x · y",)
    assert differences["signatory"].usual == ("Chủ tịch · Mẫu chair",)
    assert (differences["grounds"].printed, differences["grounds"].usual) == (("Căn cứ khác",), ())
    assert not found.odd(usual)
    assert not found.odd(third)
    for name in differences:
        assert wording.part_name(name, "vi") != name


def test_a_paper_whose_ground_fell_is_told_before_it_is_refused(here: Stage) -> None:
    usual, fallen = _papers(here, [70, 72])
    with writing(here.session) as session:
        unguard(session.connection(), "subjects")
        listed = select(Link.subject_id).where(Link.paper_id == fallen, Link.position > 0)
        revoked = update(Subject).where(Subject.id.in_(listed)).values(state="revoked")
        session.execute(revoked.execution_options(synchronize_session=False))
    found = _review(here)
    assert [one.code for one in found.remarks[fallen]] == ["fell"]
    assert "không ký" in wording.remark("fell", found.remarks[fallen][0].params, "vi")
    assert found.remarks[usual] == []


def test_what_a_paper_says_of_another_or_says_no_for_is_told_beside_it() -> None:
    def told(**values: Any) -> list[str]:
        return [wording.remark(one.code, one.params, "vi") for one in reviewing.own_words(values)]

    decision = {"type": "Quyết định", "number": "15/QĐ-UBND", "date": "2026-11-05"}
    decision |= {"about": "công nhận", "authority": "Chủ tịch xã"}
    assert told(target=decision, reason="sai số liệu", effect_on="2026-12-01") == [
        "Về Quyết định số 15/QĐ-UBND ngày 05/11/2026 của Chủ tịch xã: công nhận.",
        "Lý do: sai số liệu.",
        "Có hiệu lực từ 01/12/2026.",
    ]
    errata = [{"place": "Điều 4", "printed": "nhâm dân", "correct": "nhân dân"}]
    assert told(errata=errata, effect_on="") == [
        "Tại Điều 4: “nhâm dân” sửa thành “nhân dân”.",
        "Có hiệu lực từ ngày phát hành.",
    ]
    nothing = dict.fromkeys(decision, "")
    assert told(replaces=nothing, reasons=[]) == []
    assert told(replaces=decision) == [
        "Thay thế Quyết định số 15/QĐ-UBND ngày 05/11/2026 của Chủ tịch xã."
    ]
    beside = {"code": "4.4", "text": "tội phạm", "reason": "tăng"}
    alone = {"code": "", "text": "", "reason": "thiếu chữ ký"}
    assert told(reasons=["thiếu số liệu", beside, alone]) == [
        "Lý do: thiếu số liệu.",
        "Lý do: 4.4 tội phạm: tăng.",
        "Lý do: thiếu chữ ký.",
    ]


def test_a_batch_that_departs_from_the_words_of_today_is_told_as_one(here: Stage) -> None:
    papers = _papers(here, [70, 72])
    with writing(here.session) as session:
        unguard(session.connection(), "appointments")
        session.execute(
            update(Appointment)
            .where(Appointment.person_id == here.people["chair"])
            .values(title="Quyền Chủ tịch", capacity="Q.")
        )
    found = _review(here)
    (common,) = found.common
    assert [one.name for one in common.departures] == ["signatory"]
    assert common.departures[0].usual == ("Q. · Chủ tịch · Quyền Chủ tịch · Mẫu chair",)
    assert [found.odd(paper) for paper in papers] == [False, False]


def test_figures_and_files_out_of_the_ordinary_are_told(here: Stage) -> None:
    first, second = here.country.areas[:2]
    close = _papers(here, [51])[0]
    nomination = here.open(second)
    here.register(nomination)
    here.assess(nomination)
    here.vote(nomination, 51, present=60)
    here.act("head", nomination, "submit")
    back = {"reasons": ["Thiếu chữ ký"], "supplements": ["Ký lại"]}
    here.act("police", nomination, "return_to_submission", **back)
    here.act("head", nomination, "submit")
    verdicts = here.verdicts()
    here.act("police", nomination, "record_appraisal", verdicts=verdicts, remarks="Cần nhắc nhở.")
    here.act("committee", nomination, "record_committee_opinion", **here.opinion())
    other = here.draft("police", "commune_decision", [nomination])
    here.act("chair", other, "approve_content")
    here.act("clerk", other, "approve_format")
    with writing(here.session) as session:
        session.get_one(Unit, first).name = "Thôn Mới"
    found = _review(here)
    codes = {paper: {one.code for one in found.remarks[paper]} for paper in (close, other)}
    assert codes[close] == {"close_vote", "renamed"}
    assert codes[other] == {"close_vote", "few_present", "returned", "appraisal_remarks"}
    for remarks in found.remarks.values():
        for one in remarks:
            for language in ("vi", "en"):
                assert wording.remark(one.code, one.params, language)
    close_vote = next(one for one in found.remarks[close] if one.code == "close_vote")
    assert (close_vote.params["yes"], close_vote.params["percent"]) == (51, 50)


def test_more_papers_are_not_more_questions(here: Stage) -> None:
    _papers(here, [70])
    _review(here)
    one = here.session.info["asked"]
    for area in here.country.areas[1:]:
        paper = here.draft("police", "commune_decision", [here.to_proposed(area)])
        here.act("chair", paper, "approve_content")
        here.act("clerk", paper, "approve_format")
    found = _review(here)
    assert found.common[0].count == 3
    assert here.session.info["asked"] == one
