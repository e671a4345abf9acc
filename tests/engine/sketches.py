"""Small definitions in a line each, random ones, and slow but obvious answers about them.

The answers are worked out in another way than ``engine.check`` does it: whole sets of steps
along whole paths, and a closure of the graph by Warshall's triple loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from hypothesis import strategies as st

from engine.binding import Binding
from engine.check import Problem, check
from engine.definition import START, SYSTEM, Definition, Transition
from engine.papers import acts
from engine.papers.kinds import PaperKind

ROLES = {
    "maker": frozenset({"area"}),
    "checker": frozenset({"commune"}),
    "chair": frozenset({"commune"}),
}
META = {
    "effective": {"from": "2026-01-01"},
    "basis": ["test"],
    "confidence": "assumed",
}
REASON = {"id": "reason", "type": "text", "label": {"vi": "Lý do", "en": "Reason"}}
WRITER = "maker@area"
"""On whom a sketch waits for a paper, whose moves are the maker's where no line says more."""

LISTS = ("by", "steps", "voids", "fields", "guards", "effects")


def words(text: str) -> dict[str, str]:
    return {"vi": f"{text} (vi)", "en": text}


def build(
    states: Sequence[Mapping[str, Any]],
    moves: Sequence[Mapping[str, Any]],
    *,
    name: str = "sketch",
    subject: str = "nomination",
) -> Definition:
    """A definition of plain mappings: everything that may be left out is filled in.

    Each move of a paper tells those it lists, unless it says what else it does.
    """
    usual = {"effects": ["tell_listed"]} if subject == "paper" else {}
    return Definition.model_validate(
        {
            "meta": {"id": name, "subject": subject, "title": words(name), **META},
            "states": [{"label": words(str(state["id"])), **state} for state in states],
            "transitions": [{"label": words(str(move["id"])), **usual, **move} for move in moves],
            "fields": [REASON],
        }
    )


def sketch(
    *lines: str,
    finals: str = "end",
    recognised: str = "",
    name: str = "sketch",
    subject: str = "nomination",
) -> Definition:
    """A definition of lines like ``vote: draft,again > voted steps=vote by=maker@area``.

    States come from the lines. Each that is not final waits on whoever may leave it, or on
    the writer of the paper that does, so that a sketch shows only what its lines say.
    """
    office = "maker@authority" if subject == "paper" else "maker@area"
    moves = [_move(line, office) for line in lines]
    ends = [*finals.split(), *recognised.split()]
    named = [state for move in moves for state in (*move["from"], move["to"])]
    states = [
        {
            "id": state,
            "final": state in ends,
            "outcome": "recognised" if state in recognised.split() else None,
            "waiting_on": _people(moves, state),
        }
        for state in dict.fromkeys(named)
    ]
    return build(states, moves, name=name, subject=subject)


def _move(line: str, office: str) -> dict[str, Any]:
    name, _, rest = line.partition(":")
    ends, *options = rest.strip().replace(" > ", ">").replace("> ", ">").split()
    sources, _, target = ends.partition(">")
    move: dict[str, Any] = {
        "id": name.strip(),
        "from": [state for state in sources.split(",") if state],
        "to": target,
        "by": office,
    } | dict(option.split("=", 1) for option in options)
    return move | {key: move[key].split(",") for key in LISTS if key in move}


def _people(moves: Sequence[Mapping[str, Any]], state: str) -> list[str]:
    exits = [move for move in moves if state in move["from"]]
    rules = [rule for move in exits for rule in move["by"] if rule != SYSTEM]
    papers = [WRITER for move in exits if "on" in move]
    return list(dict.fromkeys(rules or papers))


