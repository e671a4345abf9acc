"""check() of subjects whose papers are on their way: told of every event, and able to answer."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.sketches import World, of, sketch

LETTER = sketch(
    "write: > drafted",
    "sign: drafted > signed",
    "send: signed > sent",
    "discard: drafted > dropped tone=stop fields=reason",
    finals="sent dropped",
    name="letter",
    subject="paper",
)


def enters(*lines: str, finals: str = "end lost") -> list[tuple[str, str, str, tuple[str, ...]]]:
    """What is told of a subject that enters a letter from its first state on."""
    definition = sketch(
        "open: > a", "enter: a > b by=system on=letter:drafted", *lines, finals=finals
    )
    return [
        (problem.code, problem.params["state"], problem.params["event"], problem.story)
        for problem in of(World([LETTER]).check(definition), "paper_end_unanswered")
    ]


SENT = "go: b > end by=system on=letter:sent"
DROPPED = "leave: b > a by=system on=letter:dropped tone=back"


def test_a_subject_answers_every_end_of_the_paper_it_has_entered() -> None:
    entered = ("open", "enter")
    assert enters(SENT, DROPPED) == []
    assert enters(SENT) == [("paper_end_unanswered", "b", "letter:dropped", entered)]
    assert enters(DROPPED) == [("paper_end_unanswered", "b", "letter:sent", entered)]


def test_a_subject_taken_out_of_a_paper_by_hand_still_has_to_answer_it() -> None:
    """The paper lists it all the same, and can neither be sent nor dropped any more."""
    out = "flee: b > lost fields=reason tone=stop"
    stuck = ("open", "enter", "flee")
    assert enters(SENT, DROPPED, out) == [
        ("paper_end_unanswered", "lost", "letter:dropped", stuck),
        ("paper_end_unanswered", "lost", "letter:sent", stuck),
    ]


def test_a_subject_may_follow_a_paper_through_more_than_one_state() -> None:
    signed = "follow: b > c by=system on=letter:signed"
    assert enters(signed, "go: c > end by=system on=letter:sent", DROPPED) == []
    lost = [("paper_end_unanswered", "c", "letter:sent", ("open", "enter", "follow"))]
    assert enters(signed, DROPPED, "out: c > end") == lost
    # Its answer in the state it has left does not count.
    assert lost[0] in enters(signed, SENT, DROPPED, "out: c > end")


def test_only_what_is_waited_for_must_be_told() -> None:
    silent = sketch(
        "write: > drafted effects=create_paper",
        "send: drafted > sent",
        finals="sent",
        name="note",
        subject="paper",
    )
    world = World([silent])
    sent = sketch("open: > a", "go: a > end by=system on=note:sent")
    assert world.check(sent) == ()
    (problem,) = world.check(
        sketch(
            "open: > a",
            "enter: a > b by=system on=note:drafted",
            "go: b > end by=system on=note:sent",
        )
    )
    assert (problem.code, problem.key) == ("event_not_told", "transitions.enter.on")
    assert (problem.params["transition"], problem.params["flow"]) == ("write", "note")


def test_an_effect_of_the_same_name_does_not_tell() -> None:
    world = World([LETTER])
    world.binding.effects["tell_listed"] = lambda _move: None
    definition = sketch("open: > a", "go: a > end by=system on=letter:sent")
    assert [problem.code for problem in world.check(definition)] == ["event_not_told"]


def test_a_paper_that_an_effect_drafts_is_drafted_again_once_it_is_given_up() -> None:
    world = World([LETTER])
    world.binding = replace(world.binding, drafted_by={"letter": "write_letter"})
    world.binding.effect("write_letter")(lambda _move: None)
    asked = ("open: > a", "ask: a > b effects=write_letter", SENT)
    again = "again: b > b by=system on=letter:dropped tone=back effects=write_letter"
    assert world.check(sketch(*asked, again)) == ()
    (problem,) = world.check(sketch(*asked))
    assert (problem.code, problem.params["event"]) == ("paper_end_unanswered", "letter:dropped")
    assert problem.story == ("open", "ask")
    assert [one.code for one in world.check(sketch(*asked, DROPPED))] == []
