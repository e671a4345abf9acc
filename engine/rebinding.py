"""A live subject comes under another definition, where it stands.

The move is one of ``perform``'s, with its own row of history that names both digests. It is
made only where it breaks no promise: the other definition has the state, its offices exist
for the subject, and every safeguard that surely happened there by the other definition did
happen by the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.check.certain import certain_steps
from engine.definition import START, Definition, Transition, Words, scope_of
from engine.errors import Refusal
from engine.history import fold

ADOPT = "definition:adopt"
"""The action in the history. No transition of a file can be called so."""

MOVE = Transition.model_construct(
    id=ADOPT, label=Words(vi=ADOPT, en=ADOPT), sources=(), target=START, by=()
)
"""What stands for a transition where moves are written: no definition has it."""


@dataclass(frozen=True, slots=True)
class Rebinding:
    """The wish to bring a subject under the definition of that digest. The person must hold
    one of the ``roles`` today, and is not whoever asked for it, ``asked_by``, if anybody."""

    person_id: int
    subject_id: int
    digest: str
    roles: frozenset[str]
    version: int | None = None
    asked_by: int | None = None
    key: str | None = None
    action: str = ADOPT


def obstacles(
    old: Definition, new: Definition, state: str, scopes: Mapping[str, int], events: Iterable[Any]
) -> Iterator[Refusal]:
    """Every reason why a subject in that state, with these units and this history, stays."""
    if old.digest == new.digest:
        yield Refusal("already_under_it")
        return
    if old.meta.subject != new.meta.subject:
        yield Refusal("definition_of_other_subject")
        return
    found = new.by_state.get(state)
    if found is None:
        yield Refusal("state_not_there", {"state": state})
        return
    units = {scope_of(rule) for move in new.leaving(state) for rule in move.by}
    units |= {scope_of(rule) for rule in found.waiting_on}
    if missing := sorted(units - set(scopes) - {""}):
        yield Refusal("unit_not_there", {"scope": missing})
    done = {step for name in fold(old, events) for step in _steps(old, name)}
    if lacking := sorted(certain_steps(new, state) - done):
        yield Refusal("safeguard_not_done", {"step": lacking})


def _steps(definition: Definition, action: str) -> tuple[str, ...]:
    move = definition.by_transition.get(action)
    return move.steps if move else ()
