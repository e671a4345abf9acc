"""From names in data to functions in code.

A definition only names its guards, effects, paper contexts and row sources. A ``Binding``
holds the functions of those names; a name without a function is found by ``check`` and the
product does not start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.errors import Refusal

if TYPE_CHECKING:
    from engine.move import Move

GuardFunction = Callable[["Move"], Iterable[Refusal]]
EffectFunction = Callable[["Move"], None]
ContextFunction = Callable[["Move"], Mapping[str, Any]]
DayFunction = Callable[["Move"], date]
RowsFunction = Callable[["Move"], Sequence["Row"]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table field: its id, and its label and note in each language."""

    id: str
    label: str
    label_en: str = ""
    note: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """A question with its function; ``uses`` names the inputs it cannot do without."""

    name: str
    ask: GuardFunction
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepRule:
    """What a transition must carry to be believed when it claims a step.

    All of ``guards`` and ``effects``, one at least of ``any_guards``, that very ``duty`` and
    ``paper`` where one is given, if ``person``, nobody but people to make it; and on every path
    to it the steps ``after`` which it comes, done and not voided. ``settled_by`` gives, per
    outcome, the guards one of which a path that did the step asks, since it was done the last
    time, before it comes to that outcome: a step whose answer nobody asked for proves nothing.
    ``move`` is the id of the transition whose facts guards and papers read of the step.
    """

    guards: frozenset[str] = frozenset()
    effects: frozenset[str] = frozenset()
    duty: str | None = None
    paper: str | None = None
    person: bool = True
    after: frozenset[str] = frozenset()
    any_guards: tuple[str, ...] = ()
    move: str | None = None
    settled_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


OPENING = "opening"
"""What makes a move that brings a subject into being, in ``EffectRule.made_by``."""


@dataclass(frozen=True, slots=True)
class EffectRule:
    """What a transition must be to carry an effect.

    One that keeps an ``outcome`` counts as that outcome. ``made_by`` names what may make the
    move, where the effect reads it: the opening, the state of the paper that it answers, or
    the act of a later paper; empty when it does not matter. All of ``guards`` stand with it,
    and, where people may make the move, one at least of ``any_guards``: the system's moves are
    led by what makes them.
    """

    outcome: str | None = None
    made_by: frozenset[str] = frozenset()
    guards: frozenset[str] = frozenset()
    any_guards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Binding:
    """The functions a set of definitions may name, and what the domain asks of them.

    ``roles`` are all roles people can hold, with the scopes they may be held at.
    ``required_steps`` gives, per outcome, the steps every path to it must contain, and
    ``outcome_effects`` those effects one of which some move of every path to it must have, and
    ``lapses``, for those that only time brings about, the guard that their moves ask.
    ``procedures`` are the lawful ways to an outcome, each with the steps that it adds: a
    definition states which one it keeps to, and the first holds for one that states none.
    ``step_rules`` say, per step, what a transition that claims it must carry, ``effect_rules``,
    per effect, on which one it may stand, and ``openings``, per kind of subject, the effect that
    brings one into being; ``event_effects``, per event of a paper, those of whatever answers it.
    The duties ``judging`` give their reasons where they let a file go on that was held up.
    ``grounds`` tell, per guard, the effect without which it never lets a move pass,
    ``drafted_by``, per kind of paper that no one drafts by hand, the effect that does. ``whole``
    gives, per outcome, the steps and events of papers that, where a definition knows them, every
    path to an end must contain, ``entails`` those that all of some others call for, in the order in
    which they are asked, and ``spared`` those that a guard makes sure the path does not need.
    ``alternatives`` are guards of which exactly one holds. ``silent`` names, per kind of subject,
    the ends that say no outcome. ``judges`` give, per input, the guard of each move that asks it,
    ``called_for``, of a definition's id, per outcome, those that its kind of subject calls for.
    """

    roles: Mapping[str, frozenset[str]]
    required_steps: Mapping[str, frozenset[str]]
    step_rules: Mapping[str, StepRule] = field(default_factory=dict)
    outcome_effects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    effect_rules: Mapping[str, EffectRule] = field(default_factory=dict)
    openings: Mapping[str, str] = field(default_factory=dict)
    event_effects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    grounds: Mapping[str, str] = field(default_factory=dict)
    drafted_by: Mapping[str, str] = field(default_factory=dict)
    lapses: Mapping[str, str] = field(default_factory=dict)
    judging: frozenset[str] = frozenset()
    procedures: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    whole: Mapping[str, frozenset[str]] = field(default_factory=dict)
    entails: Sequence[tuple[frozenset[str], frozenset[str]]] = ()
    spared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    alternatives: Sequence[frozenset[str]] = ()
    silent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    judges: Mapping[str, str] = field(default_factory=dict)
    called_for: Callable[[str], Mapping[str, frozenset[str]]] = lambda _definition: {}
    guards: dict[str, Guard] = field(default_factory=dict)
    effects: dict[str, EffectFunction] = field(default_factory=dict)
    contexts: dict[str, ContextFunction] = field(default_factory=dict)
    rows: dict[str, RowsFunction] = field(default_factory=dict)
    days: dict[str, DayFunction] = field(default_factory=dict)

    def required(self, procedure: str, outcome: str) -> frozenset[str]:
        """The steps that every path to an outcome must contain under a procedure; an unknown
        one asks for the steps of all of them."""
        common = self.required_steps.get(outcome, frozenset())
        added = [one.get(outcome, frozenset()) for one in self._followed(procedure)]
        return common.union(*added)

    def foreign(self, procedure: str) -> frozenset[str]:
        """The steps that only other procedures know."""
        own = [step for one in self._followed(procedure) for step in one.values()]
        every = [step for one in self.procedures.values() for step in one.values()]
        return frozenset().union(*every) - frozenset().union(*own)

    def _followed(self, procedure: str) -> Sequence[Mapping[str, frozenset[str]]]:
        name = procedure or next(iter(self.procedures), "")
        return [self.procedures[name]] if name in self.procedures else [*self.procedures.values()]

    def guard(self, name: str, *, uses: tuple[str, ...] = ()) -> Callable[..., GuardFunction]:
        """Registers a pure question: it yields a ``Refusal`` for each reason against."""

        def register(function: GuardFunction) -> GuardFunction:
            _once(self.guards, name)
            self.guards[name] = Guard(name, function, uses)
            return function

        return register

    def effect(self, name: str) -> Callable[[EffectFunction], EffectFunction]:
        """Registers what a move changes besides its state: rows only, nothing outside."""

        def register(function: EffectFunction) -> EffectFunction:
            _once(self.effects, name)
            self.effects[name] = function
            return function

        return register

    def context(self, kind: str) -> Callable[[ContextFunction], ContextFunction]:
        """Registers the values that a paper of that kind is rendered from: plain, frozen."""

        def register(function: ContextFunction) -> ContextFunction:
            _once(self.contexts, kind)
            self.contexts[kind] = function
            return function

        return register

    def table(self, name: str) -> Callable[[RowsFunction], RowsFunction]:
        """Registers a source of rows for table fields."""

        def register(function: RowsFunction) -> RowsFunction:
            _once(self.rows, name)
            self.rows[name] = function
            return function

        return register

    def day(self, name: str) -> Callable[[DayFunction], DayFunction]:
        """Registers a day of the calendar that deadlines may name (the end of a season)."""

        def register(function: DayFunction) -> DayFunction:
            _once(self.days, name)
            self.days[name] = function
            return function

        return register


def _once(names: Mapping[str, object], name: str) -> None:
    if name in names:
        raise ValueError(f"{name} is bound twice")
