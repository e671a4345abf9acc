"""Where the shapes of a BPMN process lie: lanes by office, columns by how far a state is.

Each state has a cell: joining gateway, task with its timer below, splitting gateway. States of
one office and one column lie under each other. Flows run to the right inside a row, and else
through the gutter above the row they lead to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.definition import START, Definition
from engine.diagram.order import order
from engine.diagram.process import Flow, Node, Process

Point = tuple[int, int]

COLUMN, ROW, GUTTER = 420, 230, 70
"""From cell to cell, and how much of a row's height is left above the shapes."""
HEAD, MARGIN = 30, 40
TASK = (140, 80)
GATEWAY, EVENT = 50, 36
STEP, TRACKS = 6, 9
"""Flows that turn in one place lie so far apart, in so many tracks."""


@dataclass(frozen=True, slots=True)
class Box:
    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> Point:
        return self.x + self.width, self.y + self.height // 2

    @property
    def left(self) -> Point:
        return self.x, self.y + self.height // 2

    @property
    def bottom(self) -> Point:
        return self.x + self.width // 2, self.y + self.height


@dataclass
class Places:
    """The boxes of pool, lanes and nodes, and the way of each flow."""

    pool: Box = Box(0, 0, 0, 0)
    lanes: dict[str, Box] = field(default_factory=dict)
    nodes: dict[str, Box] = field(default_factory=dict)
    flows: dict[str, Sequence[Point]] = field(default_factory=dict)


def places(definition: Definition, made: Process) -> Places:
    """A place for everything in a process."""
    cells = _cells(definition, made)
    found = Places()
    tops = _lanes(made, cells, found)
    for node in made.nodes:
        column, row = cells[node.state]
        x = MARGIN + HEAD + COLUMN * column + MARGIN
        found.nodes[node.id] = _box(node, x, tops[node.lane] + ROW * row + GUTTER)
    for number, flow in enumerate(made.flows):
        found.flows[flow.id] = _way(flow, found.nodes, number)
    return found


def _cells(definition: Definition, made: Process) -> dict[str, tuple[int, int]]:
    """The column of each state, and its row within its lane."""
    main, rest = order(definition)
    columns = _columns(definition, [*main, *rest])
    lanes = {node.state: node.lane for node in made.nodes}
    taken: defaultdict[tuple[str, int], int] = defaultdict(int)
    cells = {}
    for state in dict.fromkeys((START, *main, *rest)):
        place = (lanes[state], columns[state])
        cells[state] = (columns[state], taken[place])
        taken[place] += 1
    return cells


def _columns(definition: Definition, states: Sequence[str]) -> dict[str, int]:
    """One after the furthest state that forward moves come from, in the order of the picture;
    what no forward move leads to, after the furthest that any other comes from."""
    place = {state: number for number, state in enumerate((START, *states))}
    forward = {move.target for move in definition.transitions if move.tone == "forward"}
    columns = dict.fromkeys(place, 0)
    for _ in range(2):  # a branch may be drawn above the state it leaves
        for state in place:
            for move in definition.leaving(state):
                ahead = move.tone == "forward" and place[move.target] > place[state]
                if ahead or move.target not in forward:
                    columns[move.target] = max(columns[move.target], columns[state] + 1)
    return columns


def _lanes(made: Process, cells: Mapping[str, tuple[int, int]], found: Places) -> dict[str, int]:
    """Gives pool and lanes their boxes; where each lane begins."""
    rows: defaultdict[str, int] = defaultdict(lambda: 1)
    for node in made.nodes:
        rows[node.lane] = max(rows[node.lane], cells[node.state][1] + 1)
    width = COLUMN * (1 + max(column for column, _ in cells.values())) + 2 * MARGIN
    tops, y = {}, MARGIN
    for lane in made.lanes:
        height = ROW * rows[lane]
        found.lanes[lane] = Box(MARGIN + HEAD, y, width, height)
        tops[lane] = y
        y += height
    found.pool = Box(MARGIN, MARGIN, width + HEAD, y - MARGIN)
    return tops


def _box(node: Node, x: int, y: int) -> Box:
    """The place of a node inside its cell."""
    middle = y + TASK[1] // 2
    task = x + GATEWAY + 30
    if node.id.startswith("join_"):
        return Box(x, middle - GATEWAY // 2, GATEWAY, GATEWAY)
    if node.id.startswith("fork_"):
        return Box(task + TASK[0] + 30, middle - GATEWAY // 2, GATEWAY, GATEWAY)
    if node.tag == "boundaryEvent":
        return Box(task + 20, y + TASK[1] - EVENT // 2, EVENT, EVENT)
    if node.id.startswith("late_"):
        return Box(task + 90, y + TASK[1] + 24, EVENT, EVENT)
    if node.id.startswith("end_"):
        return Box(task + TASK[0] + 37, y + TASK[1] + 10, EVENT, EVENT)
    if node.tag in ("startEvent", "endEvent"):
        return Box(task + (TASK[0] - EVENT) // 2, middle - EVENT // 2, EVENT, EVENT)
    return Box(task, y, *TASK)


def _way(flow: Flow, boxes: Mapping[str, Box], number: int) -> Sequence[Point]:
    source, target = boxes[flow.source], boxes[flow.target]
    if flow.source.startswith("timer_"):
        begin = source.bottom
        if flow.target.startswith("late_"):
            return [begin, (begin[0], target.left[1]), target.left]
        down = begin[1] + 12
        turn = (begin[0], down)
        return [begin, turn, *_around((begin[0], down), target, number)[1:]]
    if flow.target.startswith("end_"):
        begin = source.bottom
        return [begin, (begin[0], target.y)]
    begin, end = source.right, target.left
    if begin[1] == end[1] and 0 < end[0] - begin[0] < COLUMN:
        return [begin, end]
    return _around(begin, target, number)


def _around(begin: Point, target: Box, number: int) -> list[Point]:
    """To the right, through the gutter above the target's row, and down to it."""
    away = STEP * (number % TRACKS)
    out, back = begin[0] + 10 + away, target.left[0] - 10 - away % 30
    gutter = target.y + target.height // 2 - TASK[1] // 2 - GUTTER + 10 + away
    end = target.left
    return [begin, (out, begin[1]), (out, gutter), (back, gutter), (back, end[1]), end]
