"""What is done again counts once: a way back voids what was done since, and a fall what fell.

Whatever is not voided goes on counting: its facts are read, and the paper it made is shown as
good, beside those of the move that has still to be made anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.check.case import Case, event_of
from engine.check.ends import ISSUED
from engine.check.paths import Walk, walk
from engine.check.problem import Problem, Story
from engine.definition import SYSTEM, Definition, Transition

FALLS = frozenset({"replacement", "revocation"})
"""The acts that take from a paper what it decided."""

Undone = tuple[str, Story]
"""A move that is not voided, and the story that makes it and goes back."""


def problems(case: Case) -> Iterator[Problem]:
    """Each move that a way back, or the fall of a paper, leaves to count."""
    for move in case.definition.transitions:
        found = _since(case, move) if move.tone == "back" else _fallen(case, move)
        for name, story in sorted(dict(found).items()):
            key = f"transitions.{move.id}.voids"
            told = {"transition": move.id, "state": move.target, "name": name}
            yield case.problem("not_voided", key, (*story, move.id), **told)


def _since(case: Case, back: Transition) -> Iterator[Undone]:
    """What was done on the ways from where the move leads back to, to where it leaves."""
    for source in back.sources:
        if not _earlier(case, back.target, source):
            continue
        away = _onward(case.definition, back.target, back.target, source)
        leading = _leading(case.definition, source, back.target)
        for move in case.definition.transitions:
            if move.target == back.target or move.target not in leading:
                continue
            starts = [state for state in away if state in move.sources and state != source]
            if starts and _counts(move, back):
                rest = _onward(case.definition, move.target, back.target, source)
                made = (*case.story(back.target), *away.story(starts[0]), move.id)
                yield move.id, (*made, *rest.story(source))


def _earlier(case: Case, state: str, than: str) -> bool:
    known = state in case.reached and than in case.reached
    return known and len(case.story(state)) < len(case.story(than))


def _onward(definition: Definition, start: str, *ends: str) -> Walk[str]:
    """The states reached from one by ways that come to none of the ends before their last."""

    def moves(state: str) -> Iterator[tuple[str, str]]:
        if state == start or state not in ends:
            yield from ((move.id, move.target) for move in definition.leaving(state))

    return Walk([start], moves)


def _leading(definition: Definition, end: str, shut: str) -> Walk[str]:
    """The states from which the end is reached by ways that never come to the shut one: one
    walk back answers for all moves, of which hardly any has to be told as a story."""

    def moves(state: str) -> Iterator[tuple[str, str]]:
        arriving = (move for move in definition.transitions if move.target == state)
        yield from ((move.id, one) for move in arriving for one in move.sources if one != shut)

    return Walk([end], moves)


def _counts(move: Transition, back: Transition) -> bool:
    """Whether the move leaves something that counts, and that the way back does not void: what
    it told, or that it handed the subject over to the office that hands it back. One that only
    led back itself leaves nothing."""
    told = move.steps or move.fields or move.paper
    handed = move.target in back.sources and {*move.by, SYSTEM}.isdisjoint(back.by)
    lasting = event_of(move)[1] == ISSUED if move.automatic else told or handed
    return bool(lasting) and move.tone != "back" and move.id not in back.voids


def _fallen(case: Case, fall: Transition) -> Iterator[Undone]:
    """What the issue of a paper made, where that paper falls; nothing where the subject is
    closed by it, and nobody asks any more."""
    kind, state = event_of(fall)
    flow, led = case.flow(kind), case.definition.by_state.get(fall.target)
    falls = flow and any(way.target == state and way.act in FALLS for way in flow.transitions)
    if not falls or led is None or led.closed:
        return
    for move in case.definition.transitions:
        if event_of(move) == (kind, ISSUED) and _counts(move, fall):
            rest = walk(case.definition, move.target)
            ways = [(move.id, *rest.story(one)) for one in fall.sources if one in rest]
            if ways and (begun := [one for one in move.sources if one in case.reached]):
                yield move.id, (*case.story(begun[0]), *min(ways, key=len))
