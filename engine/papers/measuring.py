"""How wide the blocks of a laid-out page came out, and how their text looks.

Reads the boxes of a layout, whoever made it: sizes are in pixels, names those of CSS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.papers.breaking import DoesNotFit
from engine.papers.setting import Align, Measure
from engine.papers.shaping import UNITS

_ALIGN: dict[str, Align] = {
    "start": "start",
    "left": "start",
    "center": "center",
    "end": "end",
    "right": "end",
    "justify": "justify",
}
_MARK = "data-fill"


def measures(pages: Sequence[Any], blocks: int) -> list[Measure]:
    """The measure of each of so many blocks, from the boxes of all pages; raises
    ``DoesNotFit`` where one is not found, or looks as no block may look."""
    found: dict[int, Measure] = {}
    for page in pages:
        for box in _marked(page):
            measure = _measure(box)
            if found.setdefault(int(box.element.get(_MARK)), measure) != measure:
                raise DoesNotFit(box.element_tag)
    if len(found) != blocks:
        raise DoesNotFit(blocks)
    return [found[number] for number in range(blocks)]


def _marked(box: Any) -> Iterator[Any]:
    """The boxes that hold the lines of marked blocks, in the order of the page."""
    box = getattr(box, "_box", box)  # what stands where an absolute box would
    children = getattr(box, "children", ())
    if box.element is not None and box.element.get(_MARK) and _holds_lines(children):
        yield box
        return
    for child in children:
        yield from _marked(child)


def _holds_lines(children: Sequence[Any]) -> bool:
    return bool(children) and type(children[0]).__name__ == "LineBox"


def _measure(box: Any) -> Measure:
    style = box.style
    align, last = style["text_align_all"], style["text_align_last"]
    indent = style["text_indent"]
    if not (
        style["letter_spacing"] == "normal"
        and style["word_spacing"] == 0
        and style["direction"] == "ltr"
        and indent.unit == "px"
        and align in _ALIGN
        and last in ("auto", "start" if align == "justify" else align)
    ):
        raise DoesNotFit(box.element_tag)
    heavy, slanted = style["font_weight"] >= 600, style["font_style"] == "italic"
    *_, last = box.children[0].children
    return Measure(
        left=float(box.content_box_x()),
        width=float(box.width),
        indent=float(indent.value),
        align=_ALIGN[align],
        size=int(style["font_size"] * UNITS) / UNITS,
        style=f"{'bold' * heavy}{'italic' * slanted}" or "regular",
        tail=float(last.margin_width()) if type(last).__name__ == "InlineBlockBox" else 0.0,
    )
