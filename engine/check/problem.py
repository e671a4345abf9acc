"""What can be wrong with a definition, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Story = tuple[str, ...]

MESSAGES: Mapping[str, str] = {
    # Names that must resolve.
    "doubled_definition": "there is another definition called {name}, in {source}",
    "unknown_procedure": "the law knows no procedure {name}",
    "unknown_role": "{role} is not a role people can hold",
    "unknown_scope": "{role} cannot act at the scope {scope!r}",
    "missing_guard": "no function is bound to the guard {name}",
    "missing_effect": "no function is bound to the effect {name}",
    "missing_rows": "no function is bound to the row source {name}",
    "missing_day": "no function is bound to the day {name}",
    "missing_field": "there is no field {name}",
    "missing_column": "the column {name} is no field, or a table itself",
    "missing_input": "the guard {guard} cannot do without the input {name}, which is not asked",
    "missing_paper_kind": "there is no kind of paper {kind}",
    "missing_context": "no function is bound to the values of the paper {kind}",
    "missing_template": "the paper {kind} has no template {template}",
    "missing_definition": "the paper {kind} has no workflow {name}",
    "missing_record": "the workflow {name} of the paper {kind} is not opened by the system's"
    " {action}",
    "missing_authority": "no office writes the paper {kind}: the first of those who may move"
    " is the system",
    "voids_unknown": "there is no transition {name} to void",
    # Triggers.
    "unknown_event": "no event moves the system out of {state!r} (on = {event!r})",
    "event_by_person": "a paper event moves the system, but the system may not make this move",
    "two_on_one_trigger": "{first} and {second} both answer {event} in the state {state!r}",
    "due_target": "{name} is not a transition of the system out of {state}",
    "system_move_with_fields": "the system may make {transition}, which asks for {name}",
    "event_not_told": "{transition} of {flow} brings {event} about and tells none of those"
    " the paper lists",
    "act_not_told": "{transition} gives numbers and does not tell the paper it is a {act} of",
    "paper_not_drafted": "a path reaches {transition}, which waits for {event}, without the effect"
    " {name}, which alone drafts the paper",
    "paper_end_unanswered": "{state} has no way out when the paper it is in ends with {event}",
    # The graph.
    "no_opening": "no transition brings a subject into being",
    "unknown_state": "there is no state {state!r}",
    "unreachable_state": "no sequence of moves leads to {state}",
    "dead_end": "{state} is not final and has no way out",
    "trap": "from {state} no final state can be reached (the loop: {loop})",
    "final_with_exit": "{state} is final, yet {transition} leaves it",
    "waiting_on_nobody": "in {state} nobody it waits on can make a move",
    "waiting_unsaid": "{state} does not say on whom it waits, and {transition} takes people, or a"
    " paper of theirs",
    # Safeguards.
    "no_reason": "{transition} sends back or stops, and asks for no reason",
    "answer_without_reason": "{transition} lets go on what is held up in {state}, and asks for no"
    " reason",
    "step_without_guard": "{transition} claims {step} and does not ask the guard {name}",
    "step_without_any_guard": "{transition} claims {step} and asks none of the guards {name}",
    "step_without_effect": "{transition} claims {step} and lacks the effect {name}",
    "step_without_duty": "{transition} claims {step} and is not of the duty {duty}",
    "step_without_paper": "{transition} claims {step} and does not make the paper {kind}",
    "step_too_early": "a path reaches {transition}, which claims {step}, without {name}",
    "guard_of_kind_unasked": "a path reaches {state} ({outcome}) without asking {name}, which the"
    " kind of subject calls for",
    "input_unjudged": "{transition} asks for {field} and not the guard {name}, which judges it",
    "duty_unsaid": "{transition} is of no duty, and {role}, who may make it, holds the duty {duty}",
    "not_voided": "{transition} leads to {state} and does not void {name}, which was done before",
    "step_unsettled": "a path reaches {state} ({outcome}) without asking {name} since {step}",
    "step_by_other_move": "{transition} claims {step}, of which only a move {name} is read",
    "step_by_system": "{transition} claims {step}, which only people can do, and the system may"
    " make it",
    "outcome_unrecorded": "a path reaches {state} ({outcome}) with none of the effects {name}",
    "outcome_by_people": "{transition} leads to the outcome {outcome}, which only time brings"
    " about, and people may make it",
    "outcome_without_guard": "{transition} leads to the outcome {outcome} and does not ask the"
    " guard {guard}",
    "recorded_elsewhere": "{transition} has the effect {name}, which keeps the outcome {outcome},"
    " and a path leads it to {state} without that outcome",
    "effect_out_of_place": "{transition} has the effect {name}, which only stands on a move made"
    " by: {ground}",
    "effect_without_guard": "{transition} has the effect {name} and does not ask the guard {guard}",
    "effect_without_any_guard": "{transition} has the effect {name} and asks none of the guards"
    " {guards}",
    "guard_without_ground": "{transition} asks the guard {guard}, and a path leads to it without"
    " the effect {name}, which alone satisfies it",
    "event_without_effect": "{transition} answers {event} and lacks the effect {name}",
    "opening_without_effect": "{transition} opens a subject and lacks the effect {name}",
    "end_not_whole": "a path ends in {state} ({outcome}) without {name}, which the definition"
    " knows",
    "end_without_outcome": "{state} is an end and does not say its outcome",
    "outcome_without_end": "from {state}, on the way from the outcome {outcome}, no end with it can"
    " be reached",
    "way_missing": "{state} lets go on by an answer, and none of its ways asks {name}",
    "maker_is_checker": "{role} holds the duties {first} and {second} over one subject",
}
"""By code. The places in a sentence are the params of its problems."""

WITHOUT = "{outcome}_without_{step}"
"""The code of a safeguard that a path to an outcome lacks."""

WITHOUT_MESSAGE = "a path reaches {state} ({outcome}) without {step}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one definition.

    ``key`` is the place in the file (``transitions.close_vote.guards``). ``story`` is the
    shortest sequence of transitions, from nothing, that shows it: empty where the file
    alone shows it. ``params`` fill the places of the sentence of ``code``.
    """

    code: str
    definition: str
    key: str
    story: Story = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """An English sentence for developers; what users read is data."""
        sentence = MESSAGES.get(self.code, WITHOUT_MESSAGE).format_map(self.params)
        return f"{sentence}; {' → '.join(self.story)}" if self.story else sentence
