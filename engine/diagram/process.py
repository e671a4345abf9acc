"""A definition as a BPMN process: nodes and flows, before they have places or are written.

A state where somebody has something to do is a task in the lane of the office it waits on; a
final one is an end event. Where several moves leave, a gateway splits; where several come in,
one joins. A deadline is a timer on the task: one that ends the wait leads where the system
moves, another to an end of its own that only reminds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from engine.definition import START, SYSTEM, Definition, Due, State, Transition

Tag = Literal[
    "startEvent", "endEvent", "userTask", "task", "exclusiveGateway", "boundaryEvent"
]  # fmt: skip
Lines = Sequence[str]


@dataclass(frozen=True)
class Wording:
    """What the picture says beside the labels of the definition, in one language.

    ``state`` and ``move`` give the lines to be kept with a state and with a move out of one.
    """

    office: Callable[[str], str]
    deadline: Callable[[Due], str]
    state: Callable[[str], Lines]
    move: Callable[[str, Transition], Lines]
    start: str
    question: str
    overdue: str
    stands: str


@dataclass(slots=True)
class Node:
    """One shape. ``host`` is the task a timer sits on, ``due`` its term, and ``stops`` whether
    it ends the task; ``state`` is the state whose place it shares."""

    id: str
    tag: Tag
    state: str
    lane: str
    name: str = ""
    lines: Lines = ()
    host: str = ""
    due: Due | None = None
    stops: bool = True


@dataclass(slots=True)
class Flow:
    """One arrow."""

    id: str
    source: str
    target: str
    name: str = ""
    lines: Lines = ()


@dataclass(slots=True)
class Process:
    """The whole, with the lanes (``role@scope``) in the order in which they are first met."""

    lanes: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)

    def add(self, node: Node) -> str:
        self.nodes.append(node)
        return node.id

    def flow(self, source: str, target: str, name: str = "", lines: Lines = ()) -> None:
        self.flows.append(Flow(f"flow_{len(self.flows) + 1}", source, target, name, lines))


def process(definition: Definition, language: str, words: Wording) -> Process:
    """The nodes and flows of a definition whose states all exist."""
    made = Process()
    build = _Builder(definition, language, words, made)
    build.lanes()
    build.start()
    for state in definition.states:
        build.state(state)
    for act in build.later:
        act()
    _unlabel(made)
    return made


def office_of(definition: Definition, state: State | None) -> str:
    """The lane of a state: whom it waits on first, else who opens, else the system."""
    if state and state.waiting_on:
        return state.waiting_on[0]
    opening = definition.leaving(START) if state is None else ()
    return next((rule for move in opening for rule in move.by), SYSTEM)


@dataclass
class _Builder:
    definition: Definition
    language: str
    words: Wording
    made: Process
    later: list[Callable[[], None]] = field(default_factory=list)

    def lanes(self) -> None:
        states = (None, *self.definition.states)
        found = dict.fromkeys(office_of(self.definition, state) for state in states)
        found.pop(SYSTEM, None)
        self.made.lanes = [*found, SYSTEM]

    def start(self) -> None:
        lane = office_of(self.definition, None)
        begin = self.made.add(Node("start", "startEvent", START, lane, self.words.start))
        self.leave(begin, START, lane, list(self.definition.leaving(START)))

    def state(self, state: State) -> None:
        lane = office_of(self.definition, state)
        label, lines = state.label[self.language], self.words.state(state.id)
        moves, then = self.moves(state)
        into = self.coming(state.id) > 1
        name = f"state_{state.id}"
        if into:
            join = self.made.add(Node(f"join_{state.id}", "exclusiveGateway", state.id, lane))
            self.later.append(partial(self.made.flow, join, name))
        if state.final and not moves:
            self.made.add(Node(name, "endEvent", state.id, lane, label, lines))
            return
        tag: Tag = "task" if state.final else "userTask"
        self.made.add(Node(name, tag, state.id, lane, label, lines))
        self.leave(name, state.id, lane, moves, ends=state.final)
        if state.due:
            self.timer(state, state.due, lane, then)

    def moves(self, state: State) -> tuple[list[Transition], Transition | None]:
        """The moves that leave by the gateway, and the one that the deadline makes."""
        leaving = list(self.definition.leaving(state.id))
        name = state.due.then if state.due else None
        then = next((move for move in leaving if move.id == name), None)
        if then is not None and then.automatic:
            leaving.remove(then)
        return leaving, then

    def coming(self, state: str) -> int:
        """How many flows lead into a state."""
        count = 0
        for source in (None, *self.definition.states):
            if source is None:
                moves, then = list(self.definition.leaving(START)), None
            else:
                moves, then = self.moves(source)
            count += any(move.target == state for move in moves)
            count += then is not None and then.automatic and then.target == state
        return count

    def leave(
        self, node: str, state: str, lane: str, moves: list[Transition], *, ends: bool = False
    ) -> None:
        """The flows out of a node, through a gateway where there are several. Moves from here
        to one state share a flow: two arrows between the same shapes say nothing more."""
        ways: dict[str, list[Transition]] = {}
        for move in moves:
            ways.setdefault(move.target, []).append(move)
        out = node
        if len(ways) + ends > 1:
            fork = f"fork_{state or 'start'}"
            out = self.made.add(Node(fork, "exclusiveGateway", state, lane, self.words.question))
            self.made.flow(node, out)
        for target, shared in ways.items():
            label = " / ".join(move.label[self.language] for move in shared)
            lines = [line for move in shared for line in self.words.move(state, move)]
            self.later.append(partial(self.made.flow, out, self.entry(target), label, lines))
        if ends:
            end = Node(f"end_{state}", "endEvent", state, lane, self.words.stands)
            self.made.add(end)
            self.made.flow(out, end.id)

    def entry(self, state: str) -> str:
        return f"join_{state}" if self.coming(state) > 1 else f"state_{state}"

    def timer(self, state: State, due: Due, lane: str, then: Transition | None) -> None:
        name = self.words.deadline(due)
        stops = then is not None and then.automatic
        node = Node(f"timer_{state.id}", "boundaryEvent", state.id, lane, name)
        node.host, node.due, node.stops = f"state_{state.id}", due, stops
        self.made.add(node)
        if then is not None and stops:
            lines = self.words.move(state.id, then)
            self.later.append(partial(self.made.flow, node.id, self.entry(then.target), "", lines))
            return
        reminder = Node(f"late_{state.id}", "endEvent", state.id, lane, self.words.overdue)
        self.made.add(reminder)
        self.made.flow(node.id, reminder.id)


def _unlabel(made: Process) -> None:
    """A move that is the only way out has no gateway: its label goes to the task it leaves."""
    nodes = {node.id: node for node in made.nodes}
    for flow in made.flows:
        source = nodes[flow.source]
        if not flow.name or source.tag == "exclusiveGateway":
            continue
        if source.tag in ("userTask", "task"):
            source.name = f"{source.name} – {flow.name}"
        flow.name = ""


def flows_into(made: Process, node: str) -> Iterator[Flow]:
    return (flow for flow in made.flows if flow.target == node)


def flows_out_of(made: Process, node: str) -> Iterator[Flow]:
    return (flow for flow in made.flows if flow.source == node)
