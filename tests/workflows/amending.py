"""Acts on issued papers, played on a stage: drafted, approved, signed and issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from engine.errors import EngineError
from tests.workflows.staging import Stage, told
from workflows import amendments

COMMUNE = ("police", "chair", "clerk")
DISTRICT = ("district_police", "district_chair", "district_clerk")
PROVINCE = ("province_police", "province_chair", "province_clerk")

CORRECTION = {
    "nature": "form",
    "errata": {"1": {"place": "Điều 4", "printed": "nhâm dân", "correct": "nhân dân"}},
}
REPLACEMENT = {"nature": "content", "wrong": "Thiếu một thôn", "right": "Đủ ba thôn"}
REVOCATION = {"reason": "Số liệu báo cáo không đúng"}
DATA = {"correction": CORRECTION, "replacement": REPLACEMENT, "revocation": REVOCATION}


def draft(
    play: Stage,
    act: str,
    paper: int,
    *,
    by: tuple[str, str, str] = COMMUNE,
    nominations: Sequence[int] | None = None,
    **data: Any,
) -> int:
    """The draft of a paper that acts on an issued one."""
    with play.now():
        made = amendments.draft(
            play.session,
            play.house,
            play.people[by[0]],
            act,
            paper,
            DATA[act] | data,
            nominations=nominations,
        )
    return made.subject_id


def finish(play: Stage, paper: int, by: tuple[str, str, str] = COMMUNE) -> None:
    """From the draft to the issue; a certificate has no approvals of its own."""
    if play.house.kinds[play.kind(paper)].definition == "outgoing-standing":
        play.act(by[1], paper, "approve_content")
        play.act(by[2], paper, "approve_format")
    play.sign_and_seal(paper, by[1], by[2])


def amend(
    play: Stage, act: str, paper: int, *, by: tuple[str, str, str] = COMMUNE, **told: Any
) -> int:
    """An act from its draft to its issue."""
    later = draft(play, act, paper, by=by, **told)
    finish(play, later, by)
    return later


def refused(play: Stage, act: str, paper: int, **given: Any) -> list[str]:
    """The codes with which an act is refused; nothing is left of it."""
    before = play.count_events()
    with pytest.raises(EngineError) as caught:
        draft(play, act, paper, **given)
    play.session.rollback()
    assert play.count_events() == before
    return told(caught.value)


def decided(play: Stage, count: int = 2) -> tuple[int, list[int]]:
    """A commune decision over that many nominations."""
    subjects = [play.to_proposed(area) for area in play.country.areas[:count]]
    paper = play.issue("police", "commune_decision", subjects, chair="chair", clerk="clerk")
    return paper, subjects


def certify(play: Stage, subjects: Sequence[int]) -> tuple[int, list[int]]:
    """From the commune's decision to the certificates: the district's decision, and them."""
    decision, certificates = play.once(
        ("certify", *subjects), lambda: _certify(play, tuple(subjects))
    )
    return decision, list(certificates)


def _certify(play: Stage, subjects: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    for subject in subjects:
        play.post(subject)
    play.wait(7)
    for subject in subjects:
        play.act("clerk", subject, "forward_to_district")
        told = {"favourable": True, "assessment": "Đủ điều kiện"}
        play.act("district_police", subject, "record_district_appraisal", **told)
    offices = {"chair": "district_chair", "clerk": "district_clerk"}
    decision = play.issue("district_police", "district_decision", subjects, **offices)
    certificates = tuple(play.papers(subject, "certificate")[0] for subject in subjects)
    for certificate in certificates:
        play.sign_and_seal(certificate, "district_chair", "district_clerk")
    return decision, certificates
