"""A workflow that took another's place: refusing asks for as much as recognising."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.orm import Session

from engine.definition import Transition
from tests.workflows.staging import Stage, stage
from workflows import cycles, library
from workflows.authority import levels_beside
from workflows.regimes import regime, rules_under
from workflows.results import result
from workflows.streaks import tiers_of
from workflows.successions import first, latest, successions

LATEST = "district-certification-reasoned"
DEFINITIONS = {one.id: one for one in library.law().definitions}
PLACED = re.compile(r"^(điểm [a-zđ] )?(khoản \d+ )?(và khoản \d+ )?Điều \d+")


def refusal(play: Stage, **data: object) -> dict[str, object]:
    told = play.opinion(committee_chair="Nguyễn Văn Mẫu")
    del told["members_agreed"]
    row = next(iter(play.verdicts()))
    unmet = {row: {"criterion_met": False, "unmet_reason": "Chỉ 90 hộ đăng ký."}}
    return told | {"refused_criteria": unmet} | data


def test_a_refusal_asks_for_the_meeting_and_a_criterion(session: Session) -> None:
    play = stage(session, regime=LATEST)
    subject = play.to_submitted()
    play.appraise(subject)
    row = next(iter(play.verdicts()))
    for data, code in (
        ({"members_present": 10}, "too_few_members"),
        ({"members_present": 21}, "more_than_members"),
        ({"committee_chair": ""}, "required"),
        ({"refused_criteria": {}}, "no_criterion_refused"),
        ({"refused_criteria": {row: {"criterion_met": True}}}, "no_criterion_refused"),
        ({"refused_criteria": {row: {"criterion_met": False}}}, "unmet_without_reason"),
    ):
        told = refusal(play, **data)
        assert play.refused("committee", subject, "propose_refusal", **told) == [code]
    early = refusal(play, held_on="2026-01-05")
    found = play.refused("committee", subject, "propose_refusal", **early)
    assert found == ["opinion_before_appraisal"]
    play.act("committee", subject, "propose_refusal", **refusal(play))
    paper = play.issue("police", "refusal_notice", [subject], chair="chair", clerk="clerk")
    # The appraisal found every criterion met: what the committee said is what the notice tells.
    assert play.values(paper)["reasons"] == [
        {"code": "4.1", "text": "", "reason": "Chỉ 90 hộ đăng ký"}
    ]
    counted = result(session, play.country.areas[0], play.year)
    assert counted is not None
    assert not counted.recognised


def test_a_year_opened_now_takes_the_latest_and_an_old_one_keeps_its_own(
    session: Session,
) -> None:
    (made,) = cycles.open_year(session, regime("district-certification"), 2027)
    assert made.definition_id == LATEST
    assert rules_under(LATEST, "area") == rules_under("district-certification", "area")
    assert levels_beside(LATEST) == {"commune", "district"}
    assert tiers_of(latest("de-an-375")) == tiers_of("de-an-375") != ()
    assert {first(one) for one in successions().values()} == set(successions())


@pytest.mark.parametrize("earlier", successions())
def test_a_successor_changes_what_it_was_made_for(earlier: str) -> None:
    """Moves, states and who makes them stay: whoever knows the first finds its way."""
    old, new = DEFINITIONS[earlier], DEFINITIONS[latest(earlier)]
    assert old.states == new.states
    assert [*map(_place, old.transitions)] == [*map(_place, new.transitions)]
    changed = [one.id for one in new.transitions if one.fields != old.by_transition[one.id].fields]
    assert changed == ["propose_refusal"]


def _place(move: Transition) -> tuple[object, ...]:
    return (move.id, move.sources, move.target, move.by, move.steps)


def test_each_step_of_people_says_its_article_or_that_it_is_assumed() -> None:
    """Where no norm tells of a step (``district-certification-reasoned.toml``), it says so."""
    cited = [one.clause for one in DEFINITIONS[LATEST].transitions if one.clause]
    assert [one for one in cited if not (PLACED.match(one) or one.startswith("Giả định: "))] == []
