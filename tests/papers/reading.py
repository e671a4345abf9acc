"""Reads a laid-out paper as a ruler would: every run of text and every rule, in millimetres.

It looks only at what is painted (content streams, fonts, transformations), never at the
HTML, so that what it measures is what a reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

import pikepdf

POINT = 25.4 / 72

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
UNIT: Matrix = (1, 0, 0, 1, 0, 0)


def times(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    A, B, C, D, E, F = outer  # noqa: N806
    return (
        a * A + b * C,
        a * B + b * D,
        c * A + d * C,
        c * B + d * D,
        e * A + f * C + E,
        e * B + f * D + F,
    )


@dataclass(frozen=True)
class Run:
    """One piece of text on one line; millimetres from the page's upper left, points high."""

    page: int
    text: str
    left: float
    right: float
    baseline: float
    size: float
    bold: bool
    italic: bool

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2

    @property
    def box(self) -> Box:
        """Left, top, right, bottom of its letters, with Times' ascent and descent."""
        high, low = 0.891 * self.size * POINT, 0.216 * self.size * POINT
        return self.left, self.baseline - high, self.right, self.baseline + low


@dataclass(frozen=True)
class Rule:
    """A horizontal line."""

    page: int
    left: float
    right: float
    at: float

    @property
    def length(self) -> float:
        return self.right - self.left


class _Font:
    def __init__(self, font: Any) -> None:
        name = str(font.BaseFont)
        self.bold, self.italic = "Bold" in name, "Italic" in name
        self.letters: dict[int, str] = {}
        for code, text in re.findall(
            rb"<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]+)>", font.ToUnicode.read_bytes()
        ):
            if int(code, 16) or text != b"FFFF":
                shown = bytes.fromhex(text.decode()).decode("utf-16-be")
                self.letters.setdefault(int(code, 16), shown)
        self.widths = dict(_widths(list(font.DescendantFonts[0].W)))
        self.space = next((self.widths[g] for g, shown in self.letters.items() if shown == " "), 0)

    def read(self, codes: bytes) -> tuple[str, float]:
        glyphs = [int.from_bytes(codes[n : n + 2]) for n in range(0, len(codes), 2)]
        return (
            "".join(self.letters[glyph] for glyph in glyphs),
            sum(self.widths[glyph] for glyph in glyphs),
        )


def _widths(table: Sequence[Any]) -> Iterator[tuple[int, float]]:
    rest = list(table)
    while rest:
        first = int(rest.pop(0))
        second = rest.pop(0)
        if isinstance(second, pikepdf.Array):
            yield from ((first + n, float(width)) for n, width in enumerate(second))
        else:
            width = float(rest.pop(0))
            yield from ((code, width) for code in range(first, int(second) + 1))


class _Pen:
    """The graphics state, as far as text and borders need it."""

    def __init__(self) -> None:
        self.kept: list[Matrix] = []
        self.matrix, self.text = UNIT, UNIT
        self.font, self.size = "", 0.0
        self.boxes: list[Box] = []
        self.filled: list[Box] = []

    def obey(self, operator: str, operands: Sequence[Any]) -> None:
        self.filled = []
        match operator:
            case "q":
                self.kept.append(self.matrix)
            case "Q":
                self.matrix = self.kept.pop()
            case "cm":
                self.matrix = times(_six(operands), self.matrix)
            case "BT":
                self.text = UNIT
            case "Tm":
                self.text = _six(operands)
            case "Tf":
                self.font, self.size = str(operands[0]), float(operands[1])
            case _:
                self._path(operator, operands)

    def _path(self, operator: str, operands: Sequence[Any]) -> None:
        if operator == "re":
            x, y, width, height = (float(number) for number in operands)
            self.boxes.append((x, y, width, height))
        elif operator in ("f", "f*", "S", "n"):
            self.filled, self.boxes = self.boxes, []


