"""What the law asks of a step names only what exists, and every safeguard is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.check import Problem, check
from engine.definition import Definition, Transition
from engine.errors import DefinitionError
from workflows.bindings import LAW
from workflows.bureau import prove, template_names
from workflows.library import law
from workflows.successions import successions

DEFINITIONS = {one.id: one for one in law().definitions}
CLAIMS = [
    (one.id, move.id, step)
    for one in DEFINITIONS.values()
    if one.id not in successions()  # what follows it makes the same claims
    for move in one.transitions
    for step in move.steps
    if step in LAW.step_rules
]


def problems(*changed: Definition, of: str) -> Sequence[Problem]:
    """What is wrong with one definition of the law, some of it changed."""
    known = DEFINITIONS | {one.id: one for one in changed}
    return check(
        known[of], binding=LAW, kinds=law().kinds, definitions=known, templates=template_names()
    )


def codes(*changed: Definition, of: str) -> set[str]:
    return {problem.code for problem in problems(*changed, of=of)}


def changed(name: str, move_id: str, **values: Any) -> Definition:
    """A definition of the law with one of its moves written otherwise."""
    plain = DEFINITIONS[name].model_dump(by_alias=True)
    (move,) = (one for one in plain["transitions"] if one["id"] == move_id)
    move |= values
    return Definition.model_validate(plain)


def replaced_state(name: str, state_id: str, **values: Any) -> Definition:
    """A definition of the law with one of its states written otherwise."""
    plain = DEFINITIONS[name].model_dump(by_alias=True)
    (state,) = (one for one in plain["states"] if one["id"] == state_id)
    state |= values
    return Definition.model_validate(plain)


def without(name: str, move: str) -> Definition:
    plain = DEFINITIONS[name].model_dump(by_alias=True)
    plain["transitions"] = [one for one in plain["transitions"] if one["id"] != move]
    return Definition.model_validate(plain)


def nominations() -> Iterator[tuple[Definition, Transition]]:
    """The moves of nominations that a paper makes them make."""
    for one in DEFINITIONS.values():
        if one.meta.subject == "nomination":
            yield from ((one, move) for move in one.transitions if move.on)


def test_every_safeguard_of_an_outcome_has_its_rule() -> None:
    for procedure in LAW.procedures:
        assert LAW.required(procedure, "recognised") <= LAW.step_rules.keys()


def test_a_definition_that_names_no_procedure_is_held_to_the_vote() -> None:
    assert LAW.required("", "recognised") == LAW.required("resident_vote", "recognised")
    assert "resident_vote" not in LAW.required("officers_meeting", "recognised")
    assert LAW.required("officers_meeting", "recognised") >= {"officers_meeting", "appraisal"}
    assert LAW.required("nobody", "recognised") >= {"officers_meeting", "resident_vote"}


@pytest.mark.parametrize("step", LAW.step_rules)
def test_a_rule_names_what_exists_and_some_move_keeps_it(step: str) -> None:
    rule = LAW.step_rules[step]
    asked = {*rule.guards, *rule.any_guards}.union(*rule.settled_by.values())
    assert asked <= LAW.guards.keys()
    assert rule.effects <= LAW.effects.keys()
    assert rule.paper is None or rule.paper in law().kinds
    claims = [(name, move) for name, move, claimed in CLAIMS if claimed == step]
    assert claims


def test_what_keeps_an_outcome_exists() -> None:
    for outcome, effects in LAW.outcome_effects.items():
        assert effects <= LAW.effects.keys()
        assert outcome in {LAW.effect_rules[name].outcome for name in effects}
    assert {*LAW.lapses.values()} <= LAW.guards.keys()
    named = {*LAW.effect_rules, *LAW.openings.values()}.union(*LAW.event_effects.values())
    assert named <= LAW.effects.keys()
    for rule in LAW.effect_rules.values():
        assert rule.guards.union(rule.any_guards) <= LAW.guards.keys()


@pytest.mark.parametrize(("name", "move", "step"), CLAIMS)
def test_a_claim_without_what_its_rule_asks_is_unsound(name: str, move: str, step: str) -> None:
    rule, was = LAW.step_rules[step], DEFINITIONS[name].by_transition[move]
    for kind, asked in (("guard", rule.guards), ("effect", rule.effects)):
        for one in sorted(asked):
            left = tuple(other for other in getattr(was, f"{kind}s") if other != one)
            less = changed(name, move, **{f"{kind}s": left})
            assert f"step_without_{kind}" in codes(less, of=name)
    if rule.duty:
        assert "step_without_duty" in codes(changed(name, move, duty=None), of=name)
    by_itself = changed(name, move, by=(*was.by, "system"))
    assert "step_by_system" in codes(by_itself, of=name)
    if rule.paper:
        assert "step_without_paper" in codes(changed(name, move, paper=None), of=name)


SPARED = {
    # Of one regime or kind, not of every title: a definition for another may not have them,
    # or ask again at the proposal what was asked as the file was opened.
    "all_households_registered",
    "kind_eligible",
    # Advice on days, so that a file is not late: one that is late shows it, or lapses.
    "meeting_before_the_deadline",
    "posting_before_the_deadline",
    # Of a move that recognises nobody: taking an opinion back.
    "not_yet_recognised",
}
"""The guards that a definition may leave out of a move."""


@pytest.mark.parametrize(
    "name",
    [
        "certificate",
        "de-an-375-reasoned",
        "outgoing",
        "two-tier-2025-commune",
        "two-tier-2025-unit-commune",
        "two-tier-2025-vote-reasoned",
    ],
)
def test_a_definition_without_a_guard_of_its_own_is_unsound(name: str) -> None:
    for move in DEFINITIONS[name].transitions:
        for guard in move.guards:
            left = [one for one in move.guards if one != guard]
            found = codes(changed(name, move.id, guards=left), of=name)
            assert (guard in SPARED) == (not found), (move.id, guard)


@pytest.mark.parametrize(
    ("name", "move", "guard", "story"),
    [
        ("two-tier-2025-unit-commune", "propose_recognition", "all_criteria_met", "recognise"),
        ("district-certification", "forward_to_district", "objection_window_over", "certify"),
        ("district-certification", "record_failed_vote", "majority_not_reached", "close_"),
    ],
)
def test_an_outcome_without_the_answer_of_a_step_is_told_with_its_path(
    name: str, move: str, guard: str, story: str
) -> None:
    left = [one for one in DEFINITIONS[name].by_transition[move].guards if one != guard]
    found = problems(changed(name, move, guards=left), of=name)
    (told, *_) = (problem for problem in found if problem.code == "step_unsettled")
    assert guard in told.params["name"]
    assert move in told.story
    assert any(one.startswith(story) for one in told.story)


def test_an_appraisal_after_the_opinion_calls_for_another_opinion() -> None:
    plain = DEFINITIONS["district-certification"].model_dump(by_alias=True)
    (appraise,) = (one for one in plain["transitions"] if one["id"] == "record_appraisal")
    later = appraise | {"id": "appraise_again", "from": ["proposed"], "to": "proposed"}
    plain["transitions"] += (later,)
    found = codes(Definition.model_validate(plain), of="district-certification")
    assert {"step_unsettled", "step_by_other_move"} <= found


@pytest.mark.parametrize("name", ["de-an-375", "district-certification"])
@pytest.mark.parametrize(
    ("move", "sources", "lacking"),
    [
        ("adopt_minutes", ("self_assessed", "counted"), {"notice", "count"}),
        ("adopt_minutes", ("meeting_called", "counted"), {"count"}),
        ("record_count", ("self_assessed", "meeting_called"), {"notice"}),
        ("record_appraisal", ("counted", "submitted"), {"resident_vote"}),
    ],
)
def test_a_short_cut_past_the_notice_or_the_count_is_unsound(
    name: str, move: str, sources: tuple[str, ...], lacking: set[str]
) -> None:
    found = codes(changed(name, move, **{"from": sources}), of=name)
    assert {f"recognised_without_{step}" for step in lacking} | {"step_too_early"} <= found


def test_a_paper_that_tells_nobody_is_unsound() -> None:
    waiting = {str(move.on): nomination for nomination, move in nominations()}
    for event, nomination in waiting.items():  # for each event, one that waits for it
        kind, _, state = event.partition(":")
        flow = DEFINITIONS[law().kinds[kind].definition]
        for way in flow.transitions:
            if way.target == state:
                silent = changed(flow.id, way.id, effects=("create_paper",))
                assert "event_not_told" in codes(silent, of=nomination.id)


def test_a_nomination_that_does_not_answer_the_paper_it_is_in_is_unsound() -> None:
    for nomination, move in nominations():
        # Nobody waits any more for a certificate that is dropped after the title fell.
        if not str(move.on).endswith(":drafted") and move.id != "drop_certificate":
            less = without(nomination.id, move.id)
            assert "paper_end_unanswered" in codes(less, of=nomination.id), move.id


@pytest.mark.parametrize("name", ["de-an-375", "district-certification"])
def test_a_recognition_that_is_not_written_down_is_unsound(name: str) -> None:
    for less in ((), ("remember_paper",)):
        unwritten = changed(name, "recognise_by_commune", effects=less)
        assert "outcome_unrecorded" in codes(unwritten, of=name)


@pytest.mark.parametrize(
    ("move", "values", "code"),
    [
        ("refuse", {"effects": ["remember_paper"]}, "outcome_unrecorded"),
        ("close_without_title", {"effects": []}, "outcome_unrecorded"),
        ("record_appraisal", {"paper": None}, "step_without_paper"),
        ("lapse", {"guards": []}, "outcome_without_guard"),
        ("leave_commune_decision", {"to": "lapsed"}, "outcome_without_guard"),
        ("recount", {"to": "lapsed"}, "outcome_by_people"),
        ("dismiss_objection", {"fields": []}, "answer_without_reason"),
        ("return_to_submission", {"voids": []}, "not_voided"),
        ("return_to_commune", {"voids": []}, "not_voided"),
        ("refusal_revoked", {"voids": []}, "not_voided"),
        ("lose_district_decision", {"voids": []}, "not_voided"),
        ("propose_refusal", {"duty": None}, "duty_unsaid"),
    ],
)
def test_an_end_or_answer_without_what_makes_it_one_is_unsound(
    move: str, values: dict[str, Any], code: str
) -> None:
    name = "district-certification-reasoned"
    assert code in codes(changed(name, move, **values), of=name)


def test_an_end_that_does_not_say_its_outcome_is_unsound() -> None:
    for name in ("de-an-375-reasoned", "outgoing"):
        for state in DEFINITIONS[name].states:
            if state.final and state.outcome:
                silent = replaced_state(name, state.id, outcome=None)
                assert "end_without_outcome" in codes(silent, of=name), state.id


def test_a_title_that_nobody_may_announce_is_missed() -> None:
    name = "de-an-375-reasoned"
    (told,) = problems(without(name, "announce"), of=name)
    assert (told.code, told.story[-1]) == ("outcome_without_end", "recognise_by_district")
    (told,) = problems(without(name, "announce_commune_title"), of=name)
    assert (told.code, told.params["name"]) == ("way_missing", "streak_grants_commune")


def test_a_paper_whose_answer_keeps_less_than_it_decided_is_unsound() -> None:
    name, move = "district-certification-reasoned", "certify_by_district"
    effects = DEFINITIONS[name].by_transition[move].effects
    for gone in ("record_result", "remember_paper"):
        left = [one for one in effects if one != gone]
        (told,) = problems(changed(name, move, effects=left), of=name)
        assert (told.code, told.params["name"]) == ("event_without_effect", gone)


@pytest.mark.parametrize(
    ("move", "effects", "told"),
    [
        ("enter_commune_decision", ["remember_paper", "record_result"], {"seal", "signature"}),
        ("leave_commune_decision", ["remember_paper", "record_result"], {"seal", "signature"}),
        ("record_committee_opinion", ["record_result"], {"seal", "signature"}),
        ("refuse", ["remember_paper", "record_result"], set()),
        ("withdraw", ["record_result"], set()),
        ("post_publicly", ["record_not_recognised"], set()),
        ("refusal_revoked", ["remember_paper", "record_not_recognised"], set()),
    ],
)
def test_a_result_written_down_where_it_is_not_so_is_unsound(
    move: str, effects: list[str], told: set[str]
) -> None:
    name = "district-certification"
    found = codes(changed(name, move, effects=effects), of=name)
    assert "recorded_elsewhere" in found
    assert {f"recognised_without_{step}" for step in told} <= found


def test_recognition_at_a_new_end_without_outcome_is_unsound() -> None:
    plain = DEFINITIONS["district-certification"].model_dump(by_alias=True)
    ended, hurried = "done_with", "be_done_with_it"
    words = {"vi": "Xong", "en": "Done"}
    move = {"id": hurried, "from": ["submitted"], "to": ended, "by": ["hamlet_head@area"]}
    plain["states"] += ({"id": ended, "label": words, "final": True},)
    plain["transitions"] += (move | {"label": words, "effects": ["record_result"]},)
    found = codes(Definition.model_validate(plain), of="district-certification")
    assert found >= {"recorded_elsewhere", "effect_out_of_place", "recognised_without_appraisal"}


@pytest.mark.parametrize(
    ("move", "effects"),
    [
        ("leave_district_decision", ["remember_paper", "record_result"]),
        ("return_to_commune", ["record_result"]),
        ("enter_district_decision", ["remember_paper", "draft_certificate"]),
        ("register", ["freeze_roll", "create_nomination"]),
    ],
)
def test_an_effect_without_the_paper_or_opening_it_reads_is_unsound(
    move: str, effects: list[str]
) -> None:
    name = "district-certification"
    assert "effect_out_of_place" in codes(changed(name, move, effects=effects), of=name)


def test_a_step_that_does_not_say_on_whom_it_waits_is_unsound() -> None:
    name = "district-certification-reasoned"
    for state in DEFINITIONS[name].states:
        silent = replaced_state(name, state.id, waiting_on=())
        assert ("waiting_unsaid" in codes(silent, of=name)) != state.final, state.id


@pytest.mark.parametrize("move", ["certify_by_district", "draft_certificate_again"])
def test_a_certificate_that_nobody_drafts_is_missed(move: str) -> None:
    name = "district-certification"
    assert "paper_not_drafted" in codes(changed(name, move, effects=["remember_paper"]), of=name)


@pytest.mark.parametrize("guard", ["cycle_open", "no_other_case", "year_not_decided"])
def test_a_case_opened_without_asking_what_the_tables_hold_is_unsound(guard: str) -> None:
    name, move = "district-certification", "open_registration"
    guards = [one for one in DEFINITIONS[name].by_transition[move].guards if one != guard]
    assert codes(changed(name, move, guards=guards), of=name) == {"effect_without_guard"}
    assert codes(changed(name, move, effects=[]), of=name) == {"opening_without_effect"}


def test_a_higher_level_keeps_the_recognition_only_while_its_safeguards_hold() -> None:
    name = "district-certification"
    voided = problems(changed(name, "uphold_objection", voids=["record_appraisal"]), of=name)
    again = ("recognised_without_appraisal", "transitions.certify_by_district.effects")
    (told,) = (problem for problem in voided if (problem.code, problem.key) == again)
    assert told.story[-1] == "certify_by_district"
    assert "uphold_objection" in told.story


@pytest.mark.parametrize("first", [True, False])
def test_the_product_does_not_start_with_two_definitions_of_one_name(first: bool) -> None:
    double = changed("record", "record", clause="Điều 1").model_copy(update={"source": "two.toml"})
    known = law().definitions
    with pytest.raises(DefinitionError) as caught:
        prove(replace(law(), definitions=(double, *known) if first else (*known, double)))
    assert (caught.value.code, caught.value.key) == ("doubled_definition", "meta.id")


@pytest.mark.parametrize(
    ("move", "past"),
    [
        ("announce", {"from": ["certified", "commune_recognised"]}),
        ("announce", {"from": ["certified", "posted"]}),
        ("announce", {"from": ["certified", "district_decided"]}),
        ("forward_to_district", {"to": "certified"}),
        ("enter_district_decision", {"from": ["district_appraised", "awaiting_district"]}),
        ("forward_to_district", {"from": ["posted", "commune_recognised"]}),
        ("receive_certificate", {"on": "certificate:signed"}),
    ],
)
def test_no_path_to_a_certified_end_leads_past_what_certifies_it(
    move: str, past: dict[str, Any]
) -> None:
    name = "district-certification"
    assert "end_not_whole" in codes(changed(name, move, **past), of=name)


@pytest.mark.parametrize(
    ("gone", "past", "code"),
    [
        (
            "register",
            {"open_registration": {"to": "registered"}},
            "recognised_without_registration",
        ),
        ("submit", {"record_appraisal": {"from": ["minuted"]}}, "recognised_without_submission"),
        (
            "record_committee_opinion",
            {"record_appraisal": {"to": "proposed"}},
            "recognised_without_committee_opinion",
        ),
        (
            "post_publicly",
            {"forward_to_district": {"from": ["commune_recognised"]}},
            "end_not_whole",
        ),
        (
            "record_district_appraisal",
            {"enter_district_decision": {"from": ["awaiting_district"]}},
            "end_not_whole",
        ),
        ("receive_certificate", {"announce": {"from": ["district_decided"]}}, "end_not_whole"),
    ],
)
def test_an_act_left_out_altogether_is_missed(
    gone: str, past: dict[str, dict[str, Any]], code: str
) -> None:
    name = "district-certification"
    plain = without(name, gone).model_dump(by_alias=True)
    for move in plain["transitions"]:
        move |= past.get(move["id"], {})
    assert code in codes(Definition.model_validate(plain), of=name)


def test_only_the_title_of_the_commune_spares_the_other_levels() -> None:
    name, move = "de-an-375", "announce_commune_title"
    guards = [
        one for one in DEFINITIONS[name].by_transition[move].guards if "streak_grants" not in one
    ]
    assert "end_not_whole" in codes(changed(name, move, guards=guards), of=name)
    assert LAW.spared.keys() <= LAW.guards.keys()
