"""The lineage of a unit as a drawing: what came before on the left, what came after on the
right. The same is told in words beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from web.text import day
from workflows.queries.territory import Step, Story

WIDE, HIGH = 176, 50
GAP_X, GAP_Y = 46, 14
LONGEST = 21

LINE, OWN, OTHER, EDGE = "#8a6d3b", "#fbf0d8", "#ffffff", "#c9b694"
INK, QUIET = "#2b1d14", "#6b5a45"


@dataclass(frozen=True, slots=True)
class Box:
    """A unit on the drawing."""

    unit_id: int
    title: str
    note: str
    left: float
    top: float
    own: bool = False

    @property
    def middle(self) -> float:
        return self.top + HIGH / 2


def draw(story: Story, address: Callable[[int], str], title: str) -> str:
    """The drawing as SVG, or nothing for a unit without a lineage; ``address`` gives the page
    of a unit, ``title`` says to those who do not see what is drawn."""
    steps = [*story.before, *story.after]
    if not steps:
        return ""
    boxes = _placed(story, steps)
    width = max(box.left for box in boxes.values()) + WIDE + 2
    height = max(box.top for box in boxes.values()) + HIGH + 2
    size = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "group", **size})
    SubElement(root, "title").text = title
    for step in steps:
        _line(root, boxes, step)
    for box in boxes.values():
        _box(root, box, address)
    return tostring(root, encoding="unicode")


def _placed(story: Story, steps: Sequence[Step]) -> dict[int, Box]:
    """Columns by level, each centred; within one, the order in which the steps are told."""
    levels: dict[int, list[tuple[int, str, str]]] = {
        0: [(story.unit.id, story.unit.heading, story.unit.code)]
    }
    for step in steps:
        note = f"{step.code} · {day(step.on)}"
        levels.setdefault(step.level, []).append((step.unit_id, step.title, note))
    tallest = max(len(column) for column in levels.values())
    first = min(levels)
    found: dict[int, Box] = {}
    for level, column in levels.items():
        left = (level - first) * (WIDE + GAP_X) + 1
        above = (tallest - len(column)) * (HIGH + GAP_Y) / 2 + 1
        for row, (unit, title, note) in enumerate(column):
            top = above + row * (HIGH + GAP_Y)
            found[unit] = Box(unit, title, note, left, top, level == 0)
    return found


def _line(root: Element, boxes: dict[int, Box], step: Step) -> None:
    ends = boxes[step.unit_id], boxes[step.via]
    before, after = ends if step.level < 0 else ends[::-1]
    x, y, x2, y2 = before.left + WIDE, before.middle, after.left, after.middle
    turn = (x + x2) / 2
    way = f"M{x:g} {y:g}C{turn:g} {y:g} {turn:g} {y2:g} {x2 - 7:g} {y2:g}"
    SubElement(root, "path", {"d": way, "fill": "none", "stroke": LINE, "stroke-width": "1.6"})
    head = f"M{x2:g} {y2:g}l-8 -4.5v9z"
    SubElement(root, "path", {"d": head, "fill": LINE})


def _box(root: Element, box: Box, address: Callable[[int], str]) -> None:
    link = root if box.own else SubElement(root, "a", {"href": address(box.unit_id)})
    shape = {"x": f"{box.left:g}", "y": f"{box.top:g}", "width": str(WIDE), "height": str(HIGH)}
    look = {"rx": "8", "fill": OWN if box.own else OTHER, "stroke": LINE if box.own else EDGE}
    SubElement(link, "rect", shape | look)
    short = box.title if len(box.title) <= LONGEST else box.title[: LONGEST - 1] + "…"
    _text(link, box.left + 10, box.top + 21, short, INK, "15", "600")
    _text(link, box.left + 10, box.top + 40, box.note, QUIET, "13", "400")
    if short != box.title:
        SubElement(link, "title").text = box.title


def _text(
    parent: Element, x: float, y: float, words: str, colour: str, size: str, weight: str
) -> None:
    look = {"x": f"{x:g}", "y": f"{y:g}", "fill": colour, "font-size": size, "font-weight": weight}
    SubElement(parent, "text", look).text = words
