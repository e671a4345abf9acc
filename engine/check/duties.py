"""Maker and checker are never the same office, over a subject and the papers it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from engine.check.case import Case
from engine.check.paths import Walk
from engine.check.problem import Problem
from engine.definition import START, SYSTEM, Definition, Transition, role_of


@dataclass(frozen=True, slots=True)
class Part:
    """A duty that a role exercises, and the workflow in which it does."""

    duty: str
    origin: str


Makers = Mapping[str, Sequence[tuple[Part, frozenset[str]]]]
"""By transition: what is done in it, and the roles that may."""

Held = tuple[Part, ...]
Parts = Mapping[str, Sequence[Part]]
"""By transition."""


def problems(case: Case) -> Iterator[Problem]:
    """Each role that may exercise two duties, with the shortest story in which it does, and each
    move outside its duty by which it might get around that."""
    yield from _unsaid(case)
    makers = _makers(case)
    for role in _roles(case):
        parts = _parts(makers, role)
        clash = _clash(case.definition, [part for held in parts.values() for part in held])
        if clash is None:
            continue
        story, held = _shortest(case.definition, parts) or ((), clash)
        yield case.problem(
            "maker_is_checker",
            f"transitions.{story[-1] if story else _last(parts, held)}.by",
            story,
            role=role,
            first=held[0].duty,
            second=held[1].duty,
        )


def _unsaid(case: Case) -> Iterator[Problem]:
    """Moves of no duty by who holds one: all but to bring a subject into being, or, as nothing
    comes of it, to give up a paper."""
    paper = case.definition.meta.subject == "paper"
    moves = case.definition.transitions
    held = {role_of(rule): move.duty for move in moves if move.duty for rule in move.by}
    for move in moves:
        if not move.duty and not (move.tone == "stop" if paper else move.opens):
            for role in sorted(held.keys() & set(map(role_of, move.by)) - {SYSTEM}):
                told = {"transition": move.id, "role": role, "duty": held[role]}
                yield case.problem("duty_unsaid", f"transitions.{move.id}.duty", (), **told)


def _roles(case: Case) -> Sequence[str]:
    flows = (
        case.flow(kind) for move in case.definition.transitions for kind in case.papers_of(move)
    )
    used = {flow.id: flow for flow in flows if flow}
    rules = (
        rule
        for definition in (case.definition, *used.values())
        for move in definition.transitions
        for rule in move.by
    )
    return list(dict.fromkeys(role_of(rule) for rule in rules if role_of(rule) != SYSTEM))


def _makers(case: Case) -> Makers:
    """What is done in each transition and in the papers it makes or answers, and by which roles:
    told once, and not anew for each role."""
    whole = case.definition
    return {
        move.id: [
            *_made(whole.id, (move,)),
            *(
                one
                for kind in case.papers_of(move)
                if (flow := case.flow(kind))
                for one in _made(flow.id, flow.transitions)
            ),
        ]
        for move in whole.transitions
    }


def _made(origin: str, moves: tuple[Transition, ...]) -> Sequence[tuple[Part, frozenset[str]]]:
    return [(Part(one.duty, origin), frozenset(map(role_of, one.by))) for one in moves if one.duty]


def _parts(makers: Makers, role: str) -> Parts:
    """What the role may do in each transition and its papers."""
    return {
        name: list(dict.fromkeys(part for part, roles in made if role in roles))
        for name, made in makers.items()
    }


def _clash(definition: Definition, parts: Sequence[Part]) -> Held | None:
    """Two different duties. What clashes inside a paper's workflow alone is told there."""
    for pair in combinations(dict.fromkeys(parts), 2):
        inside = pair[0].origin == pair[1].origin != definition.id
        if pair[0].duty != pair[1].duty and not inside:
            return pair
    return None


def _shortest(definition: Definition, parts: Parts) -> tuple[tuple[str, ...], Held] | None:
    """The shortest story in which one role exercises two duties, if one path holds both."""

    def moves(node: tuple[str, Held]) -> Iterator[tuple[str, tuple[str, Held]]]:
        state, held = node
        if len(held) == 2:
            return
        for move in definition.leaving(state):
            clash = _clash(definition, (*held, *parts[move.id]))
            if clash:
                yield move.id, (move.target, clash)
            taken: list[Held] = [held, *((part,) for part in parts[move.id] if not held)]
            yield from ((move.id, (move.target, now)) for now in taken)

    walked: Walk[tuple[str, Held]] = Walk([(START, ())], moves)
    for node in walked:
        if len(node[1]) == 2:
            return walked.story(node), node[1]
    return None


def _last(parts: Parts, held: Held) -> str:
    """Where a clash that no single path shows is seen in the file."""
    return next(name for name, own in parts.items() if held[1] in own)