@dataclass
class World:
    """What a sketch is checked against: every paper flow is a kind of its own."""

    flows: Sequence[Definition] = ()
    required: frozenset[str] = frozenset()
    binding: Binding = field(init=False)
    kinds: Mapping[str, PaperKind] = field(init=False)

    def __post_init__(self) -> None:
        roles = {role: scopes | {"authority"} for role, scopes in ROLES.items()}
        self.binding = Binding(roles, {"recognised": self.required})
        acts.bind(self.binding)
        self.kinds = {
            flow.id: PaperKind(id=flow.id, label=words("x"), template="x", definition=flow.id)
            for flow in self.flows
        }
        for kind in self.kinds:
            self.binding.context(kind)(lambda _move: {})

    def check(self, definition: Definition) -> tuple[Problem, ...]:
        return check(
            definition,
            binding=self.binding,
            kinds=self.kinds,
            definitions={flow.id: flow for flow in self.flows},
            templates={"x"},
        )

    # -- slow but obvious answers ------------------------------------------------------

    def gains(self, move: Transition) -> frozenset[str]:
        """The steps a move does: its own, and those its event cannot happen without."""
        kind, _, state = (move.on or "").partition(":")
        flows = [flow for flow in self.flows if flow.id == kind]
        done = [steps for flow in flows for at, steps, _ in self.paths(flow) if at == state]
        return frozenset(move.steps).union(frozenset.intersection(*done) if done else ())

    def owes(self, move: Transition) -> frozenset[str]:
        """What a move on a paper's event leaves undone of all that the paper's flow knows."""
        kind = (move.on or "").partition(":")[0]
        known = [one.steps for flow in self.flows if flow.id == kind for one in flow.transitions]
        owed = frozenset(step for steps in known for step in steps) - self.gains(move)
        return owed if move.tone == "forward" else frozenset()

    def follow(self, definition: Definition, at: Situation, move: Transition) -> Situation:
        """Where a move leads, with every step and debt written out."""
        _, steps, debts = at
        undone = [definition.by_transition[name] for name in move.voids]
        for other in undone:
            steps -= self.gains(other)
        settled = {(one.on or "").partition(":")[0] for one in (*undone, move) if one.on}
        debts = frozenset((kind, step) for kind, step in debts if kind not in settled)
        kind = (move.on or "").partition(":")[0]
        debts |= {(kind, step) for step in self.owes(move)} if move.on else set()
        return move.target, steps | self.gains(move), debts

    def paths(self, definition: Definition) -> Mapping[Situation, int]:
        """Every situation any path leads to, with the length of a shortest one."""
        found: dict[Situation, int] = {}
        edge: set[Situation] = {(START, frozenset(), frozenset())}
        length = 0
        while edge:
            found |= dict.fromkeys(edge, length)
            edge = {
                self.follow(definition, at, move)
                for at in edge
                for move in definition.leaving(at[0])
            } - found.keys()
            length += 1
        return found

    def replay(self, definition: Definition, story: Sequence[str]) -> Situation:
        """Makes the moves of a story one by one, each from where the one before ended."""
        at: Situation = (START, frozenset(), frozenset())
        for name in story:
            move = definition.by_transition[name]
            assert move in definition.leaving(at[0]), f"{name} does not leave {at[0]!r}"
            at = self.follow(definition, at, move)
        return at


Situation = tuple[str, frozenset[str], frozenset[tuple[str, str]]]
"""A state, the steps done, and the steps that papers relied on still owe."""


def closure(definition: Definition) -> set[tuple[str, str]]:
    """Every pair of states of which the second can be reached from the first."""
    states = [START, *definition.by_state]
    pairs = {(state, state) for state in states}
    for move in definition.transitions:
        pairs |= {(source, move.target) for source in move.sources or (START,)}
    for middle, first, last in product(states, repeat=3):
        if (first, middle) in pairs and (middle, last) in pairs:
            pairs.add((first, last))
    return pairs


# -- random definitions -----------------------------------------------------------------

STEPS = ("counsel", "sign", "seal")
TONES = ("forward", "forward", "forward", "back", "stop")


@st.composite
def definitions(
    draw: st.DrawFn, *, flows: Sequence[Definition] = (), name: str = "random"
) -> Definition:
    """Any small graph: loops, dead ends and forgotten states included, names all known."""
    subject = "nomination" if flows else "paper"
    states = list("abcde"[: draw(st.integers(1, 5))])
    names = [f"to_{letter}" for letter in "abcdefgh"[: draw(st.integers(1, 8))]]
    events = [f"{flow.id}:{state}" for flow in flows for state in flow.by_state]

    def some(values: Sequence[str], most: int) -> list[str]:
        return draw(st.lists(st.sampled_from(values), max_size=most, unique=True))

    moves = [
        {
            "id": name,
            "from": [] if number == 0 else some(states, 3),
            "to": draw(st.sampled_from(states)),
            "by": some(["maker@area", "checker@commune", "chair@commune"], 2) or [SYSTEM],
            "duty": draw(st.sampled_from([None, "make", "check"])),
            "steps": some(STEPS, 1),
            "voids": some(names, 2),
            "tone": draw(st.sampled_from(TONES)),
            "on": draw(st.sampled_from([None, *events])),
        }
        for number, name in enumerate(names)
    ]
    ends = some(states, 2)
    return build(
        [
            {
                "id": state,
                "final": state in ends,
                "outcome": "recognised" if state in ends else None,
            }
            for state in states
        ],
        moves,
        name=name,
        subject=subject,
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, Definition]:
    """A random definition, with two random paper flows for it to answer."""
    flows = (draw(definitions(name="letter")), draw(definitions(name="deed")))
    return World(flows, frozenset(STEPS)), draw(definitions(flows=flows))


def of(problems: Sequence[Problem], *codes: str) -> Iterator[Problem]:
    return (problem for problem in problems if problem.code in codes)
