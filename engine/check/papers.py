"""Every paper that a move makes can be made: kind, values, template and workflow exist."""

from __future__ import annotations

from collections.abc import Iterator

from engine.check.case import Case
from engine.check.problem import Problem
from engine.definition import START, SYSTEM, Transition, role_of
from engine.move import RECORD
from engine.papers.kinds import PaperKind


def problems(case: Case) -> Iterator[Problem]:
    """What is missing for the papers named by ``paper``; events are checked as triggers."""
    for transition in case.definition.transitions:
        if transition.paper is None:
            continue
        key = f"transitions.{transition.id}.paper"
        kind = case.kinds.get(transition.paper)
        if kind is None:
            yield case.problem("missing_paper_kind", key, kind=transition.paper)
            continue
        if kind.id not in case.binding.contexts:
            yield case.problem("missing_context", key, kind=kind.id)
        if kind.template not in case.templates:
            yield case.problem("missing_template", key, kind=kind.id, template=kind.template)
        if role_of(transition.by[0]) == SYSTEM:
            yield case.problem("missing_authority", key, kind=kind.id)
        yield from _workflow(case, key, kind)


def _workflow(case: Case, key: str, kind: PaperKind) -> Iterator[Problem]:
    """The move opens the paper as the system, by the one action for recorded papers."""
    flow = case.flow(kind.id)
    if flow is None:
        yield case.problem("missing_definition", key, kind=kind.id, name=kind.definition)
    elif not any(_records(transition) for transition in flow.leaving(START)):
        yield case.problem("missing_record", key, kind=kind.id, name=flow.id, action=RECORD)


def _records(transition: Transition) -> bool:
    return transition.id == RECORD and SYSTEM in transition.by
