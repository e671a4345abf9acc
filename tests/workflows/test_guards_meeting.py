"""The yes and no of the guards on the residents' meeting and its count."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine.commands import available
from engine.errors import Refused
from tests.workflows.officials import HOUSEHOLDS
from tests.workflows.staging import Stage, stage
from workflows.actors import find_actor


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def _invite(play: Stage, subject: int, meeting: datetime) -> dict[str, Any]:
    return {
        "meeting_at": meeting.isoformat(),
        "place": "Nhà văn hóa",
        "means": "Giấy mời",
        "agenda": "Bình xét",
    }


def _at(day: date, hour: int = 19) -> datetime:
    return datetime.combine(day, time(hour))


def test_notice_is_given_two_calendar_days_ahead(play: Stage) -> None:
    """Law: Nghị định 59/2023/NĐ-CP."""
    subject = play.open()
    play.register(subject)
    play.assess(subject)

    def codes(meeting: datetime) -> list[str]:
        return play.refused("head", subject, "give_notice", **_invite(play, subject, meeting))

    assert codes(_at(play.today, 8)) == ["meeting_in_the_past"]
    assert codes(_at(play.today + timedelta(days=1))) == ["notice_too_short"]
    # The last minute of the day still leaves two days: days are counted, not hours.
    play.at = time(23, 59)
    meeting = _at(play.today + timedelta(days=2), 6)
    play.act("head", subject, "give_notice", **_invite(play, subject, meeting))
    assert play.state(subject) == "meeting_called"


def test_a_meeting_is_held_before_the_file_would_lapse(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    late = _invite(play, subject, _at(play.today + timedelta(days=31), 0))
    assert play.refused("head", subject, "give_notice", **late) == ["meeting_after_deadline"]
    play.act(
        "head",
        subject,
        "give_notice",
        **_invite(play, subject, _at(play.today + timedelta(days=30))),
    )
    assert play.state(subject) == "meeting_called"


def test_before_the_decree_no_days_of_notice_were_asked(session: Session) -> None:
    """Law: Nghị quyết liên tịch 09/2008/NQLT-CP-UBTWMTTQVN."""
    play = stage(session, today=date(2023, 8, 14))
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    soon, later = _at(play.today), _at(play.today + timedelta(days=1))
    refused = play.refused("head", subject, "give_notice", **_invite(play, subject, later))
    assert refused == ["notice_too_short"]  # the decree is in force on the day of that meeting
    play.act("head", subject, "give_notice", **_invite(play, subject, soon))
    assert play.state(subject) == "meeting_called"


def test_a_meeting_before_any_law_on_file_is_refused(session: Session) -> None:
    play = stage(session, today=date(2007, 6, 10))
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    meeting = _at(date(2007, 6, 30))
    refused = play.refused("head", subject, "give_notice", **_invite(play, subject, meeting))
    assert refused == ["no_vote_rule"]


def test_a_count_waits_for_the_meeting_and_its_end(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    play.invite(subject, days=2)
    count = play.count(60)
    refused = play.refused("head", subject, "record_count", **count)
    assert refused == ["meeting_not_held_yet", "ended_before_it_began", "date_in_the_future"]
    play.wait(2)
    play.at = time(20)
    count = play.count(60)
    assert play.refused("head", subject, "record_count", **count) == ["date_in_the_future"]
    play.at = time(22)
    early = {"ended_at": _at(play.today, 19).isoformat()}
    assert play.refused("head", subject, "record_count", **(count | early)) == [
        "ended_before_it_began"
    ]


@pytest.fixture
def held(play: Stage) -> tuple[Stage, int]:
    """After a meeting, before its count."""
    subject = play.open()
    play.register(subject)
    play.assess(subject)
    play.invite(subject)
    play.wait(3)
    play.at = time(22)
    return play, subject


def test_the_counting_team_is_as_the_law_asks(held: tuple[Stage, int]) -> None:
    """Law: Luật 10/2022/QH15."""
    play, subject = held
    count = play.count(60)

    def codes(**change: Any) -> list[str]:
        return play.refused("head", subject, "record_count", **(count | change))

    assert codes(tellers=["Một", "Hai"]) == ["wrong_number_of_tellers"]
    assert codes(tellers=["1", "2", "3", "4", "5", "6"]) == ["wrong_number_of_tellers"]
    assert codes(witnesses=["Một"]) == ["wrong_number_of_witnesses"]
    assert codes(witnesses=[]) == ["wrong_number_of_witnesses"]
    assert codes(witnesses=["Một", "Hai", "Ba"]) == ["wrong_number_of_witnesses"]
    assert codes(witnesses=["Chứng Một", "kiểm  HAI"]) == ["witness_is_teller"]
    assert codes(chair="kiểm hai") == ["chair_counts"]
    assert codes(chair="Bí thư chi bộ: Chứng Một") == ["chair_counts"]
    head = f"Mẫu head {play.country.areas[0]}"
    assert codes(tellers=["Một", "Hai", head]) == ["head_counts"]
    assert codes(witnesses=["Một", head.upper()]) == ["head_counts"]
    assert codes(tellers=["Một", "một", "Hai"]) == ["named_twice"]


def test_counts_add_up_or_are_explained(held: tuple[Stage, int]) -> None:
    play, subject = held

    def codes(**change: Any) -> list[str]:
        return play.refused("head", subject, "record_count", **(play.count(60, 90) | change))

    assert codes(present=HOUSEHOLDS + 1) == ["more_than_households"]
    assert codes(yes=HOUSEHOLDS + 1) == [
        "more_than_households",
        "more_yes_than_present",
        "more_than_ballots",
    ]
    assert codes(yes=91, no=0, valid=90, mismatch_note="Ghi nhầm số phiếu.") == [
        "more_yes_than_present",
        "more_than_ballots",
    ]
    assert codes(issued=91) == ["more_issued_than_present"]
    assert codes(returned=91) == ["more_than_ballots"]
    assert codes(returned=91, mismatch_note="Một phiếu lạ.") == ["more_than_ballots"]
    assert codes(invalid=1, mismatch_note="Nhầm") == ["too_short"]
    assert codes(invalid=1) == ["returned_not_accounted"]
    assert codes(no=31) == ["more_than_ballots"]
    assert codes(no=29) == ["valid_not_accounted"]
    assert codes(issued=None, valid="") == ["ballots_not_counted", "ballots_not_counted"]
    assert codes(method="show_of_hands") == ["hands_have_no_ballots"] * 4
    lost = play.count(60, 90) | {"returned": 89, "valid": 89, "no": 29}
    play.act("head", subject, "record_count", **lost)  # one ballot not handed back adds up
    play.act("head", subject, "recount", reason="Nhập lại")
    explained = play.count(60, 90) | {"invalid": 1, "mismatch_note": "Một phiếu đếm hai lần."}
    play.act("head", subject, "record_count", **explained)
    play.act("head", subject, "adopt_minutes")
    (paper,) = play.papers(subject, "minutes")
    assert play.values(paper)["mismatch"] == "Một phiếu đếm hai lần"


def test_a_show_of_hands_has_no_ballots(held: tuple[Stage, int]) -> None:
    play, subject = held
    none = dict.fromkeys(("issued", "returned", "valid", "invalid"))
    hands = play.count(60, 90) | none | {"method": "show_of_hands"}
    assert play.refused("head", subject, "record_count", **(hands | {"no": 31})) == [
        "more_hands_than_present"
    ]
    play.act("head", subject, "record_count", **hands)
    play.act("head", subject, "adopt_minutes")
    (paper,) = play.papers(subject, "minutes")
    values = play.values(paper)
    assert (values["method"], values["vote"]["issued"]) == ("giơ tay", 0)


def test_half_of_all_households_is_not_a_majority_and_one_more_is(
    held: tuple[Stage, int],
) -> None:
    """Law: Luật 10/2022/QH15."""
    play, subject = held
    play.act("head", subject, "record_count", **play.count(50))
    assert play.refused("head", subject, "adopt_minutes") == ["too_few_in_favour"]
    play.act("head", subject, "recount", reason="Nhập lại")
    play.act("head", subject, "record_count", **play.count(50, 50))
    with pytest.raises(Refused) as caught:
        play.act("head", subject, "adopt_minutes")
    play.session.rollback()
    (refusal,) = caught.value.refusals
    assert refusal.code == "too_few_present"
    assert refusal.params["next"] == "ballot_round"
    assert refusal.params["needs"] == 51
    assert "Điều 19" in (refusal.clause or "")
    play.act("head", subject, "recount", reason="Nhập lại")
    play.act("head", subject, "record_count", **play.count(51))
    assert play.refused("head", subject, "record_failed_vote") == ["majority_reached"]
    play.act("head", subject, "adopt_minutes")


def test_the_page_shows_which_move_a_count_allows(held: tuple[Stage, int]) -> None:
    play, subject = held
    play.act("head", subject, "record_count", **play.count(50))
    person = play.people[f"head {play.country.areas[0]}"]
    with play.now():
        actor = find_actor(play.session, person, play.today)
        options = available(play.session, play.house, subject, actor)
    assert {o.transition.id: o.open for o in options} == {
        "recount": True,
        "adopt_minutes": False,
        "record_failed_vote": True,
        "withdraw": True,
    }
