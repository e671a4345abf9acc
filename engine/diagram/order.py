"""In which order states stand: the main path first, what leaves it below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.definition import START, Definition

Onward = Mapping[str, Sequence[str]]


def order(definition: Definition) -> tuple[list[str], list[str]]:
    """The states of the main path, the start first, and all others.

    The main path is what forward moves lead to from nothing and on to a final state. Along
    forward moves each state stands below those that lead to it, as far as there is no loop.
    """
    onward = {state: _onward(definition, state) for state in (START, *definition.by_state)}
    reached = _descend(onward, START, set())
    finals = {state.id for state in definition.states if state.final}
    main = [state for state in reached if finals & set(_descend(onward, state, set()))]
    if START not in main:
        main = reached
    return main, _aside(onward, set(main))


def _onward(definition: Definition, state: str) -> list[str]:
    known = definition.by_state
    moves = definition.leaving(state)
    return [move.target for move in moves if move.tone == "forward" and move.target in known]


def _aside(onward: Onward, seen: set[str]) -> list[str]:
    """The states not seen yet, each chain of forward moves together, from its head down."""
    rest = [state for state in onward if state not in seen]
    followers = {target for state in rest for target in onward[state] if target != state}
    heads = [state for state in rest if state not in followers]
    return [state for head in (*heads, *rest) for state in _descend(onward, head, seen)]


def _descend(onward: Onward, start: str, seen: set[str]) -> list[str]:
    """The states not seen yet that forward moves lead to, before what they lead to."""
    if start in seen:
        return []
    found: list[str] = []
    seen.add(start)
    stack = [(start, list(onward[start]))]
    while stack:
        state, targets = stack[-1]
        if not targets:
            found.append(state)
            stack.pop()
        elif (target := targets.pop()) not in seen:
            seen.add(target)
            stack.append((target, list(onward[target])))
    return found[::-1]
