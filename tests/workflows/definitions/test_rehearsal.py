"""What would have happened: a past case made again under another definition, by its record."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.definition import Definition, parse
from engine.errors import Refusal
from tests.workflows.definitions.conftest import shipped
from tests.workflows.staging import Stage
from workflows.definitions.record import recorded, years_with_cases
from workflows.definitions.rehearsal import Rehearsed, rehearse

ID = "district-certification"


def other(*pairs: tuple[str, str]) -> Definition:
    text = shipped()
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after, 1)
    return parse(text.encode(), "other.toml")


@pytest.fixture
def past(sqlite_play: Stage) -> Stage:
    """A case that was appraised, one that lapsed, and one that was registered late."""
    play = sqlite_play
    play.appraise(play.to_submitted())
    lapsed, late = (play.open(area) for area in play.country.areas[1:])
    play.wait(40)
    play.register(late)
    play.wait(51)
    play.system(lapsed, "lapse")
    return play


def tried(play: Stage, new: Definition) -> list[Rehearsed]:
    session, house = play.session, play.house
    before = play.count_events()
    with play.now():
        past = recorded(session, house, {ID}, play.year, limit=9)
        results = [rehearse(session, house, case, new) for case in past]
    assert play.count_events() == before
    return results


def codes(refusals: tuple[Refusal, ...]) -> list[str]:
    return [one.code for one in refusals]


def test_the_same_definition_leads_to_the_same(past: Stage) -> None:
    assert years_with_cases(past.session, {ID}) == [past.year]
    results = tried(past, other())
    assert [(one.verdict, one.state) for one in results] == [
        ("same", "appraised"),
        ("same", "lapsed"),
        ("same", "registered"),
    ]


def test_a_move_of_another_office_would_have_been_refused(past: Stage) -> None:
    new = other(
        ('id = "give_notice"', 'id = "give_notice" # changed'),
    )
    moves = [
        move.model_copy(update={"by": ("clerk@commune",)}) if move.id == "give_notice" else move
        for move in new.transitions
    ]
    first, *_ = tried(past, new.model_copy(update={"transitions": tuple(moves), "digest": "x"}))
    assert (first.verdict, first.action, first.step) == ("refused", "give_notice", 4)
    assert codes(first.refusals) == ["not_yours"]


def test_a_new_condition_is_asked_as_of_then_and_an_old_one_is_not_asked_again(
    past: Stage,
) -> None:
    new = other()
    extra = {
        "submit": ("posting_before_the_deadline", "no_other_case"),
        "adopt_minutes": ("majority_not_reached",),
    }
    moves = [
        move.model_copy(update={"guards": (*move.guards, *extra.get(move.id, ()))})
        for move in new.transitions
    ]
    first, *_ = tried(past, new.model_copy(update={"transitions": tuple(moves), "digest": "x"}))
    assert (first.verdict, first.action) == ("refused", "adopt_minutes")
    assert codes(first.refusals) == ["majority_reached"]
    del extra["adopt_minutes"]
    moves = [
        move.model_copy(update={"guards": (*move.guards, *extra.get(move.id, ()))})
        for move in new.transitions
    ]
    first, *_ = tried(past, new.model_copy(update={"transitions": tuple(moves), "digest": "x"}))
    assert (first.verdict, first.untold) == ("same", extra["submit"])


def test_an_input_that_must_now_be_given_was_not(past: Stage) -> None:
    new = other()
    fields = [
        one.model_copy(update={"required": True, "needed": None}) if one.id == "opinions" else one
        for one in new.fields
    ]
    first, *_ = tried(past, new.model_copy(update={"fields": tuple(fields), "digest": "x"}))
    assert (first.verdict, first.action) == ("refused", "record_count")
    assert [one.field for one in first.refusals] == ["opinions"]


def test_a_longer_term_waits_and_a_shorter_one_lapses(past: Stage) -> None:
    due = 'due = { days = 90, then = "lapse" }'
    longer = tried(past, other((due, due.replace("90", "120"))))
    assert [one.verdict for one in longer] == ["same", "waits", "same"]
    shorter = tried(past, other((due, due.replace("90", "30"))))
    assert [(one.verdict, one.step) for one in shorter[1:]] == [("same", 2), ("lapsed", 2)]
    assert shorter[2].action == "lapse"
    assert shorter[2].at is not None
    assert longer[1].at is not None
    assert longer[1].at - shorter[2].at >= timedelta(days=89)


def test_a_move_that_is_gone_stops_the_case(past: Stage) -> None:
    new = other(('id = "record_appraisal"', 'id = "note_appraisal"'))
    first, *_ = tried(past, new)
    assert (first.verdict, codes(first.refusals)) == ("refused", ["unknown_action"])


def test_another_end_is_told(past: Stage) -> None:
    new = other(('id = "appraised"', 'id = "judged"'))
    moves = [
        move.model_copy(
            update={
                "target": "judged" if move.target == "appraised" else move.target,
                "sources": tuple("judged" if one == "appraised" else one for one in move.sources),
            }
        )
        for move in new.transitions
    ]
    first, *_ = tried(past, new.model_copy(update={"transitions": tuple(moves), "digest": "x"}))
    assert (first.verdict, first.state) == ("other_end", "judged")
