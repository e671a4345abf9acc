"""A definition in plain sentences, for people who read no TOML and no diagram.

Every name that the file uses has words in ``workflows/law/words``: a test holds that no guard
and no effect is without. Pure: nothing is read but the definition and the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from engine import diagram
from engine.definition import START, SYSTEM, Definition, Due, State, Transition, role_of, scope_of
from engine.diagram.process import Wording
from engine.papers.kinds import PaperKind
from workflows.lawfiles import LAW, table
from workflows.wording import duty_name, outcome_name, role_name


@dataclass(frozen=True, slots=True)
class ToldMove:
    """One move out of a state: its label, and what is to be known of it, line by line."""

    id: str
    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldState:
    """One state (or the beginning), what is to be known of it, and the moves out of it."""

    id: str
    label: str
    lines: tuple[str, ...]
    moves: tuple[ToldMove, ...]


@cache
def conditions() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The words of guards, effects, days and scopes, and the frames of the sentences."""
    return table(LAW / "words" / "conditions.toml")


def condition(group: str, name: str, language: str) -> str:
    """What a guard, an effect, a day or a scope means; its id where it has no words (a name
    that resolves to nothing, which ``check`` refuses)."""
    return conditions()[group].get(name, {}).get(language, name)


def office(rule: str, language: str) -> str:
    """``clerk@commune`` in words."""
    role = role_name(rule, language)
    if role_of(rule) == SYSTEM:
        return role
    return _say("office", language, role=role, scope=condition("scopes", scope_of(rule), language))


def tell(
    definition: Definition,
    language: str,
    *,
    kinds: Mapping[str, PaperKind],
    flows: Mapping[str, Definition],
) -> tuple[ToldState, ...]:
    """The whole definition, the beginning first, then the states in the order of the file.
    ``flows`` are the workflows that the kinds of paper name."""
    teller = _Teller(definition, language, kinds, flows)
    return tuple(teller.state(one) for one in (START, *definition.by_state))


@dataclass(frozen=True, slots=True)
class Difference:
    """What two definitions tell differently of one state or move: its label, and the lines
    that only the one or only the other has."""

    label: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def differences(old: Sequence[ToldState], new: Sequence[ToldState]) -> Sequence[Difference]:
    """All that two definitions tell differently, in the order of the newer one."""
    before, after = _parts(old), _parts(new)
    found = []
    for key in dict.fromkeys((*after, *before)):
        was, now = before.get(key, ()), after.get(key, ())
        gone = tuple(line for line in was if line not in now)
        come = tuple(line for line in now if line not in was)
        if gone or come:
            found.append(Difference((now or was)[0], gone, come))
    return found


