"""A subject and the paper that lists it keep in step until the paper ends.

While a paper is on its way both move: people move the subject, and each move of the paper
tells those it lists. The two are walked together, so that a paper cannot end in a way its
subjects have no answer to: they would wait for it forever. A paper that an effect drafts is
entered by no event: whoever waits for one answers each of its ends, be it by another draft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from engine.check.case import Case, event_of
from engine.check.paths import Walk
from engine.check.problem import Problem, Story
from engine.definition import START, Definition, Transition
from engine.papers.acts import tell_listed
from engine.papers.amending import tell_dropped

Pair = tuple[str, str]
"""The state of the subject, and that of the paper."""

TELLING = (tell_listed, tell_dropped)
"""The effects by which a paper's move tells those it lists."""

UNTOLD = ""
"""The name of a paper's move in a story of the subject's moves."""


def problems(case: Case) -> Iterator[Problem]:
    """Events that a paper does not tell, and ends of a paper that have no answer."""
    for move in case.definition.transitions:
        kind, state = event_of(move)
        flow = case.flow(kind)
        if flow is None or state not in flow.by_state:  # told as an unknown event
            continue
        yield from _silent(case, move, flow, state)
        if any(opening.target == state for opening in flow.leaving(START)):
            joint = Joint(case.definition, flow, kind, partial(_tells, case))
            yield from _unanswered(case, move, joint)
    for kind in sorted(case.binding.drafted_by):
        if flow := case.flow(kind):
            yield from _given_up(case, kind, flow)


def _given_up(case: Case, kind: str, flow: Definition) -> Iterator[Problem]:
    """What no event enters is waited for from the start: each state that does so answers every
    way in which the paper may first end, or it waits for one that nobody drafts again."""
    for state in case.definition.states:
        exits = case.definition.leaving(state.id)
        waiting = [move for move in exits if event_of(move)[0] == kind and not state.final]
        answered = {event_of(move)[1] for move in waiting}
        for end in _first_ends(flow) if waiting else ():
            if end not in answered:
                key = f"transitions.{waiting[0].id}.on"
                told = {"event": f"{kind}:{end}", "state": state.id}
                yield case.problem("paper_end_unanswered", key, case.story(state.id), **told)


def _first_ends(flow: Definition) -> Sequence[str]:
    """The final states that a paper comes to before any other."""
    ends = {state.id for state in flow.states if state.final}
    moves = {state: () if state in ends else flow.leaving(state) for state in flow.by_state}
    moves[START] = flow.leaving(START)
    reached = Walk([START], lambda state: ((way.id, way.target) for way in moves.get(state, ())))
    return [state for state in reached if state in ends]


def _silent(case: Case, move: Transition, flow: Definition, state: str) -> Iterator[Problem]:
    """Every way into the state that the subject waits for must tell it."""
    for way in flow.transitions:
        if way.target == state and not _tells(case, way):
            key = f"transitions.{move.id}.on"
            yield case.problem(
                "event_not_told", key, event=move.on, transition=way.id, flow=flow.id
            )


def _tells(case: Case, move: Transition) -> bool:
    return any(case.binding.effects.get(name) in TELLING for name in move.effects)


def _unanswered(case: Case, entry: Transition, joint: Joint) -> Iterator[Problem]:
    """Each end that the paper may come to where the subject has no exit for it."""
    told: set[Pair] = set()
    walk = joint.walk((entry.target, event_of(entry)[1]))
    for pair in walk:
        for end in joint.ends(pair):
            # An end that no state has an answer to is mended once, wherever it is met.
            place = (pair[0] if joint.awaited(end) else UNTOLD, end)
            if place in told or joint.closed(pair[0]) or joint.answers(pair[0], end):
                continue
            told.add(place)
            story = tuple(name for name in walk.story(pair) if name != UNTOLD)
            yield case.problem(
                "paper_end_unanswered",
                f"transitions.{entry.id}.on",
                _onward(case, entry, story),
                event=f"{joint.kind}:{end}",
                state=pair[0],
            )


def _onward(case: Case, entry: Transition, story: Story) -> Story:
    ways = [case.story(state) for state in entry.sources if state in case.reached]
    return (*min(ways, key=len), entry.id, *story) if ways else ()


@dataclass(frozen=True)
class Joint:
    """A subject and one paper of a kind that lists it."""

    subject: Definition
    flow: Definition
    kind: str
    tells: Callable[[Transition], bool]

    def walk(self, start: Pair) -> Walk[Pair]:
        return Walk([start], lambda pair: (*self._people(pair), *self._paper(pair)))

    def ends(self, pair: Pair) -> Iterator[str]:
        """The final states that the paper's next move may lead to: where it stays, or where
        those it lists are told of it."""
        ways = (way for way in self._ways(pair) if self._final(way.target))
        told = (way for way in ways if self.tells(way) or not self.flow.leaving(way.target))
        return iter(dict.fromkeys(way.target for way in told))

    def answers(self, state: str, event: str) -> Sequence[Transition]:
        """The subject's exits for the paper's coming to that state."""
        named = f"{self.kind}:{event}"
        return [move for move in self.subject.leaving(state) if move.on == named]

    def closed(self, state: str) -> bool:
        """Whether the subject is where no paper reaches it any more."""
        found = self.subject.by_state.get(state)
        return found is not None and found.closed

    def awaited(self, event: str) -> bool:
        """Whether some state waits for it: in every other one the paper's move is refused."""
        named = f"{self.kind}:{event}"
        return any(move.on == named for move in self.subject.transitions)

    def _people(self, pair: Pair) -> Iterator[tuple[str, Pair]]:
        """The subject's moves that this paper does not make; none once nothing can become of
        the paper any more."""
        if self._ways(pair):
            for move in self.subject.leaving(pair[0]):
                if event_of(move)[0] != self.kind:
                    yield move.id, (move.target, pair[1])

    def _paper(self, pair: Pair) -> Iterator[tuple[str, Pair]]:
        for way in self._ways(pair):
            for move in self.answers(pair[0], way.target):
                yield move.id, (move.target, way.target)
            if not self.awaited(way.target):
                yield UNTOLD, (pair[0], way.target)

    def _ways(self, pair: Pair) -> Sequence[Transition]:
        return self.flow.leaving(pair[1])

    def _final(self, state: str) -> bool:
        found = self.flow.by_state.get(state)
        return found is None or found.final
