"""Every name resolves, to one thing, and every form asks what its move needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from engine.check.case import Case
from engine.check.problem import Problem
from engine.definition import SYSTEM, Transition, role_of, scope_of

PAPER_SCOPE = "authority"
"""The one unit of a paper: the authority in whose name it is written."""


def problems(case: Case) -> Iterator[Problem]:
    """A doubled definition; unresolved roles, scopes, guards, effects, fields, columns, row
    sources, days and voids; forms that nobody can fill in."""
    other = case.definitions.get(case.definition.id, case.definition)
    if other != case.definition:
        yield case.problem(
            "doubled_definition", "meta.id", name=case.definition.id, source=other.source
        )
    procedure = case.definition.meta.procedure
    if procedure and procedure not in case.binding.procedures:
        yield case.problem("unknown_procedure", "meta.procedure", name=procedure)
    for state in case.definition.states:
        # A subject waits on people: the system is told by events and deadlines.
        yield from _offices(case, f"states.{state.id}.waiting_on", state.waiting_on, ())
        if state.due and state.due.by and state.due.by not in case.binding.days:
            yield case.problem("missing_day", f"states.{state.id}.due", name=state.due.by)
    for transition in case.definition.transitions:
        key = f"transitions.{transition.id}"
        yield from _offices(case, f"{key}.by", transition.by, (SYSTEM,))
        yield from _functions(case, key, transition)
        yield from _form(case, key, transition)
        for name in transition.voids:
            if name not in case.definition.by_transition:
                yield case.problem("voids_unknown", f"{key}.voids", name=name)
    yield from _tables(case)


def _offices(
    case: Case, key: str, rules: Iterable[str], exempt: Iterable[str]
) -> Iterator[Problem]:
    papers = case.definition.meta.subject == "paper"
    for rule in rules:
        role, scope = role_of(rule), scope_of(rule)
        if rule in exempt:
            continue
        if role not in case.binding.roles:
            yield case.problem("unknown_role", key, role=role)
        elif scope not in ({PAPER_SCOPE} if papers else case.binding.roles[role]):
            yield case.problem("unknown_scope", key, role=role, scope=scope)


def _functions(case: Case, key: str, transition: Transition) -> Iterator[Problem]:
    for name in transition.guards:
        guard = case.binding.guards.get(name)
        if guard is None:
            yield case.problem("missing_guard", f"{key}.guards", name=name)
            continue
        for needed in guard.uses:
            if needed not in transition.fields:
                yield case.problem("missing_input", f"{key}.guards", guard=name, name=needed)
    for name in transition.effects:
        if name not in case.binding.effects:
            yield case.problem("missing_effect", f"{key}.effects", name=name)


def _form(case: Case, key: str, transition: Transition) -> Iterator[Problem]:
    known = case.definition.by_field
    for name in transition.fields:
        judge = case.binding.judges.get(name)
        if judge and judge not in transition.guards:
            told = {"transition": transition.id, "field": name, "name": judge}
            yield case.problem("input_unjudged", f"{key}.guards", (), **told)
    unknown = [name for name in transition.fields if name not in known]
    for name in unknown:
        yield case.problem("missing_field", f"{key}.fields", name=name)
    if not unknown and not any(known[name].required for name in transition.fields):
        yield from _reasonless(case, f"{key}.fields", transition)
    if SYSTEM in transition.by:
        yield from _unasked(case, key, transition)


def _reasonless(case: Case, key: str, transition: Transition) -> Iterator[Problem]:
    """What nobody may do without a word: turn a file back or stop it, and, as a judge of it,
    let one go on that was held up. Whoever was only asked to mend it sends it again as it is."""
    if transition.tone != "forward":
        if not transition.automatic:
            yield case.problem("no_reason", key, transition=transition.id)
    elif transition.duty in case.binding.judging:
        for state in filter(partial(_held_up, case), transition.sources):
            told = {"transition": transition.id, "state": state}
            yield case.problem("answer_without_reason", key, case.story(state), **told)


def _held_up(case: Case, state: str) -> bool:
    """Whether people only ever sent back or stopped what came to be in the state."""
    ways = [move for move in case.definition.transitions if move.target == state]
    return bool(ways) and all(move.tone != "forward" and not move.automatic for move in ways)


def _unasked(case: Case, key: str, transition: Transition) -> Iterator[Problem]:
    """The system fills in no form, so what it may do must not depend on one."""
    for name in transition.fields:
        field = case.definition.by_field.get(name)
        if field and field.required:
            yield case.problem(
                "system_move_with_fields", f"{key}.fields", transition=transition.id, name=name
            )


def _tables(case: Case) -> Iterator[Problem]:
    for field in case.definition.fields:
        if field.rows and field.rows not in case.binding.rows:
            yield case.problem("missing_rows", f"fields.{field.id}.rows", name=field.rows)
        for name in field.columns:
            column = case.definition.by_field.get(name)
            if column is None or column.type == "table":
                yield case.problem("missing_column", f"fields.{field.id}.columns", name=name)