def _parts(told: Sequence[ToldState]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Every state, and every move out of it, with its label and lines."""
    found = {}
    for state in told:
        found[state.id, ""] = (state.label, *state.lines)
        for move in state.moves:
            label = f"{state.label} – {move.label}"
            found[state.id, move.id] = (label, *move.lines)
    return found


def deadline(definition: Definition, due: Due, language: str) -> str:
    """The deadline of a state as a sentence."""
    term = _term(due, language)
    if due.by:
        term = _say("not_before", language, day=condition("days", due.by, language), term=term)
    if due.then is None:
        return _say("deadline", language, term=term)
    move = definition.by_transition.get(due.then)
    label = move.label[language] if move else due.then
    return _say("deadline_then", language, term=term, move=label)


def _term(due: Due, language: str) -> str:
    if due.days is not None:
        return _say("days", language, days=due.days)
    return _say("working_days", language, days=due.working_days)


def _short(due: Due, language: str) -> str:
    """A term for a small place in a picture."""
    frame, days = ("day", due.days) if due.days is not None else ("working_day", due.working_days)
    return _say(frame, language, days=days)


def _say(frame: str, language: str, **places: Any) -> str:
    return conditions()["say"][frame][language].format(**places)


def _offices(rules: Sequence[str], language: str) -> str:
    names = [office(rule, language) for rule in rules]
    return f" {_say('or', language)} ".join(dict.fromkeys(names))


@dataclass(frozen=True)
class _Teller:
    definition: Definition
    language: str
    kinds: Mapping[str, PaperKind]
    flows: Mapping[str, Definition]

    def say(self, frame: str, **places: Any) -> str:
        return _say(frame, self.language, **places)

    def listed(self, frame: str, parts: Sequence[str]) -> Iterator[str]:
        if parts:
            yield self.say(frame, list="; ".join(parts))

    def label(self, state: str) -> str:
        if not state:
            return self.say("start")
        known = self.definition.by_state.get(state)
        return known.label[self.language] if known else state

    def state(self, state: str) -> ToldState:
        known = self.definition.by_state.get(state)
        moves = tuple(
            ToldMove(move.id, move.label[self.language], tuple(self.move(state, move)))
            for move in self.definition.leaving(state)
        )
        lines = tuple(self.waiting(known)) if known else ()
        return ToldState(state, self.label(state), lines, moves)

    def waiting(self, state: State) -> Iterator[str]:
        if state.waiting_on:
            yield self.say("waits_on", who=_offices(state.waiting_on, self.language))
        if state.due:
            yield deadline(self.definition, state.due, self.language)
        if state.final:
            yield self.say("final")
        if state.outcome:
            yield self.say("outcome", outcome=outcome_name(state.outcome, self.language))

    def move(self, source: str, move: Transition) -> Iterator[str]:
        yield self.course(source, move)
        yield from self.listed("guards", self.named("guards", move.guards))
        yield from self.listed("fields", [self.asked(name) for name in move.fields])
        yield from self.listed("effects", self.named("effects", move.effects))
        if move.paper:
            yield self.say("paper", paper=self.paper(move.paper))
        yield from self.listed("voids", [self.moved(name) for name in move.voids])
        if move.duty:
            yield self.say("duty", duty=duty_name(move.duty, self.language))
        if move.clause:
            yield self.say("clause", clause=move.clause)

    def course(self, source: str, move: Transition) -> str:
        places = {"source": self.label(source), "target": self.label(move.target)}
        if move.on:
            kind, _, state = move.on.partition(":")
            reached = self.paper_state(kind, state)
            return self.say("on_paper", paper=self.paper(kind), state=reached, **places)
        frame = "opens" if not source else "stays" if source == move.target else "moves"
        return self.say(frame, who=_offices(move.by, self.language), **places)

    def named(self, group: str, names: Sequence[str]) -> list[str]:
        return [condition(group, name, self.language) for name in names]

    def asked(self, name: str) -> str:
        known = self.definition.by_field.get(name)
        if known is None:
            return name
        label = known.label[self.language]
        return label if known.required else self.say("optional", name=label)

    def moved(self, name: str) -> str:
        known = self.definition.by_transition.get(name)
        return known.label[self.language] if known else name

    def paper(self, kind: str) -> str:
        known = self.kinds.get(kind)
        return known.label[self.language] if known else kind

    def paper_state(self, kind: str, state: str) -> str:
        known = self.kinds.get(kind)
        flow = self.flows.get(known.definition) if known else None
        found = flow.by_state.get(state) if flow else None
        return found.label[self.language] if found else state


def bpmn(
    definition: Definition,
    language: str,
    *,
    kinds: Mapping[str, PaperKind],
    flows: Mapping[str, Definition],
) -> bytes:
    """The definition as a BPMN 2.0 file in one language."""
    teller = _Teller(definition, language, kinds, flows)
    states = definition.by_state
    wording = Wording(
        office=partial(office, language=language),
        deadline=partial(_short, language=language),
        state=lambda state: tuple(teller.waiting(states[state])),
        move=lambda state, move: tuple(teller.move(state, move)),
        start=teller.say("start"),
        question=teller.say("question"),
        overdue=teller.say("overdue"),
        stands=teller.say("stands"),
    )
    return diagram.bpmn_file(definition, language, wording)
