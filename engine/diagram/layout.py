"""Where everything goes: one column of boxes, with lanes beside it.

The moves of the main path run from box to box. Every other move is written inside the box
it leaves and runs along a lane: down at the right, up at the left. Moves of one tone to
one state share a lane, so that the picture stays as narrow as a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from engine.definition import Definition, Transition
from engine.diagram.lettering import wrap
from engine.diagram.order import order

Side = Literal["left", "right"]
Slot = tuple[int, int]
"""A height before heights are known: the place of a box, and of a row within it."""

WIDTH, ROOM = 360.0, 216.0
"""How wide the picture is, and the least width of a box; many lanes make it wider."""
EDGE, LANE, RAIL = 6.0, 12.0, 22.0
"""The outer margin, from lane to lane, and from a box's edge to the main path inside it."""
TITLE, SMALL = 14.0, 12.0
TITLE_LINE, SMALL_LINE = 18.0, 15.0


@dataclass(frozen=True, slots=True)
class Exit:
    """A move written in the box it leaves, on its way to a lane."""

    move: Transition
    source: str
    target: str
    side: Side
    slot: Slot


@dataclass(slots=True)
class Row:
    """An exit's words and their height in the picture."""

    exit: Exit
    lines: tuple[str, ...]
    y: float = 0.0


@dataclass(slots=True)
class Box:
    """One state, or the start. ``label`` are its lines, ``rows`` its exits."""

    state: str
    label: tuple[str, ...]
    rows: list[Row]
    top: float = 0.0
    height: float = 0.0


@dataclass(slots=True)
class Step:
    """Moves of the main path from one box to the next, their words beside the arrow."""

    moves: Sequence[Transition]
    lines: tuple[str, ...]
    top: float
    bottom: float


@dataclass(slots=True)
class Lane:
    """What several exits share: a vertical line, and an arrow into one state."""

    side: Side
    target: str
    tone: str
    automatic: bool
    exits: list[Exit]
    slots: tuple[Slot, Slot]
    number: int = 0
    y: float = 0.0


@dataclass(slots=True)
class Plan:
    """The whole picture: sizes, and everything in it."""

    width: float
    left: float
    right: float
    height: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)

    def lane_x(self, lane: Lane) -> float:
        away = LANE * (lane.number + 1)
        return self.left - away if lane.side == "left" else self.right + away


def plan(definition: Definition, language: str) -> Plan:
    """Places every state and every move between states that exist."""
    main, rest = order(definition)
    column = [*main, *rest]
    straight = {pair: _straight(definition, *pair) for pair in pairwise(column)}
    exits = _exits(definition, column, straight)
    lanes = _lanes(column, exits)
    left, right = (_gutter(lanes, side) for side in ("left", "right"))
    room = max(ROOM, WIDTH - left - right)
    made = Plan(width=left + room + right, left=left, right=left + room, lanes=lanes)
    _boxes(made, definition, language, column, exits)
    _heights(made, straight, language, len(main))
    _entries(made)
    return made


def _straight(definition: Definition, source: str, target: str) -> tuple[Transition, ...]:
    moves = definition.leaving(source)
    return tuple(move for move in moves if move.target == target and move.tone == "forward")


def _exits(
    definition: Definition,
    column: Sequence[str],
    straight: Mapping[tuple[str, str], Sequence[Transition]],
) -> list[Exit]:
    place = {state: number for number, state in enumerate(column)}
    exits: list[Exit] = []
    for state, number in place.items():
        aside = [
            move
            for move in dict.fromkeys(definition.leaving(state))
            if move.target in place and move not in straight.get((state, move.target), ())
        ]
        for row, move in enumerate(aside, start=1):
            side: Side = "left" if place[move.target] <= number else "right"
            exits.append(Exit(move, state, move.target, side, (number, row)))
    return exits


def _lanes(column: Sequence[str], exits: Iterable[Exit]) -> list[Lane]:
    """One lane for the exits of a kind; the shorter ones nearer to the boxes."""
    groups: dict[tuple[Side, str, str, bool], list[Exit]] = {}
    for out in exits:
        key = (out.side, out.target, out.move.tone, out.move.automatic)
        groups.setdefault(key, []).append(out)
    lanes = []
    for (side, target, tone, automatic), group in groups.items():
        slots = [(column.index(target), 0), *(out.slot for out in group)]
        lanes.append(Lane(side, target, tone, automatic, group, (min(slots), max(slots))))
    lanes.sort(key=lambda lane: (lane.slots[1][0] - lane.slots[0][0], lane.slots))
    for position, lane in enumerate(lanes):
        taken = {
            other.number
            for other in lanes[:position]
            if other.side == lane.side
            and other.slots[0] <= lane.slots[1]
            and lane.slots[0] <= other.slots[1]
        }
        lane.number = next(number for number in range(len(lanes)) if number not in taken)
    return lanes


def _gutter(lanes: Sequence[Lane], side: str) -> float:
    used = [lane.number + 1 for lane in lanes if lane.side == side]
    return EDGE + (LANE * max(used) + EDGE if used else 0)


def _boxes(
    made: Plan,
    definition: Definition,
    language: str,
    column: Sequence[str],
    exits: Sequence[Exit],
) -> None:
    room = made.right - made.left
    for state in column:
        label = definition.by_state[state].label[language] if state else ""
        rows = [
            Row(out, wrap(out.move.label[language], room - 2 * EDGE - LANE, SMALL))
            for out in exits
            if out.source == state
        ]
        lines = wrap(label, room - 2 * RAIL - EDGE, TITLE, bold=True)
        made.boxes.append(Box(state, lines if state else (), rows))


def _heights(
    made: Plan,
    straight: Mapping[tuple[str, str], Sequence[Transition]],
    language: str,
    main: int,
) -> None:
    y = EDGE
    for number, box in enumerate(made.boxes):
        if number:
            above = made.boxes[number - 1]
            moves = straight.get((above.state, box.state), ())
            room = made.right - made.left - RAIL - 2 * LANE
            lines = tuple(
                line for move in moves for line in wrap(move.label[language], room, SMALL)
            )
            gap = max(30.0, SMALL_LINE * len(lines) + 16) if moves else 1.5 * LANE
            gap += LANE if number == main else 0
            if moves:
                made.steps.append(Step(moves, lines, y, y + gap))
            y += gap
        y = _place(box, y)
    made.height = y + EDGE


def _place(box: Box, top: float) -> float:
    """Gives a box and its rows their heights; where the box ends."""
    box.top = top
    y = top + (TITLE_LINE * len(box.label) + (14 if box.rows else 20) if box.label else LANE)
    for row in box.rows:
        row.y = y + SMALL_LINE / 2
        y += SMALL_LINE * len(row.lines) + 4
    y += 5 if box.rows else 0
    box.height = y - top
    return y


def _entries(made: Plan) -> None:
    """Arrows into one side of a box stand apart, in the order that crosses least."""
    for box in made.boxes:
        for side, outward in (("left", -1), ("right", 1)):
            entering = [x for x in made.lanes if x.target == box.state and x.side == side]
            entering.sort(key=lambda lane: outward * lane.number)
            for position, lane in enumerate(entering):
                lane.y = box.top + 13 + 8 * position
