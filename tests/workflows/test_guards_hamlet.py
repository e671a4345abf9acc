"""The yes and no of the guards on opening, registration and self-assessment."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import perform
from engine.db import writing
from engine.errors import Refused
from engine.move import Opening
from engine.subjects import Subject
from tests.workflows.officials import HOUSEHOLDS, appoint
from tests.workflows.staging import Stage, stage, told
from workflows.practice import practice
from workflows.results import Result
from workflows.units import Unit


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def _opening(play: Stage, area: int, year: int, scopes: dict[str, int]) -> Opening:
    evidence = {"area": area, "year": year, "title": "security"}
    clerk = play.people["clerk"]
    return Opening(clerk, play.regime, "open_registration", scopes, evidence=evidence)


def _codes(play: Stage, opening: Opening) -> list[str]:
    with play.now(), pytest.raises(Refused) as caught:
        perform(play.session, play.house, opening)
    play.session.rollback()
    return told(caught.value)


def test_a_year_must_be_open_and_have_begun(play: Stage) -> None:
    area = play.country.areas[0]
    scopes = {"area": area, "commune": play.country.commune}
    assert _codes(play, _opening(play, area, 1999, scopes)) == ["no_cycle"]
    play.today = date(play.year - 1, 10, 31)
    assert _codes(play, _opening(play, area, play.year, scopes)) == ["cycle_not_begun"]
    play.today = date(play.year - 1, 11, 1)
    assert play.state(play.open()) == "draft"


def test_a_year_long_over_is_not_opened_any_more(play: Stage) -> None:
    first, second = play.country.areas[:2]
    scopes = {"area": second, "commune": play.country.commune}
    last = date(play.year, 10, 31) + timedelta(days=practice().opening.days_after)
    play.today = last
    assert play.state(play.open(first)) == "draft"
    play.today = last + timedelta(days=1)
    assert _codes(play, _opening(play, second, play.year, scopes)) == ["cycle_over"]


def test_only_an_area_that_exists_today_is_nominated(play: Stage) -> None:
    commune = play.country.commune
    scopes = {"area": commune, "commune": commune}
    codes = _codes(play, _opening(play, commune, play.year, scopes))
    assert codes == ["no_cycle", "not_an_area"]
    area = play.country.areas[0]
    with writing(play.session):
        play.session.get_one(Unit, area).ends_on = play.today - timedelta(days=1)
    scopes["area"] = area
    assert _codes(play, _opening(play, area, play.year, scopes)) == ["area_not_existing"]
    with writing(play.session):
        play.session.get_one(Unit, area).ends_on = play.today
    assert play.state(play.open()) == "draft"


def test_a_year_decided_elsewhere_is_not_nominated_again(play: Stage) -> None:
    area = play.country.areas[0]
    with writing(play.session):
        row = Result(area_id=area, year=play.year, recognised=False, source="sổ cũ")
        play.session.add(row)
    scopes = {"area": area, "commune": play.country.commune}
    assert _codes(play, _opening(play, area, play.year, scopes)) == ["year_already_decided"]


def test_a_registration_is_dated_inside_the_year_and_within_the_roll(play: Stage) -> None:
    subject = play.open()
    tomorrow = (play.today + timedelta(days=1)).isoformat()
    inputs = {
        "registered_on": play.today.isoformat(),
        "households_registered": HOUSEHOLDS,
        "resolution_number": "03-NQ/CB",
        "resolution_on": play.today.isoformat(),
    }

    def codes(**change: Any) -> list[str]:
        return play.refused("head", subject, "register", **(inputs | change))

    assert codes(resolution_on=tomorrow) == ["date_in_the_future"]
    assert codes(registered_on=tomorrow) == ["date_in_the_future"]
    assert codes(registered_on=f"{play.year - 1}-10-31") == ["registered_outside_cycle"]
    assert codes(resolution_on="2010-01-01") == ["dated_before_registration"]
    assert codes(households_registered=HOUSEHOLDS + 1) == ["more_than_households"]
    assert codes(households_registered=0) == ["too_small"]
    play.register(subject, households_registered=HOUSEHOLDS)
    assert play.state(subject) == "registered"


def test_an_area_without_a_roll_cannot_register(play: Stage) -> None:
    with writing(play.session):
        area = Unit(
            kind="area",
            name="Thôn Mới",
            form="thôn",
            code="16144-99",
            parent_id=play.country.commune,
            starts_on=date(2000, 1, 1),
        )
        play.session.add(area)
        play.session.flush()
        play.people[f"head {area.id}"] = appoint(
            play.session, "mới", "hamlet_head", area.id, "Trưởng thôn"
        )
    subject = play.open(area.id)
    with pytest.raises(Refused, match="empty_roll"):
        play.register(subject)


@pytest.mark.parametrize(
    ("today", "last"),
    [
        (date(2026, 3, 2), date(2026, 10, 31)),  # a Saturday: a day of the calendar does not roll
        (date(2026, 9, 14), date(2026, 12, 14)),  # ninety days end on a Sunday
    ],
)
def test_the_self_assessment_is_due_by_the_end_of_the_days_assessed(
    session: Session, today: date, last: date
) -> None:
    play = stage(session, today=today)
    subject = play.open()
    play.register(subject)
    due = play.session.scalars(select(Subject.due_at).where(Subject.id == subject)).one()
    assert due == clock.vietnam(last + timedelta(days=1))


CELLS: dict[str, tuple[dict[str, Any], str]] = {
    "criterion_not_assessed": ({"met": None}, "met"),
    "unmet_without_fact": ({"met": False, "fact": ""}, "fact"),
    "met_without_fact": ({"fact": " "}, "fact"),
    "met_without_source": ({"source": ""}, "source"),
    "met_without_date": ({"dated": ""}, "dated"),
    "fact_in_the_future": ({"dated": "2026-09-15"}, "dated"),
    "fact_outside_window": ({"dated": "2025-10-31"}, "dated"),
}


def test_each_criterion_needs_an_answer_and_its_proof(play: Stage) -> None:
    """Law: Thông tư 124/2021/TT-BCA."""
    subject = play.open()
    play.register(subject)
    for code, (cells, column) in CELLS.items():
        with pytest.raises(Refused) as caught:
            findings = play.findings(**cells)
            play.act("head", subject, "complete_self_assessment", findings=findings)
        play.session.rollback()
        (refusal,) = caught.value.refusals
        assert (refusal.code, refusal.field) == (code, f"findings.4_1.{column}")
        assert refusal.params["criterion"] == "4.1"
    unmet = play.findings(met=False, fact="Chỉ 90 hộ đăng ký", source="", dated="")
    unmet["4_2"] |= {"dated": "2025-10-31", "explanation": "Số liệu cả năm trước"}
    play.act("head", subject, "complete_self_assessment", findings=unmet)
    assert play.state(subject) == "self_assessed"


def test_a_cell_that_cannot_be_read_hides_no_other_gap(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    findings = play.findings(dated="hôm qua", source="")
    findings["4_2"] |= {"fact": ""}
    codes = play.refused("head", subject, "complete_self_assessment", findings=findings)
    assert codes == ["not_a_date", "met_without_source", "met_without_fact"]


def test_all_gaps_are_told_at_once(play: Stage) -> None:
    subject = play.open()
    play.register(subject)
    codes = play.refused("head", subject, "complete_self_assessment", findings={})
    assert codes == ["criterion_not_assessed", "assessed_without_fact"] * 5
