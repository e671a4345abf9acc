"""What a definition is checked against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.binding import Binding
from engine.check.paths import Walk, walk
from engine.check.problem import Problem, Story
from engine.definition import Definition, Transition
from engine.papers.kinds import PaperKind


@dataclass(frozen=True)
class Case:
    """One definition in its world: the functions, kinds, workflows and templates it names."""

    definition: Definition
    binding: Binding
    kinds: Mapping[str, PaperKind]
    definitions: Mapping[str, Definition]
    templates: Collection[str]

    @cached_property
    def reached(self) -> Walk[str]:
        """The states that moves from nothing lead to, with the shortest story of each."""
        return walk(self.definition)

    def story(self, state: str) -> Story:
        """How the state is reached; empty when it is not."""
        return self.reached.story(state) if state in self.reached else ()

    def flow(self, kind: str) -> Definition | None:
        """The workflow that papers of that kind go through, where both exist."""
        named = self.kinds.get(kind)
        found = self.definitions.get(named.definition) if named else None
        return found if found and found.meta.subject == "paper" else None

    def papers_of(self, transition: Transition) -> tuple[str, ...]:
        """The kinds of paper that a transition makes or answers."""
        kinds = (transition.paper, event_of(transition)[0] if transition.on else None)
        return tuple(kind for kind in kinds if kind)

    def problem(self, code: str, key: str, story: Story = (), **params: object) -> Problem:
        return Problem(code, self.definition.id, key, story, params)


def event_of(transition: Transition) -> tuple[str, str]:
    """The kind of paper and its state that make the system move; two blanks for none."""
    kind, _, state = (transition.on or "").partition(":")
    return kind, state
