"""A definition as an accessible SVG: no script, no foreign font, readable on a phone.

Colours are attributes, so a page under a strict content policy shows them, and its style
sheet may still override them by class.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from engine.definition import Definition, Transition
from engine.diagram.layout import (
    LANE,
    RAIL,
    SMALL,
    SMALL_LINE,
    TITLE,
    TITLE_LINE,
    Box,
    Lane,
    Plan,
    Row,
    Step,
    plan,
)
from engine.diagram.lettering import plain, width

INK, LINE, PAPER = "#1f2933", "#66727f", "#ffffff"
NOW, NOW_PAPER, DONE, DONE_PAPER = "#0b5cad", "#e6f0fb", "#2b7a4b", "#f0f7f2"
# Words stand on the boxes' paper; lanes run over the page, which may be light or dark.
WORDS: Mapping[str, str] = {"forward": "#2f5d8a", "back": "#8f5600", "stop": "#a4262c"}
LANES: Mapping[str, str] = {"forward": "#4a7eb5", "back": "#b06f0c", "stop": "#cf4750"}
FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
DASHES = "4 3"


def svg(
    definition: Definition,
    language: str,
    current: str | None = None,
    visited: Collection[str] = (),
    scale: float = 1,
) -> str:
    """The picture as an ``<svg>`` element. ``current`` is the state a subject is in,
    ``visited`` those it has been in; states that do not exist are passed over. ``scale`` says
    how large it is to be shown."""
    made = plan(definition, language)
    size = {"width": _n(made.width * scale), "height": _n(made.height * scale)}
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "workflow",
            "viewBox": f"0 0 {_n(made.width)} {_n(made.height)}",
            **size,
            "font-family": FONT,
            "role": "img",
            "lang": language,
        },
    )
    _describe(root, definition, language, made, current, visited)
    for lane in made.lanes:
        _lane(root, made, lane, language)
    for step in made.steps:
        _step(root, made, step)
    for box in made.boxes:
        _box(root, definition, made, box, current, visited)
    return tostring(root, encoding="unicode")


def _describe(
    root: Element,
    definition: Definition,
    language: str,
    made: Plan,
    current: str | None,
    visited: Collection[str],
) -> None:
    """Name and description for those who do not see the picture: the states in order."""
    marks = dict.fromkeys(visited, "✓") | ({current: "●"} if current else {})
    labels = [
        f"{marks.get(box.state, '')} {plain(definition.by_state[box.state].label[language])}"
        for box in made.boxes
        if box.state
    ]
    texts = {
        "title": plain(definition.meta.title[language]),
        "desc": "; ".join(label.strip() for label in labels),
    }
    # Two pictures on one page must not share ids.
    seed = "\n".join((definition.id, definition.digest, *texts.values()))
    name = f"workflow-{hashlib.sha256(seed.encode()).hexdigest()[:8]}"
    for tag, text in texts.items():
        SubElement(root, tag, {"id": f"{name}-{tag}"}).text = text
    root.set("aria-labelledby", f"{name}-title")
    root.set("aria-describedby", f"{name}-desc")


def _step(root: Element, made: Plan, step: Step) -> None:
    x = made.left + RAIL
    dashed = all(move.automatic for move in step.moves)
    group = SubElement(root, "g", {"class": "moves", "data-moves": _ids(step.moves)})
    _path(group, f"M{_n(x)} {_n(step.top)}V{_n(step.bottom - 6)}", LINE, dashed=dashed)
    _head(group, x, step.bottom, "down", LINE)
    middle = (step.top + step.bottom) / 2 - SMALL_LINE * (len(step.lines) - 1) / 2
    for number, line in enumerate(step.lines):
        # On the page itself, light or dark: the page's own ink.
        _text(group, x + LANE, middle + SMALL_LINE * number - 1, line, "currentColor")


def _lane(root: Element, made: Plan, lane: Lane, language: str) -> None:
    """The whole way of the farthest exit, and how each of the others joins it."""
    colour, x = LANES[lane.tone], made.lane_x(lane)
    edge = made.left if lane.side == "left" else made.right
    inward = 1 if lane.side == "left" else -1
    rows = {id(row.exit): row for box in made.boxes for row in box.rows}
    ways = sorted(lane.exits, key=lambda out: -abs(rows[id(out)].y - lane.y))
    for number, out in enumerate(ways):
        group = SubElement(root, "g", {"class": f"move {lane.tone}", "data-moves": out.move.id})
        SubElement(group, "title").text = plain(out.move.label[language])
        y = rows[id(out)].y
        turn = 5 if lane.y > y else -5
        way = f"M{_n(edge)} {_n(y)}H{_n(x + 5 * inward)}Q{_n(x)} {_n(y)} {_n(x)} {_n(y + turn)}"
        if number == 0:
            way += (
                f"V{_n(lane.y - turn)}Q{_n(x)} {_n(lane.y)} {_n(x + 5 * inward)} {_n(lane.y)}"
                f"H{_n(edge - 6 * inward)}"
            )
            _head(group, edge, lane.y, "right" if inward > 0 else "left", colour)
        _path(group, way, colour, dashed=lane.automatic)


def _box(
    root: Element,
    definition: Definition,
    made: Plan,
    box: Box,
    current: str | None,
    visited: Collection[str],
) -> None:
    is_now, is_done = bool(box.state) and box.state == current, box.state in visited
    classes = ["state", *(["current"] if is_now else []), *(["visited"] if is_done else [])]
    group = SubElement(root, "g", {"class": " ".join(classes), "data-state": box.state})
    if box.state:
        ink, paper = (
            (NOW, NOW_PAPER) if is_now else (DONE, DONE_PAPER) if is_done else (LINE, PAPER)
        )
        _frame(group, made, box, 0, stroke=ink, fill=paper, thick="2.5" if is_now else "1.25")
        if definition.by_state[box.state].final:
            _frame(group, made, box, 4, stroke=ink, fill="none", thick="1")
    _mark(group, made.left + RAIL, box, is_now=is_now, is_done=is_done)
    for number, line in enumerate(box.label):
        y = box.top + 10 + TITLE_LINE * (number + 0.5)
        _text(group, made.left + RAIL + 16, y, line, INK, size=TITLE, bold=True)
    for row in box.rows:
        _row(group, made, row)
    if box.rows and not box.state:
        _branches(group, made, box)


def _row(group: Element, made: Plan, row: Row) -> None:
    left = row.exit.side == "left"
    x = made.left + LANE if left else made.right - LANE
    for number, line in enumerate(row.lines):
        y = row.y + SMALL_LINE * number
        colour = WORDS[row.exit.move.tone] if row.exit.source else "currentColor"
        _text(group, x, y, line, colour, anchor="start" if left else "end")


def _branches(group: Element, made: Plan, box: Box) -> None:
    """The start has no frame to hold its words together: lines lead to them."""
    rail, end = made.left + RAIL, box.top + box.height
    _path(group, f"M{_n(rail)} {_n(box.top + 12)}V{_n(end)}", LINE)
    for row in box.rows:
        reach = max(width(line, SMALL) for line in row.lines)
        way = f"M{_n(rail)} {_n(row.y)}H{_n(made.right - LANE - reach - 6)}"
        _path(group, way, LANES[row.exit.move.tone], dashed=row.exit.move.automatic)


def _frame(
    group: Element, made: Plan, box: Box, inset: float, *, stroke: str, fill: str, thick: str
) -> None:
    """The box's outline; a final state has a second one inside."""
    place = {
        "x": _n(made.left + inset),
        "y": _n(box.top + inset),
        "width": _n(made.right - made.left - 2 * inset),
        "height": _n(box.height - 2 * inset),
        "rx": _n(9 - inset * 0.75),
    }
    SubElement(group, "rect", {**place, "fill": fill, "stroke": stroke, "stroke-width": thick})


