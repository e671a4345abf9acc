"""The typesetter, made to break lines our way and to ask nothing twice.

WeasyPrint computes one style for all elements that look alike, and then asks that style the same
questions for each of their boxes: a third of the time that an annex of hundreds of rows takes.
Here the answers stay with the style. Whatever is not the plain case goes the library's own way.
All papers come out the same, byte for byte, with and without (a test holds that).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydyf import PDF
from weasyprint import draw
from weasyprint.draw import border
from weasyprint.draw.color import get_color
from weasyprint.formatting_structure import boxes
from weasyprint.layout import background, block, inline, percent, table
from weasyprint.text import line_break
from weasyprint.text.ffi import ffi, gobject, pango

from engine.papers import breaking

ffi.cdef(
    """
    PangoAttribute * pango_attr_allow_breaks_new (gboolean allow_breaks);
    PangoLayout * pango_layout_copy (PangoLayout *src);
    """
)


class Lines(line_break.Layout):
    """The typesetter's lines, none of which ends inside a number and symbol.

    An element that does not wrap would say the same, but it parts the text: the letters around
    it keep another distance, and a reader is told of a passage of its own. Pango can be told
    where not to break; the library has no way to say so.
    """

    def set_text(self, text: str, justify: bool = False) -> None:
        super().set_text(text, justify)
        if "/" not in self.text:
            return
        places = [
            tuple(len(self.text[:at].encode()) for at in span)
            for span in breaking.wholes(self.text)
        ]
        if places:
            self._keep_whole(places)

    def _keep_whole(self, places: Sequence[tuple[int, ...]]) -> None:
        told = pango.pango_layout_get_attributes(self.layout)
        if told == ffi.NULL:
            told = ffi.gc(pango.pango_attr_list_new(), pango.pango_attr_list_unref)
        for start, end in places:
            attribute = pango.pango_attr_allow_breaks_new(False)
            attribute.start_index, attribute.end_index = start, end
            pango.pango_attr_list_change(told, attribute)
        pango.pango_layout_set_attributes(self.layout, told)


class QuickLines(Lines):
    """The same, set up once for each style, and shaped once for layout and drawing.

    The library shapes every text again to draw it, since a justified one changes in between,
    and so drops what it had. One that is a whole line, and that nobody stretches, is kept.
    """

    layout: Any
    language: Any
    _is_one = False

    def setup(self, style: Any) -> None:
        ready = vars(style).get("_ready")
        if ready is None:
            super().setup(style)
            if style["text_decoration_line"] == "none":
                style._ready = (_copy(self.layout), self.language)
            return
        layout, self.language = ready
        self.layout = _copy(layout)
        self.style, self.first_line_direction = style, 0
        self.ascent = self.underline_position = self.strikethrough_position = None

    def set_text(self, text: str, justify: bool = False) -> None:
        super().set_text(text, justify)
        self._is_one = False
        # As whoever draws it asks: told then, Pango would shape the text again.
        pango.pango_layout_set_single_paragraph_mode(self.layout, self.text.isprintable())

    def get_first_line(self) -> tuple[Any, int | None]:
        line, index = super().get_first_line()
        self._is_one = index is None
        return line, index

    def deactivate(self) -> None:
        if not self._is_one or self.justification_spacing:
            super().deactivate()

    def reactivate(self, style: Any) -> None:
        if "layout" not in vars(self) or style is not self.style:
            super().reactivate(style)


def _copy(layout: Any) -> Any:
    return ffi.gc(pango.pango_layout_copy(layout), gobject.g_object_unref)


def _strut(style: Any) -> tuple[float, float]:
    found: tuple[float, float] | None = vars(style).get("_strut")
    if found is None:
        found = style._strut = line_break.strut(style)
    return found


def _give(box: Any, values: Mapping[str, Any]) -> None:
    vars(getattr(box, "_box", box)).update(values)  # of what stands in a box's place, the box


_USED = (
    *(f"{kind}_{side}" for kind in ("margin", "padding") for side in border.SIDES),
    *(f"border_{side}_width" for side in border.SIDES),
    *(f"{bound}{axis}" for bound in ("", "min_", "max_") for axis in ("width", "height")),
)
_resolve_percentages = percent.resolve_percentages


def _resolved(box: Any, containing_block: Any) -> None:
    """``resolve_percentages``: sizes depend on the style and on the size of what is around."""
    within = containing_block
    around = (within.width, within.height) if isinstance(within, boxes.Box) else tuple(within)
    style = box.style
    key = (*around, isinstance(box, boxes.PageBox))
    known = vars(style).setdefault("_used", {})
    used = known.get(key)
    if used is not None:
        _give(box, used)
        return
    _resolve_percentages(box, within)
    if style["border_collapse"] != "collapse":  # else each box has borders of its own
        known[key] = {name: getattr(box, name) for name in _USED}


_CORNERS = ("top_left", "top_right", "bottom_right", "bottom_left")
_SQUARE = {f"border_{corner}_radius": (0, 0) for corner in _CORNERS}
_resolve_radii = percent.resolve_radii_percentages


def _cornered(box: Any) -> None:
    """``resolve_radii_percentages``: nearly all boxes have four square corners."""
    style = box.style
    is_square = vars(style).get("_is_square")
    if is_square is None:
        is_square = style._is_square = all((0, "px") in style[name] for name in _SQUARE)
    if is_square:
        _give(box, _SQUARE)
    else:
        _resolve_radii(box)


_in_normal_flow = boxes.Box.is_in_normal_flow


def _flows(box: Any) -> bool:
    style = box.style
    if style["float"] == "none" and style["position"] in ("static", "relative"):
        return True
    return bool(_in_normal_flow(box))


_rounded_box = boxes.Box.rounded_box
_NO_RADIUS = ((0, 0),) * 4


def _rounded(box: Any, top: float, right: float, bottom: float, left: float) -> Any:
    radii = (
        box.border_top_left_radius,
        box.border_top_right_radius,
        box.border_bottom_right_radius,
        box.border_bottom_left_radius,
    )
    if radii != _NO_RADIUS or min(top, right, bottom, left) < 0:
        return _rounded_box(box, top, right, bottom, left)
    return (
        box.border_box_x() + left,
        box.border_box_y() + top,
        box.border_width() - left - right,
        box.border_height() - top - bottom,
        *_NO_RADIUS,
    )


_avoid_collisions = inline.avoid_collisions


def _beside(context: Any, box: Any, within: Any, outer: bool = True) -> Any:
    """``avoid_collisions`` of a line that nothing floats beside."""
    if outer or context.excluded_shapes or within.style["direction"] != "ltr":
        return _avoid_collisions(context, box, within, outer)
    left = within.content_box_x()
    right = left + within.width - box.margin_right
    left += box.margin_left
    x, y = left - box.margin_left, box.border_box_y() - box.margin_top
    return x, y, right - left


def _look(style: Any) -> tuple[Any, ...]:
    """Whether borders of a style are plain, and if so its one line and colour, if it has any."""
    known: tuple[Any, ...] | None = vars(style).get("_look")
    if known is None:
        lines = {style[f"border_{side}_style"] for side in border.SIDES}
        colours = {get_color(style, f"border_{side}_color") for side in border.SIDES}
        is_plain = (
            style["visibility"] == "visible"
            and style["column_width"] == style["column_count"] == "auto"
            and style["border_image_source"][0] == "none"
        )
        is_even = lines == {"solid"} and len(colours) == 1 and all(one.alpha for one in colours)
        known = style._look = (is_plain, "solid" if is_even else None, next(iter(colours)))
    return known


_draw_border = draw.draw_border


def _bordered(stream: Any, box: Any) -> None:
    """``draw_border``: four sides alike, or none."""
    is_plain, line, colour = _look(box.style)
    widths = (
        box.border_top_width,
        box.border_right_width,
        box.border_bottom_width,
        box.border_left_width,
    )
    if not is_plain:
        _draw_border(stream, box)
    elif not any(widths):
        return
    elif line and all(widths):
        with stream.artifact(), stream.stacked():
            border.draw_rounded_border(stream, box, line, colour)
    else:
        _draw_border(stream, box)


_lay_out_backgrounds = background.layout_box_backgrounds


def _is_bare(style: Any) -> bool:
    known: bool | None = vars(style).get("_is_bare")
    if known is None:
        known = style._is_bare = (
            style["border_image_source"][0] == style["mask_border_source"][0] == "none"
            and all(kind == "none" for kind, _ in style["background_image"])
            and get_color(style, "background_color").alpha == 0
            and not style["box_shadow"]
        )
    return known


def _backed(
    page: Any, box: Any, get_image_from_uri: Any, layout_children: bool = True, style: Any = None
) -> None:
    """``layout_box_backgrounds``: nearly all boxes have none."""
    if style is not None or box is page or not _is_bare(box.style):
        _lay_out_backgrounds(page, box, get_image_from_uri, layout_children, style)
        return
    _cornered(box)
    if layout_children:
        for child in box.all_children():
            _backed(page, child, get_image_from_uri)
    box.background = None


def _page_references(pdf: PDF) -> tuple[bytes, ...]:
    """Which the library asks for at each tag, and makes anew of all pages each time."""
    numbers = pdf.pages["Kids"][::3]
    known: tuple[bytes, ...] = vars(pdf).get("_references", ())
    if len(known) != len(numbers):
        known = pdf._references = tuple(b"%d 0 R" % number for number in numbers)
    return known


_PLAIN: Sequence[tuple[Any, str, Any]] = (
    (line_break, "Layout", QuickLines),
    (inline, "strut", _strut),
    (inline, "avoid_collisions", _beside),
    *((module, "resolve_percentages", _resolved) for module in (block, inline, table)),
    (background, "resolve_radii_percentages", _cornered),
    (background, "layout_box_backgrounds", _backed),
    (draw, "draw_border", _bordered),
    (PDF, "page_references", property(_page_references)),
    (boxes.Box, "is_in_normal_flow", _flows),
    (boxes.Box, "rounded_box", _rounded),
)
_OWN = [(place, name, getattr(place, name)) for place, name, _ in _PLAIN[1:]]


def _put(changes: Sequence[tuple[Any, str, Any]]) -> None:
    for place, name, changed in changes:
        setattr(place, name, changed)


def quicken() -> None:
    """From here on, for all that this process lays out."""
    _put(_PLAIN)


@contextmanager
def by_itself() -> Iterator[None]:
    """The library in its own slow way, but for where lines end: for tests to compare with."""
    _put([(line_break, "Layout", Lines), *_OWN])
    try:
        yield
    finally:
        quicken()
