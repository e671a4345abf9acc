"""check(): each thing that can be wrong has its code, its place and its shortest story."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import FrozenInstanceError
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from engine.binding import Binding, EffectRule, Row, StepRule
from engine.check import MESSAGES, WITHOUT, Problem, check, prove
from engine.definition import Definition, load, parse
from engine.errors import DefinitionError
from engine.papers.acts import number_and_keep, tell_listed
from engine.papers.kinds import PaperKind
from tests.engine import procedure
from tests.engine.sketches import World, build, sketch

BROKEN = Path(__file__).parent / "broken"
SOUND = BROKEN / "sound"
REQUIRED = frozenset({"resident_vote", "appraisal", "signature", "seal"})

# One file each in ``broken``: the place of its one problem, and the story that shows it.
EXPECTED: Mapping[str, tuple[str, str]] = {
    "doubled_definition": ("meta.id", ""),
    "unknown_procedure": ("meta.procedure", ""),
    "unknown_role": ("transitions.close.by", ""),
    "unknown_scope": ("transitions.close.by", ""),
    "missing_guard": ("transitions.close.guards", ""),
    "missing_effect": ("transitions.close.effects", ""),
    "missing_rows": ("fields.findings.rows", ""),
    "missing_day": ("states.draft.due", ""),
    "missing_field": ("transitions.close.fields", ""),
    "missing_column": ("fields.findings.columns", ""),
    "missing_input": ("transitions.close.guards", ""),
    "missing_paper_kind": ("transitions.close.paper", ""),
    "missing_context": ("transitions.close.paper", ""),
    "missing_template": ("transitions.close.paper", ""),
    "missing_definition": ("transitions.close.paper", ""),
    "missing_record": ("transitions.close.paper", ""),
    "missing_authority": ("transitions.expire.paper", ""),
    "voids_unknown": ("transitions.return_for_supplement.voids", ""),
    "unknown_event": ("transitions.recognise.on", ""),
    "event_by_person": ("transitions.close.on", ""),
    "two_on_one_trigger": ("transitions.close.on", "open submit"),
    "due_target": ("states.voting.due", "open start_vote"),
    "system_move_with_fields": ("transitions.close.fields", ""),
    "act_not_told": ("transitions.send.effects", ""),
    "event_not_told": ("transitions.close.on", ""),
    "paper_not_drafted": ("transitions.close.on", "open close"),
    "paper_end_unanswered": ("transitions.enter.on", "open submit enter"),
    "no_opening": ("transitions", ""),
    "unknown_state": ("transitions.start_vote.to", ""),
    "unreachable_state": ("states.forgotten", ""),
    "dead_end": ("states.waiting", "open wait"),
    "trap": ("states.voting", "open start_vote"),
    "final_with_exit": ("states.closed.final", "open close reopen"),
    "waiting_on_nobody": ("states.appraisal.waiting_on", "open submit"),
    "waiting_unsaid": ("states.appraisal.waiting_on", "open submit"),
    "no_reason": ("transitions.return_for_supplement.fields", ""),
    "answer_without_reason": ("transitions.go_on.fields", "open object"),
    "step_without_guard": ("transitions.close.guards", ""),
    "step_without_any_guard": ("transitions.close.guards", ""),
    "step_without_effect": ("transitions.close.effects", ""),
    "step_without_duty": ("transitions.close.duty", ""),
    "step_without_paper": ("transitions.close.paper", ""),
    "step_by_other_move": ("transitions.close", ""),
    "step_by_system": ("transitions.close.by", ""),
    "step_too_early": ("transitions.close.from", "open close"),
    "step_unsettled": ("states.closed", "open tally close"),
    "outcome_unrecorded": ("states.withdrawn", "open start_vote drop"),
    "outcome_by_people": ("transitions.close.by", ""),
    "outcome_without_guard": ("transitions.close.guards", ""),
    "recorded_elsewhere": ("transitions.close.effects", "open close"),
    "effect_out_of_place": ("transitions.close.effects", ""),
    "effect_without_guard": ("transitions.close.guards", ""),
    "effect_without_any_guard": ("transitions.close.guards", ""),
    "guard_without_ground": ("transitions.close.guards", "open close"),
    "event_without_effect": ("transitions.close.effects", ""),
    "opening_without_effect": ("transitions.open.effects", ""),
    "end_not_whole": ("states.withdrawn", "open start_vote drop"),
    "end_without_outcome": ("states.dropped.outcome", "open drop"),
    "outcome_without_end": ("states.refused", "open refuse"),
    "way_missing": ("states.voting", "open start_vote"),
    "not_voided": (
        "transitions.return_for_supplement.voids",
        "open submit return_for_supplement",
    ),
    "duty_unsaid": ("transitions.close.duty", ""),
    "input_unjudged": ("transitions.close.guards", ""),
    "guard_of_kind_unasked": ("states.refused", "open refuse"),
    "maker_is_checker": ("transitions.appraise.by", "open start_vote submit appraise"),
    "recognised_without_resident_vote": (
        "states.recognised",
        "open skip_vote appraise recognise",
    ),
    "recognised_without_appraisal": (
        "states.recognised",
        "open close_vote skip_appraisal recognise",
    ),
    "recognised_without_signature": (
        "states.recognised",
        "open close_vote appraise recognise",
    ),
    "recognised_without_seal": ("states.recognised", "open close_vote appraise recognise"),
}


def binding() -> Binding:
    """Offices, functions and safeguards like those of a recognition."""
    offices = {
        "hamlet_head": frozenset({"area"}),
        "commune_appraiser": frozenset({"commune"}),
        "commune_chair": frozenset({"commune"}),
        "clerk": frozenset({"commune", "district"}),
    }
    hearing = StepRule(frozenset({"quorum"}), frozenset({"keep_hearing"}), "make", "minutes")
    bound = Binding(
        offices,
        {"recognised": REQUIRED},
        {
            "hearing": hearing,
            "decree": StepRule(after=frozenset({"debate"})),
            "opening": StepRule(move="open"),
            "enquiry": StepRule(any_guards=("quorum", "majority")),
            "count": StepRule(settled_by={"expired": ("quorum", "majority")}),
        },
        {"withdrawn": frozenset({"strike_out"})},
        {
            "strike_out": EffectRule("withdrawn"),
            "hang_up": EffectRule(made_by=frozenset({"issued"})),
            "count_heads": EffectRule(guards=frozenset({"quorum"})),
            "tell_all": EffectRule(any_guards=("quorum", "majority")),
        },
        {"paper": "write_down"},
        {"hasty:issued": frozenset({"freeze_roll"})},
        {"roll_there": "freeze_roll"},
        {"letter": "keep_hearing"},
        lapses={"revoked": "quorum"},
        judging=frozenset({"check"}),
        whole={"withdrawn": frozenset({"told", "minutes:issued"})},
        spared={"majority": frozenset({"told"})},
        alternatives=(frozenset({"there", "away"}),),
        silent={"paper": frozenset({"closed", "issued", "kept", "recalled", "sent"})},
        judges={"heads": "quorum"},
        called_for=lambda name: (
            {"refused": frozenset({"quorum"})} if name == "guard-of-kind-unasked" else {}
        ),
    )
    bound.effect("tell_listed")(tell_listed)
    bound.effect("number_and_keep")(number_and_keep)
    bound.guard("quorum")(lambda _move: ())
    for guard in ("roll_there", "there", "away"):
        bound.guard(guard)(lambda _move: ())
    for effect in (
        "keep_hearing",
        "strike_out",
        "hang_up",
        "count_heads",
        "write_down",
        "tell_all",
    ):
        bound.effect(effect)(lambda _move: None)
    bound.guard("majority", uses=("yes",))(lambda _move: ())
    bound.effect("freeze_roll")(lambda _move: None)
    bound.table("criteria")(lambda _move: [Row("4_1", "4.1")])
    for kind in ("minutes", "letter", "decision", "hasty", "unprinted", "unruled"):
        bound.context(kind)(lambda _move: {})
    return bound


def kind(name: str, definition: str, template: str = "page.html") -> PaperKind:
    label = {"vi": "Văn bản", "en": "Paper"}
    return PaperKind.model_validate(
        {"id": name, "label": label, "template": template, "definition": definition}
    )


KINDS = {
    "minutes": kind("minutes", "recorded"),
    "decision": kind("decision", "outgoing"),
    "hasty": kind("hasty", "hasty"),
    "letter": kind("letter", "hasty"),
    "unvalued": kind("unvalued", "recorded"),
    "unprinted": kind("unprinted", "recorded", "nowhere.html"),
    "unruled": kind("unruled", "unwritten"),
}


def sound(name: str) -> Definition:
    return load(SOUND / f"{name}.toml")


FLOWS = {flow.id: flow for flow in map(sound, ("outgoing", "hasty", "recorded"))}
DOUBLE = sound("hasty").model_copy(update={"source": "older.toml"})
"""What the set already has under the name of a broken definition."""


def judge(definition: Definition) -> tuple[Problem, ...]:
    known = FLOWS | {definition.id: definition, "doubled-definition": DOUBLE}
    return check(
        definition, binding=binding(), kinds=KINDS, definitions=known, templates={"page.html"}
    )


def variant(name: str, *edits: tuple[str, str]) -> tuple[Problem, ...]:
    """The problems of a sound definition in which each text was replaced by another."""
    text = (SOUND / f"{name}.toml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return judge(parse(text.encode(), "variant.toml"))


def codes(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.code for problem in problems]


# -- one file for each code ---------------------------------------------------------------


@pytest.mark.parametrize("code", EXPECTED)
def test_a_broken_definition_is_told_by_its_own_code(code: str) -> None:
    key, story = EXPECTED[code]
    problems = judge(load(BROKEN / f"{code}.toml"))
    found = [(problem.code, problem.key, problem.story) for problem in problems]
    assert found == [(code, key, tuple(story.split()))]


def test_every_code_has_its_broken_definition() -> None:
    without = {WITHOUT.format(outcome="recognised", step=step) for step in REQUIRED}
    assert EXPECTED.keys() == MESSAGES.keys() | without
    assert {path.stem for path in BROKEN.glob("*.toml")} == set(EXPECTED)


@pytest.mark.parametrize("code", EXPECTED)
def test_a_problem_is_told_in_a_whole_sentence(code: str) -> None:
    (problem,) = judge(load(BROKEN / f"{code}.toml"))
    assert "{" not in problem.message
    assert problem.message.endswith(" → ".join(problem.story))
    assert all(str(value) in problem.message for value in problem.params.values() if value)


@pytest.mark.parametrize("name", ["recognition", "outgoing", "recorded", "hasty"])
def test_a_sound_definition_has_no_problem(name: str) -> None:
    assert judge(sound(name)) == ()


def test_the_procedure_of_the_engine_tests_is_sound() -> None:
    flows = {flow.id: flow for flow in procedure.definitions()}
    for definition in flows.values():
        assert not check(
            definition,
            binding=procedure.binding(),
            kinds=procedure.kinds(),
            definitions=flows,
            templates={"report.html", "grant.html"},
        )


def test_an_unsound_definition_is_refused_with_file_key_and_reason() -> None:
    with pytest.raises(DefinitionError) as caught:
        prove(
            load(BROKEN / "trap.toml"),
            binding=binding(),
            kinds=KINDS,
            definitions=FLOWS,
            templates=(),
        )
    assert (caught.value.source, caught.value.key) == ("trap.toml", "states.voting")
    assert caught.value.code == "trap"
    assert "open → start_vote" in caught.value.reason


def test_a_sound_definition_is_let_through() -> None:
    told: dict[str, Any] = {"binding": binding(), "kinds": KINDS, "definitions": FLOWS}
    assert not check(sound("recognition"), **told, templates={"page.html"})
    prove(sound("recognition"), **told, templates={"page.html"})


def test_a_problem_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        Problem("trap", "x", "states.x").code = "fine"  # type: ignore[misc]


def test_problems_come_in_the_same_order_each_time() -> None:
    broken = parse(
        (SOUND / "recognition.toml").read_bytes().replace(b"hamlet_head@area", b"elder@area"),
        "elders.toml",
    )
    assert judge(broken) == judge(broken)
    assert codes(judge(broken)) == ["unknown_role"] * 6


# -- names --------------------------------------------------------------------------------


def test_a_paper_knows_no_scope_but_its_authority() -> None:
    problems = variant("outgoing", ("clerk@authority", "clerk@commune"))
    assert set(codes(problems)) == {"unknown_scope"}


def test_an_office_must_say_where_it_acts() -> None:
    problems = variant("recognition", ('by = ["commune_chair@commune"]', 'by = ["commune_chair"]'))
    assert "unknown_scope" in codes(problems)


def test_nothing_waits_on_the_system() -> None:
    edit = ('waiting_on = ["commune_chair@commune"]', 'waiting_on = ["system"]')
    assert ("unknown_role", "states.deciding.waiting_on") in [
        (problem.code, problem.key) for problem in variant("recognition", edit)
    ]


def test_a_column_is_no_table() -> None:
    edit = ('columns = ["met", "fact"]', 'columns = ["met", "findings"]')
    assert codes(variant("recognition", edit)) == ["missing_column"]


def test_a_return_needs_a_reason_only_from_people() -> None:
    assert (
        codes(variant("recognition", ('by = ["system"]\ntone = "stop"', 'by = ["system"]'))) == []
    )
    problems = variant("recognition", ('tone = "stop"\nfields = ["reason"]', 'tone = "stop"'))
    assert codes(problems) == ["no_reason", "no_reason"]


def test_a_return_whose_reason_does_not_exist_is_told_once() -> None:
    edit = (
        'voids = ["close_vote"]\nfields = ["reason"]',
        'voids = ["close_vote"]\nfields = ["why"]',
    )
    assert codes(variant("recognition", edit)) == ["missing_field"]


@pytest.mark.parametrize(
    "edit",
    [
        ('id = "record"', 'id = "keep"'),
        ('by = ["system"]', 'by = ["clerk@authority"]'),
        ("from = []", 'from = ["kept"]'),
    ],
)
def test_a_paper_made_by_a_move_is_recorded_by_the_system(edit: tuple[str, str]) -> None:
    text = (SOUND / "recorded.toml").read_text(encoding="utf-8")
    assert edit[0] in text
    recorded = parse(text.replace(*edit).encode(), "recorded.toml")
    problems = check(
        sound("recognition"),
        binding=binding(),
        kinds=KINDS,
        definitions=FLOWS | {"recorded": recorded},
        templates={"page.html"},
    )
    assert codes(problems) == ["missing_record"]


def test_the_system_may_be_asked_what_may_stay_empty() -> None:
    withdraw = 'by = ["hamlet_head@area"]\nduty = "make"\neffects = ["strike_out"]'
    by_system = (withdraw, withdraw.replace("]", ', "system"]', 1))
    assert codes(variant("recognition", by_system)) == ["system_move_with_fields"]
    label = 'label = { vi = "Lý do", en = "Reason" }'
    optional = (label, f"{label}\nrequired = false")
    assert "system_move_with_fields" not in codes(variant("recognition", by_system, optional))


def test_the_first_of_two_definitions_with_one_name_is_told() -> None:
    first, last = sketch("open: > a", "go: a > end"), sketch("open: > end")
    known = {one.id: one for one in (first, last)}
    bound = World().binding
    told = check(first, binding=bound, kinds={}, definitions=known, templates=())
    assert codes(told) == ["doubled_definition"]
    assert check(last, binding=bound, kinds={}, definitions=known, templates=()) == ()


# -- triggers -----------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["decision:celebrated", "love_letter:issued"])
def test_an_event_names_a_kind_and_one_of_its_states(event: str) -> None:
    problems = variant("recognition", ("decision:issued", event))
    assert ("unknown_event", "transitions.recognise.on") in [
        (problem.code, problem.key) for problem in problems
    ]


def test_an_event_of_a_paper_without_workflow_is_told_as_such() -> None:
    assert "missing_definition" in codes(
        variant("recognition", ("decision:issued", "unruled:issued"))
    )


def test_a_move_of_the_system_needs_an_event_or_a_deadline_in_every_state_it_leaves() -> None:
    no_deadline = variant("recognition", (', then = "expire"', ""))
    assert codes(no_deadline) == ["unknown_event"]
    assert no_deadline[0].story == ("open", "start_vote", "close_vote")
    wider = (
        'from = ["appraisal"]\nto = "expired"',
        'from = ["appraisal", "draft"]\nto = "expired"',
    )
    (problem,) = variant("recognition", wider)
    assert (problem.code, problem.params["state"]) == ("unknown_event", "draft")


def test_a_nomination_is_not_opened_by_the_system_unasked() -> None:
    definition = sketch("open: > a by=system", "close: a > end")
    assert codes(World().check(definition)) == ["unknown_event"]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("a,b > end on=letter:sent", "b > end on=letter:sent", True),
        ("a > end on=letter:sent", "b > end on=letter:sent", False),
        ("b > end on=letter:sent", "b > end on=letter:kept", False),
        ("a,a > end on=letter:sent", "b > end on=letter:sent", True),
        ("> a on=letter:sent", "> b on=letter:sent", True),
    ],
)
def test_one_event_makes_one_move_from_one_state(first: str, second: str, told: bool) -> None:
    letter = sketch(
        "write: > kept", "send: kept > sent", finals="sent", name="letter", subject="paper"
    )
    definition = sketch(
        "open: > a",
        "go: a > b",
        "leave: b > end",
        f"first: {first} by=system",
        f"second: {second} by=system",
    )
    assert ("two_on_one_trigger" in codes(World([letter]).check(definition))) is told


def test_two_moves_on_one_event_are_shown_where_they_first_meet() -> None:
    letter = sketch("write: > sent", finals="sent", name="letter", subject="paper")
    definition = sketch(
        "open: > z",
        "go: z > b",
        "leave: b > end",
        "wake: lost > z",
        "first: lost,b,z > end by=system on=letter:sent",
        "second: lost,b,z > end by=system on=letter:sent",
    )
    problems = World([letter]).check(definition)
    (problem,) = (found for found in problems if found.code == "two_on_one_trigger")
    assert (problem.params["state"], problem.story) == ("z", ("open",))


def test_a_deadline_is_kept_by_the_system_alone() -> None:
    edit = ('from = ["appraisal"]\nto = "expired"\nby = ["system"]',) * 2
    by_chair = (edit[0], edit[1].replace("system", "commune_chair@commune"))
    assert "due_target" in codes(variant("recognition", by_chair))
    unknown = ('then = "expire"', 'then = "explode"')
    assert "due_target" in codes(variant("recognition", unknown))


# -- shape --------------------------------------------------------------------------------


def test_what_only_leads_to_a_trap_is_mended_with_it() -> None:
    definition = sketch(
        "open: > a", "to_b: a > b", "to_c: b > c", "to_d: c > d", "again: d > c", "out: a > end"
    )
    (problem,) = World().check(definition)
    assert (problem.code, problem.key) == ("trap", "states.c")
    assert problem.story == ("open", "to_b", "to_c")
    assert problem.params["loop"] == "c, d"


def test_a_state_left_only_to_itself_is_a_trap() -> None:
    definition = sketch("open: > a", "edit: b > b", "go: a > b", "out: a > end")
    assert [(p.code, p.story) for p in World().check(definition)] == [("trap", ("open", "go"))]


def test_two_traps_are_told_apart() -> None:
    definition = sketch("open: > a", "x: a > b", "y: a > c", "bb: b > b", "cc: c > c")
    assert [p.key for p in World().check(definition)] == ["states.b", "states.c"]


def test_a_state_waits_on_those_who_can_move_its_paper() -> None:
    letter = sketch("write: > kept by=chair@authority", "send: kept > sent by=checker@authority",
                    finals="sent", name="letter", subject="paper")  # fmt: skip
    moves = [
        {"id": "open", "from": [], "to": "a", "by": ["maker@area"]},
        {"id": "go", "from": ["a"], "to": "end", "by": ["system"], "on": "letter:sent"},
    ]
    told = {
        role: codes(
            World([letter]).check(
                build([{"id": "a", "waiting_on": rules}, {"id": "end", "final": True}], moves)
            )
        )
        for role, rules in {
            "checker": ["checker@commune"],
            "maker": ["maker@area"],
            "nobody": [],
        }.items()
    }
    assert told == {"checker": [], "maker": ["waiting_on_nobody"], "nobody": ["waiting_unsaid"]}


def test_a_state_that_waits_on_nobody_is_left_by_its_deadline() -> None:
    due = {"days": 5, "then": "pass"}
    states: list[dict[str, Any]] = [{"id": "a", "due": due}, {"id": "end", "final": True}]
    moves = [
        {"id": "open", "from": [], "to": "a", "by": ["maker@area"]},
        {"id": "pass", "from": ["a"], "to": "end", "by": ["system"]},
        {"id": "go", "from": ["a"], "to": "end", "by": ["maker@area"]},
    ]
    assert codes(World().check(build(states, moves))) == ["waiting_unsaid"]
    assert codes(World().check(build(states, moves[:-1]))) == []


# -- safeguards ---------------------------------------------------------------------------

LETTER = sketch(
    "write: > drafted",
    "sign: drafted > signed steps=sign",
    "send: signed > sent steps=seal",
    "discard: drafted > dropped tone=stop fields=reason",
    finals="sent dropped",
    name="letter",
    subject="paper",
)
DEED = sketch(
    "write: > drafted",
    "sign: drafted > signed steps=sign",
    "send: signed > sent steps=seal",
    "discard: drafted > dropped tone=stop fields=reason",
    finals="sent dropped",
    name="deed",
    subject="paper",
)
BOTH = World([LETTER, DEED], frozenset({"sign", "seal"}))


def lacking(definition: Definition) -> list[str]:
    """The safeguards that some path to a recognition lacks, whatever else is wrong."""
    return [code for code in codes(BOTH.check(definition)) if "_without_" in code]


def test_a_paper_event_brings_the_steps_its_workflow_cannot_do_without() -> None:
    definition = sketch("open: > a", "go: a > end by=system on=letter:sent", recognised="end")
    assert BOTH.check(definition) == ()


def test_a_paper_that_may_arrive_by_another_way_brings_only_what_all_ways_share() -> None:
    letter = sketch(
        "write: > drafted",
        "sign: drafted > signed steps=sign",
        "rush: drafted > signed",
        "send: signed > sent steps=seal",
        finals="sent",
        name="letter",
        subject="paper",
    )
    world = World([letter], frozenset({"sign", "seal"}))
    definition = sketch("open: > a", "go: a > end by=system on=letter:sent", recognised="end")
    assert codes(world.check(definition)) == ["recognised_without_sign"]


def test_a_return_undoes_what_a_paper_brought() -> None:
    definition = sketch(
        "open: > a",
        "go: a > b by=system on=letter:sent",
        "back: b > c tone=back fields=reason voids=go",
        "again: c > b",
        "finish: b > end",
        recognised="end",
    )
    problems = BOTH.check(definition)
    assert codes(problems) == ["recognised_without_seal", "recognised_without_sign"]
    assert problems[0].story == ("open", "go", "back", "again", "finish")


def test_the_seal_of_one_paper_does_not_stand_for_that_of_another() -> None:
    definition = sketch(
        "open: > a",
        "first: a > b by=system on=letter:sent",
        "second: b > end by=system on=deed:signed",
        recognised="end",
    )
    (problem,) = BOTH.check(definition)
    assert (problem.code, problem.story) == ("recognised_without_seal", ("open", "first", "second"))


def test_a_paper_turned_back_from_owes_nothing() -> None:
    lines = (
        "open: > a",
        "first: a > b by=system on=letter:sent",
        "enter: b > c by=system on=deed:drafted",
        "finish: b > end",
    )
    given_up = "leave: c > b tone=back fields=reason"
    owed = ["recognised_without_seal", "recognised_without_sign"]
    assert lacking(sketch(*lines, given_up, recognised="end")) == owed
    undone = f"{given_up} voids=enter"
    assert lacking(sketch(*lines, undone, recognised="end")) == []
    told = "leave: c > b by=system on=deed:dropped tone=back"
    assert lacking(sketch(*lines, told, recognised="end")) == []


def test_what_is_voided_is_no_longer_recorded() -> None:
    world = World()
    record = {"recognised": frozenset({"keep"})}
    world.binding = Binding(world.binding.roles, {}, outcome_effects=record)
    world.binding.effect("keep")(lambda _move: None)
    lines = ("open: > a", "note: a > b effects=keep", "finish: b > end")
    assert world.check(sketch(*lines, recognised="end")) == ()
    back = ("back: b > c tone=back fields=reason voids=note", "skip: c > b")
    (problem,) = world.check(sketch(*lines, *back, recognised="end"))
    assert (problem.code, problem.params["name"]) == ("outcome_unrecorded", "keep")
    assert problem.story == ("open", "note", "back", "skip", "finish")


def test_a_paper_given_up_is_drafted_again_before_it_is_waited_for() -> None:
    letter = sketch(
        "write: > kept effects=tell_listed", "send: kept > sent effects=tell_listed",
        "drop: kept > gone effects=tell_listed", finals="sent gone", name="letter", subject="paper",
    )  # fmt: skip
    world = World([letter])
    world.binding = Binding(world.binding.roles, {}, drafted_by={"letter": "draft"})
    world.binding.effect("draft")(lambda _move: None)
    world.binding.effect("tell_listed")(tell_listed)
    world.binding.context("letter")(lambda _move: {})
    lines = ("open: > a", "ask: a > b effects=draft", "go: b > end by=system on=letter:sent")
    again = "lose: b > b by=system on=letter:gone tone=back"
    assert world.check(sketch(*lines, f"{again} effects=draft")) == ()
    (problem,) = world.check(sketch(*lines, again))
    assert (problem.code, problem.story) == ("paper_not_drafted", ("open", "ask", "lose", "go"))


def test_each_thing_a_claimed_step_lacks_is_told() -> None:
    text = 'guards = ["majority", "quorum"]\neffects = ["keep_hearing"]\n'
    found = variant("recognition", (text, ""), ('paper = "minutes"\n', 'paper = "decision"\n'))
    assert [code for code in codes(found) if code.startswith("step_")] == [
        "step_without_guard",
        "step_without_effect",
        "step_without_paper",
    ]
    unclaimed = ('steps = ["resident_vote", "hearing"]', 'steps = ["resident_vote"]')
    silent = variant("recognition", (text, ""), unclaimed)
    assert not [code for code in codes(silent) if code.startswith("step_")]


def test_a_step_must_come_after_one_that_nothing_voided_since() -> None:
    world = World()
    rules = {"decree": StepRule(after=frozenset({"debate"}))}
    world.binding = Binding(world.binding.roles, {}, rules)
    lines = ("open: > a", "debate: a > b steps=debate", "close: b > end steps=decree")
    assert world.check(sketch(*lines)) == ()
    back = ("back: b > a tone=back fields=reason voids=debate", "skip: a > b")
    (problem,) = world.check(sketch(*lines, *back))
    assert (problem.code, problem.story) == ("step_too_early", ("open", "skip", "close"))
    assert problem.params == {"transition": "close", "step": "decree", "name": "debate"}


@pytest.mark.parametrize(
    ("lines", "story"),
    [
        ("ask: b > c guards=fit; close: c > end", ""),
        ("ask: b > c guards=fit; again: c > c steps=count; close: c > end", "ask again close"),
        ("again: b > b steps=count guards=fit; close: b > end", "close"),
        ("close: b > end guards=fit; recount: b > a tone=back fields=reason voids=tally", ""),
        ("back: b > c tone=back fields=reason voids=tally; close: c > end", ""),
        ("close: b > end effects=keep", "close"),
    ],
)
def test_what_was_counted_last_is_asked_about_before_the_outcome(lines: str, story: str) -> None:
    world = World()
    rules = {"count": StepRule(settled_by={"recognised": ("fit",)})}
    world.binding = Binding(world.binding.roles, {}, rules)
    world.binding.guard("fit")(lambda _move: ())
    world.binding.effect("keep")(lambda _move: None)
    definition = sketch(
        "open: > a", "tally: a > b steps=count", *lines.split("; "), recognised="end"
    )
    found = [(problem.code, " ".join(problem.story[2:])) for problem in world.check(definition)]
    assert found == ([("step_unsettled", story)] if story else [])


def test_an_outcome_kept_where_none_is_reached_is_asked_about_too() -> None:
    world = World()
    rules = {"count": StepRule(settled_by={"recognised": ("fit",)})}
    keep = {"keep": EffectRule("recognised")}
    world.binding = Binding(world.binding.roles, {}, rules, effect_rules=keep)
    world.binding.effect("keep")(lambda _move: None)
    lines = ("open: > a", "tally: a > b steps=count", "close: b > end effects=keep")
    found = world.check(sketch(*lines))
    (problem,) = (one for one in found if one.code == "step_unsettled")
    assert (problem.key, problem.story) == ("transitions.close.effects", ("open", "tally", "close"))


def test_papers_in_a_circle_prove_nothing_to_each_other() -> None:
    hen = sketch(
        "lay: > waiting", "hatch: waiting > done by=system on=egg:done",
        finals="done", name="hen", subject="paper",
    )  # fmt: skip
    egg = sketch(
        "lie: > waiting", "crack: waiting > done by=system on=hen:done",
        finals="done", name="egg", subject="paper",
    )  # fmt: skip
    definition = sketch("open: > a", "go: a > end by=system on=hen:done", recognised="end")
    world = World([hen, egg], frozenset({"sign"}))
    assert codes(world.check(definition)) == ["recognised_without_sign"]


# -- maker and checker --------------------------------------------------------------------


def test_one_office_may_hold_one_duty_many_times() -> None:
    definition = sketch("open: > a duty=make", "go: a > end duty=make")
    assert World().check(definition) == ()


def test_the_duties_of_a_paper_count_with_those_of_its_subject() -> None:
    letter = sketch(
        "write: > kept duty=check", "send: kept > sent by=checker@authority duty=check",
        finals="sent", name="letter", subject="paper",
    )  # fmt: skip
    definition = sketch("open: > a duty=make", "go: a > end by=system on=letter:sent")
    (problem,) = World([letter]).check(definition)
    assert (problem.code, problem.key) == ("maker_is_checker", "transitions.go.by")
    assert problem.story == ("open", "go")
    assert problem.params == {"role": "maker", "first": "make", "second": "check"}


def test_duties_that_clash_inside_a_paper_are_told_there_only() -> None:
    letter = sketch(
        "write: > kept duty=make", "send: kept > sent duty=check",
        finals="sent", name="letter", subject="paper",
    )  # fmt: skip
    definition = sketch("open: > a by=chair@commune", "go: a > end by=system on=letter:sent")
    assert codes(World([letter]).check(letter)) == ["maker_is_checker"]
    assert World([letter]).check(definition) == ()


def test_duties_on_separate_branches_clash_without_a_story() -> None:
    definition = sketch("open: > a", "left: a > end duty=make", "right: a > end duty=check")
    (problem,) = World().check(definition)
    assert (problem.code, problem.key) == ("maker_is_checker", "transitions.right.by")
    assert problem.story == ()


# -- size ---------------------------------------------------------------------------------


def ladder(size: int, steps: Sequence[str]) -> Definition:
    """A long line of states, each with a short cut somewhere, all steps again and again."""
    states: list[dict[str, Any]] = [
        {"id": f"s{number}", "waiting_on": ["maker@area"]} for number in range(size)
    ]
    states.append({"id": "end", "final": True, "outcome": "recognised"})
    moves: list[dict[str, Any]] = [{"id": "open", "from": [], "to": "s0", "by": ["maker@area"]}]
    for number in range(size):
        onward = f"s{number + 1}" if number + 1 < size else "end"
        common = {"from": [f"s{number}"], "by": ["maker@area"]}
        step = steps[number % len(steps)]
        moves.append({"id": f"do{number}", "to": onward, "steps": [step], **common})
        moves.append({"id": f"skip{number}", "to": f"s{number * 7 % size}", **common})
    return build(states, moves)


def calls_of(act: Callable[[], object]) -> int:
    """How many functions are called: the same on every machine, quick or slow."""
    calls = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)
    return calls


def test_the_work_grows_with_the_states_and_not_with_the_paths() -> None:
    steps = [f"step{number}" for number in range(10)]
    world = World((), frozenset(steps))
    small, large = ladder(100, steps), ladder(200, steps)
    assert set(codes(world.check(large))) <= {f"recognised_without_{step}" for step in steps}
    assert calls_of(lambda: world.check(large)) < 3 * calls_of(lambda: world.check(small))