def _mark(group: Element, x: float, box: Box, *, is_now: bool, is_done: bool) -> None:
    """What tells a state's standing without colour: a tick, a filled ring, an empty one."""
    if not box.state:
        _circle(group, x, box.top + 6, 6, fill=LINE, stroke=LINE)
        return
    y = box.top + 10 + TITLE_LINE / 2
    if is_now:
        _circle(group, x, y, 7, fill=PAPER, stroke=NOW)
        _circle(group, x, y, 4, fill=NOW, stroke=NOW)
    elif is_done:
        _circle(group, x, y, 7, fill=DONE, stroke=DONE)
        tick = f"M{_n(x - 3.2)} {_n(y)}L{_n(x - 0.8)} {_n(y + 2.6)}L{_n(x + 3.4)} {_n(y - 2.6)}"
        _path(group, tick, PAPER, thick="1.8")
    else:
        _circle(group, x, y, 7, fill=PAPER, stroke=LINE)


def _circle(group: Element, x: float, y: float, r: float, *, fill: str, stroke: str) -> None:
    place = {"cx": _n(x), "cy": _n(y), "r": _n(r)}
    SubElement(group, "circle", {**place, "fill": fill, "stroke": stroke, "stroke-width": "1.5"})


def _path(
    group: Element, way: str, colour: str, *, dashed: bool = False, thick: str = "1.5"
) -> None:
    look = {"d": way, "fill": "none", "stroke": colour, "stroke-width": thick}
    SubElement(group, "path", look | ({"stroke-dasharray": DASHES} if dashed else {}))


def _head(group: Element, x: float, y: float, towards: str, colour: str) -> None:
    """An arrow head whose tip is at the point."""
    corners = {
        "down": f"M{_n(x)} {_n(y)}l-4.5 -8h9z",
        "right": f"M{_n(x)} {_n(y)}l-8 -4.5v9z",
        "left": f"M{_n(x)} {_n(y)}l8 -4.5v9z",
    }
    SubElement(group, "path", {"d": corners[towards], "fill": colour})


def _text(
    group: Element, x: float, y: float, line: str, colour: str, *,
    size: float = SMALL, bold: bool = False, anchor: str = "start",
) -> None:  # fmt: skip
    """A line of text whose middle is at that height."""
    look = {"x": _n(x), "y": _n(y + size * 0.35), "font-size": _n(size), "fill": colour}
    look |= {"font-weight": "600"} if bold else {}
    look |= {"text-anchor": anchor} if anchor != "start" else {}
    SubElement(group, "text", look).text = line


def _ids(moves: Collection[Transition]) -> str:
    return " ".join(move.id for move in moves)


def _n(number: float) -> str:
    """A length without needless digits."""
    return f"{number:.1f}".removesuffix(".0")
