"""What a form tells before it is filled in, against the same law that refuses it."""

from __future__ import annotations

from datetime import date, time

import pytest
from sqlalchemy.orm import Session

from engine.commands import prospect
from engine.policy import THE_SYSTEM
from tests.workflows.officials import HOUSEHOLDS
from tests.workflows.staging import Stage, stage
from workflows.hints import Hint, hints
from workflows.wording import hints as sentences
from workflows.wording import tell


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def _told(play: Stage, subject: int, action: str) -> list[Hint]:
    with play.now():
        found = hints(prospect(play.session, play.house, subject, action, THE_SYSTEM))
    for hint in found:
        assert "{" not in tell(hint, "vi") + tell(hint, "en")
    return found


def test_each_step_tells_its_days_its_numbers_and_its_mark(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    (days,) = _told(play, subject, "complete_self_assessment")
    assert days.params == {"starts_on": "2025-11-01", "ends_on": "2026-10-31"}
    play.assess(subject)
    notice, until = _told(play, subject, "give_notice")
    assert notice.params == {"days": 2, "earliest": "2026-09-16"}
    latest = until.params["latest"]
    assert play.refused(
        "head", subject, "give_notice", meeting_at=f"{latest}T23:59", **_notice()
    ) == ["named_twice"]
    play.invite(subject)
    play.wait(3)
    play.at = time(22)
    team, mark = _told(play, subject, "record_count")
    assert team.params == {"tellers": "3\N{EN DASH}5", "witnesses": "2"}
    assert mark.params == {"households": HOUSEHOLDS, "needs": HOUSEHOLDS // 2 + 1}


def _notice() -> dict[str, object]:
    """All but good: what is refused is not the day."""
    return {"place": "Nhà văn hóa", "means": ["Giấy mời"], "agenda": ["Họp", "họp"]}


def test_every_hint_is_told_in_both_languages() -> None:
    assert all(told["vi"] and told["en"] for told in sentences().values())


def test_the_old_law_asks_for_attendance_too(session: Session) -> None:
    play = stage(session, regime="de-an-375", criteria="de-an-375", today=date(2012, 9, 14))
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    play.invite(subject)
    assert [hint.code for hint in _told(play, subject, "record_count")] == [
        "counting_team",
        "mark",
        "attendance",
    ]
