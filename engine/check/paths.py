"""Exploring a definition's whole graph, every guard a free choice.

Breadth first, so that the first story that shows something is a shortest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from engine.check.problem import Story
from engine.definition import START, Definition

Node = TypeVar("Node", bound=Hashable)
Moves = Callable[[Node], Iterable[tuple[str, Node]]]
Watched = tuple[str, bool]
"""A state, and whether the thing watched for holds there."""


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


def watch(definition: Definition, shifts: Mapping[str, bool], *, begin: bool) -> Walk[Watched]:
    """The states reached from nothing, with either value of one thing that the transitions
    in ``shifts`` make true or false and all others leave as it is.

    Asked step by step instead of for sets of steps: whether one step was done does not
    depend on the others, so the answers are the same and the walk stays linear.
    """

    def moves(node: Watched) -> Iterator[tuple[str, Watched]]:
        state, holds = node
        for name, target in _moves(definition, state):
            yield name, (target, shifts.get(name, holds))

    return Walk([(START, begin)], moves)


def _moves(definition: Definition, state: str) -> Iterator[tuple[str, str]]:
    return ((move.id, move.target) for move in definition.leaving(state))
