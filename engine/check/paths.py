"""Exploring a definition's whole graph, every guard a free choice.

Breadth first, so that the first story that shows something is a shortest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from engine.check.problem import Story
from engine.definition import START, Definition, Transition

Node = TypeVar("Node", bound=Hashable)
Moves = Callable[[Node], Iterable[tuple[str, Node]]]
Watched = tuple[str, bool]
"""A state, and whether the thing watched for holds there."""

Steps = frozenset[str]


class Walk(Generic[Node]):
    """Every node that ``moves`` lead to from ``starts``, nearest first."""

    def __init__(self, starts: Iterable[Node], moves: Moves[Node]) -> None:
        self._came: dict[Node, tuple[Node, str] | None] = dict.fromkeys(starts)
        queue = deque(self._came)
        while queue:
            node = queue.popleft()
            for name, following in moves(node):
                if following not in self._came:
                    self._came[following] = (node, name)
                    queue.append(following)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._came)

    def __len__(self) -> int:
        return len(self._came)

    def __contains__(self, node: object) -> bool:
        return node in self._came

    def story(self, node: Node) -> Story:
        """The moves of a shortest way to the node, which must have been reached."""
        names: list[str] = []
        while (step := self._came[node]) is not None:
            node, name = step
            names.append(name)
        return tuple(reversed(names))


def walk(definition: Definition, start: str = START) -> Walk[str]:
    """The states reached from one, itself included."""
    return Walk([start], lambda state: _moves(definition, state))


class Watch(Walk[Watched]):
    """The states reached from nothing, with either value of one thing that the transitions
    in ``shifts`` make true or false and all others leave as it is.

    Asked step by step instead of for sets of steps: whether one step was done does not
    depend on the others, so the answers are the same and the walk stays linear.
    """

    def __init__(
        self, definition: Definition, shifts: Mapping[str, bool], *, begin: bool = False
    ) -> None:
        def moves(node: Watched) -> Iterator[tuple[str, Watched]]:
            state, holds = node
            for name, target in _moves(definition, state):
                yield name, (target, shifts.get(name, holds))

        self._shifts = shifts
        super().__init__([(START, begin)], moves)

    def before(self, move: Transition) -> Story:
        """The shortest story that makes the move where the thing does not hold; empty if none."""
        return self._made(move, (False,))

    def after(self, move: Transition) -> Story:
        """The shortest story that makes the move, and after which it does not hold."""
        undone = self._shifts.get(move.id)
        return () if undone else self._made(move, (False,) if undone is None else (False, True))

    def _made(self, move: Transition, values: Iterable[bool]) -> Story:
        starts = [(state, holds) for state in move.sources or (START,) for holds in values]
        stories = [(*self.story(start), move.id) for start in starts if start in self]
        return min(stories, key=len, default=())


def shifts(definition: Definition, gains: Mapping[str, Steps], step: str) -> Mapping[str, bool]:
    """The transitions that do the step, and those that undo it by what they void."""
    found: dict[str, bool] = {}
    for move in definition.transitions:
        if step in gains[move.id]:
            found[move.id] = True
        elif any(step in gains.get(name, ()) for name in move.voids):
            found[move.id] = False
    return found


def _moves(definition: Definition, state: str) -> Iterator[tuple[str, str]]:
    return ((move.id, move.target) for move in definition.leaving(state))