class Sheet:
    """One page."""

    def __init__(self, number: int, page: pikepdf.Page) -> None:
        self.number = number
        self.width = float(page.mediabox[2]) * POINT
        self.height = float(page.mediabox[3]) * POINT
        self.runs: list[Run] = []
        self.rules: list[Rule] = []
        self._fonts = {name: _Font(font) for name, font in page.Resources.Font.items()}
        self._paint(page)

    def _paint(self, page: pikepdf.Page) -> None:
        pen = _Pen()
        for operands, operator in pikepdf.parse_content_stream(page):
            pen.obey(str(operator), operands)
            if str(operator) == "TJ":
                place = times(pen.text, pen.matrix)
                self._show(list(operands[0]), place, self._fonts[pen.font], pen.size)
            elif str(operator) == "f*" and len(pen.filled) == 2:
                self._rule(_edge(*pen.filled), pen.matrix)

    def _show(self, pieces: Sequence[Any], place: Matrix, font: _Font, size: float) -> None:
        shown, units = "", 0.0
        for piece in pieces:
            if isinstance(piece, pikepdf.String):
                text, width = font.read(bytes(piece))
                shown, units = shown + text, units + width
            else:
                units -= float(piece)
        blank = len(shown) - len(shown.rstrip())
        units -= blank * font.space
        scale = place[0]
        left = place[4] * POINT
        self.runs.append(
            Run(
                page=self.number,
                text=shown.strip(),
                left=left,
                right=left + units / 1000 * size * scale * POINT,
                baseline=self.height - place[5] * POINT,
                size=size * abs(place[3]),
                bold=font.bold,
                italic=font.italic,
            )
        )

    def _rule(self, box: Box, matrix: Matrix) -> None:
        x, y, width, height = box
        left, top = times((1, 0, 0, 1, x, y), matrix)[4:]
        right, bottom = times((1, 0, 0, 1, x + width, y + height), matrix)[4:]
        if abs(bottom - top) * POINT < 0.6 and right - left > 10:
            at = self.height - (top + bottom) / 2 * POINT
            self.rules.append(Rule(self.number, left * POINT, right * POINT, at))


def _edge(inner: Box, outer: Box) -> Box:
    """What two boxes, one within the other, leave between them above or below: a border."""
    x, y, width, height = inner
    _, top, _, whole = outer
    if top < y:
        return x, top, width, y - top
    return x, y + height, width, whole - height


def _six(operands: Sequence[Any]) -> Matrix:
    a, b, c, d, e, f = (float(number) for number in operands)
    return a, b, c, d, e, f


class Reading:
    """A whole paper."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        with pikepdf.open(BytesIO(content)) as pdf:
            self.sheets = [Sheet(number, page) for number, page in enumerate(pdf.pages)]

    @cached_property
    def runs(self) -> Sequence[Run]:
        return [run for sheet in self.sheets for run in sheet.runs]

    def one(self, start: str, *, page: int | None = None) -> Run:
        """The first run that begins so."""
        for run in self.runs:
            if run.text.startswith(start) and page in (None, run.page):
                return run
        raise AssertionError(f"no text begins with {start!r}")

    def under(self, run: Run, within: float = 4) -> Rule:
        """The rule right under a run."""
        near = [
            rule
            for rule in self.sheets[run.page].rules
            if 0 < rule.at - run.baseline < within and rule.left < run.centre < rule.right
        ]
        assert near, f"no rule under {run.text!r}"
        return min(near, key=lambda rule: rule.at)

    @property
    def text(self) -> str:
        return " ".join(run.text for run in self.runs)


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes (left, top, right, bottom) share more than a hair."""
    hair = 0.05
    return (
        one[0] < other[2] - hair
        and other[0] < one[2] - hair
        and one[1] < other[3] - hair
        and other[1] < one[3] - hair
    )


def field_box(sheet: Sheet, rect: Sequence[float]) -> Box:
    """A field's rectangle, as a box from the page's upper left in millimetres."""
    left, bottom, right, top = (corner * POINT for corner in rect)
    return left, sheet.height - top, right, sheet.height - bottom
