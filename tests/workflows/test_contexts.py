"""The values of every paper: the shape the templates ask for, and the number of queries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.papers.freeze import freeze
from engine.papers.template import Templates
from tests.workflows.staging import Stage, stage
from workflows.bureau import TEMPLATES

KINDS = (
    "notice",
    "minutes",
    "submission",
    "appraisal_report",
    "return_notice",
    "commune_decision",
    "refusal_notice",
    "district_decision",
    "certificate",
)


def _shape(value: Any) -> Any:
    """The keys and plain types of a value; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__


def _fits(found: Any, sample: Any) -> bool:
    """Whether two shapes agree; an empty list agrees with any list."""
    if isinstance(found, dict) and isinstance(sample, dict):
        return found.keys() == sample.keys() and all(_fits(found[k], sample[k]) for k in found)
    if isinstance(found, list) and isinstance(sample, list):
        return not found or not sample or _fits(found[0], sample[0])
    return bool(found == sample)


def _every_paper(play: Stage) -> Mapping[str, Mapping[str, Any]]:
    """One paper of each kind, made by moves."""
    subject = play.to_submitted()
    play.act("police", subject, "return_to_submission", reasons=["Thiếu ảnh."], supplements=["Ảnh"])
    play.act("head", subject, "submit", enclosures=["Ảnh biên bản;"])
    play.act(
        "police",
        subject,
        "record_appraisal",
        verdicts=play.verdicts(),
        remarks="Đầy đủ.\nĐúng hạn.",
    )
    play.act("committee", subject, "record_committee_opinion", **play.opinion())
    play.issue("police", "commune_decision", [subject], chair="chair", clerk="clerk")
    play.post(subject)
    play.wait(7)
    play.act("clerk", subject, "forward_to_district")
    told = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("district_police", subject, "record_district_appraisal", **told)
    offices = {"chair": "district_chair", "clerk": "district_clerk"}
    play.issue("district_police", "district_decision", [subject], **offices)
    other = play.to_submitted(play.country.areas[1])
    verdicts = play.verdicts(met=False, verdict_reason="Chỉ 90 hộ")
    play.act("police", other, "record_appraisal", verdicts=verdicts)
    play.act("committee", other, "propose_refusal", reasons=["Chưa đủ tiêu chí"])
    play.draft("police", "refusal_notice", [other])
    both = {kind: [*play.papers(subject, kind), *play.papers(other, kind)] for kind in KINDS}
    return {kind: play.values(papers[0]) for kind, papers in both.items()}


def _sample(kind: str) -> Any:
    return json.loads((TEMPLATES / "samples" / f"{kind}.json").read_text(encoding="utf-8"))


def test_every_paper_has_the_values_its_template_asks_for(session: Session) -> None:
    play, templates = stage(session), Templates(TEMPLATES)
    for kind, values in _every_paper(play).items():
        found, sample = _shape(values), _shape(_sample(kind))
        assert found.keys() == sample.keys(), kind
        for key in found:
            assert _fits(found[key], sample[key]), (kind, key, found[key], sample[key])
        page = templates.html(play.house.kinds[kind].template, values)
        assert "Thôn " in page, kind
        freeze(values)


def test_papers_say_what_happened(session: Session) -> None:
    play = stage(session)
    papers = _every_paper(play)
    assert papers["notice"]["authority"] == {
        "parent": "Xã Nga An",
        "name": "Thôn 1",
        "place": "Nga An",
    }
    minutes = papers["minutes"]
    assert minutes["meeting"] == {
        "date": "2026-09-17",
        "time": "19:30",
        "ended": "21:00",
        "place": "Nhà văn hóa Thôn 1",
    }
    assert minutes["vote"]["needs"] == 51
    assert minutes["attendees"][1] == {"title": "Bí thư chi bộ", "name": "Người Bí Thư"}
    assert minutes["chair"] == {"title": "Chủ trì", "name": "Người Chủ Trì"}
    assert minutes["findings"][0]["fact"] == "Không có vụ việc"
    assert minutes["tellers"][0]["title"] == "Tổ trưởng"
    assert papers["notice"]["agenda"] == ["Báo cáo tự đánh giá", "Bỏ phiếu"]
    assert papers["return_notice"]["step"] == "Gửi hồ sơ"
    assert papers["return_notice"]["addressees"] == ["Trưởng Thôn 1, xã Nga An"]
    assert papers["return_notice"]["due"] > "2026-09-18"
    assert papers["appraisal_report"]["remarks"] == ["Đầy đủ", "Đúng hạn"]
    assert papers["appraisal_report"]["submitted_by"]["title"] == "Trưởng thôn"
    assert papers["commune_decision"]["authority"]["name"] == "Ủy ban nhân dân xã Nga An"
    assert papers["commune_decision"]["proposal"].endswith("xã Nga An")
    assert papers["district_decision"]["streak"] == 0
    assert papers["district_decision"]["areas"][0]["years"] == [2026]
    assert papers["certificate"]["unit"] == "huyện Nga Sơn, tỉnh Thanh Hoá"
    assert papers["certificate"]["specimen"] is True


@contextmanager
def _counting(engine: Engine) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    seen: list[str] = []

    def note(*args: Any) -> None:
        seen.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("kind", ["commune_decision", "district_decision"])
def test_the_values_of_a_decision_take_the_same_queries_however_long_its_list(
    session: Session, engine: Engine, kind: str
) -> None:
    play = stage(session)
    reach = play.to_proposed if kind == "commune_decision" else play.to_district
    who = "police" if kind == "commune_decision" else "district_police"
    subjects = [reach(area) for area in play.country.areas]
    if kind == "district_decision":
        told = {"favourable": True, "assessment": "Đủ điều kiện"}
        for subject in subjects:
            play.act("district_police", subject, "record_district_appraisal", **told)
    made = {}
    context = play.house.binding.contexts[kind]

    def counted(move: Any) -> Mapping[str, Any]:
        move.session.expire_all()
        with _counting(engine) as seen:
            values = context(move)
        made[len(values["areas"])] = len(seen)
        return values

    play.house.binding.contexts[kind] = counted
    try:
        for some in (subjects[:1], subjects[1:]):
            play.draft(who, kind, some)
    finally:
        play.house.binding.contexts[kind] = context
    assert made[1] == made[2] <= 6


def test_samples_of_every_kind_are_at_hand() -> None:
    assert {Path(f"{kind}.json") for kind in KINDS} <= {
        path.relative_to(TEMPLATES / "samples") for path in (TEMPLATES / "samples").glob("*.json")
    }
