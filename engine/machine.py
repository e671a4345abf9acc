"""The one module that knows the ``transitions`` library.

One model-less machine per definition, shared by all threads: the library's own advice for
many objects. A move asks every guard, collects every refusal, and changes no row; the
caller writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from transitions import EventData, Machine, MachineError

from engine.definition import START, Definition
from engine.errors import Conflict, Refusal, Refused

Ask = Callable[[], Iterable[Refusal]]
NOWHERE = "(none)"
"""The library has no empty state name; this one stands for ``START`` inside it."""


@dataclass
class _Token:
    """What the machine moves: a state and the question whether it may be left."""

    state: str
    ask: Ask
    refusals: list[Refusal] = field(default_factory=list)

    def collect(self, _event: EventData) -> None:
        self.refusals = list(self.ask())

    def allowed(self, _event: EventData) -> bool:
        return not self.refusals


class _This:
    """A definition as the key of a cache: itself and no other. To compare one with its equal,
    read from its file a second time, takes longer than a move."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    def __hash__(self) -> int:
        return id(self.definition)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _This) and other.definition is self.definition


def machine_of(definition: Definition) -> Machine:
    """The machine of a definition, built once per process and never given a model."""
    return _machine_of(_This(definition))


@lru_cache(maxsize=256)
def _machine_of(this: _This) -> Machine:
    definition = this.definition
    machine = Machine(
        model=None,
        states=[NOWHERE, *definition.by_state],
        initial=None,
        auto_transitions=False,
        send_event=True,
    )
    for transition in definition.transitions:
        machine.add_transition(
            transition.id,
            list(transition.sources) or NOWHERE,
            transition.target,
            prepare=["collect"],
            conditions=["allowed"],
        )
    return machine


def fire(definition: Definition, state: str, action: str, ask: Ask) -> str:
    """The state that ``action`` leads to from ``state``, every guard having been asked.

    Raises ``Conflict`` (``not_from_here``) or ``Refused`` with all refusals.
    """
    transition = definition.transition(action)
    token = _Token(state or NOWHERE, ask)
    event: Any = machine_of(definition).events[action]
    try:
        moved = event.trigger(token)
    except MachineError:
        raise Conflict(
            Refusal("not_from_here", {"action": action, "state": state}, transition.clause)
        ) from None
    if not moved:
        raise Refused(*token.refusals)
    return START if token.state == NOWHERE else token.state
