"""Papers laid out once and filled many times: one layout serves all that differ in a few lines.

The template stays the only description of the design. It marks the lines that differ from one
paper to the next with ``data-fill``; what is left of its page without their texts is the
paper's shape. A shape is laid out once, with stand-ins in these lines, and taken apart into
what all its papers share, already written, and what each has of its own: the lines, the title,
the identifier. Filling sets a few lines of text and writes two kilobytes.

Whether a paper is filled or laid out depends on nothing but its values, so that its bytes are
the same in any process and in any batch: what does not fit its line, or needs a letter that
the font at hand lacks, is laid out for real, every time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.papers import formfont, shaping
from engine.papers.archive import Attachment
from engine.papers.parts import Found, Parts
from engine.papers.shaping import NotPlain

# Values are escaped: no ``<`` and no ``>`` of theirs can stand in a page.
_MARKED = re.compile(r"(<(\w+) [^>]*data-fill)>([^<]*)(</\2>)")
_TITLE = re.compile(r"(<title>)([^<]*)(</title>)")
_STAND_IN = chr(0x01FE)  # a letter that no paper holds; as many as the line has before it, and one
_WHITES = " \t\n\r\f"
_WHITE = re.compile(f"[{_WHITES}]+")
_SLACK = 0.05  # of a pixel; a line that nearly fills its place is left to the typesetter
_LONG_WORD = 24


class DoesNotFit(Exception):
    """These texts are for a real layout."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page apart: its shape, and the texts that make it one paper."""

    shape: str
    title: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a line stands in its shape: pixels from the left, and what room there is."""

    left: float
    right: float


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the shape: its face, its first letter's place, and the font's name in the
    file. ``centred`` is the middle of a centred line."""

    style: str
    size: float
    x: float
    y: bytes
    room: float
    centred: float | None
    font: bytes

    def set(self, text: str) -> bytes:
        """The operators that show a text in it; raises ``DoesNotFit``."""
        try:
            set_line = shaping.line(text, self.style, self.size)
            shown = _shown(set_line, self.style)
        except (NotPlain, KeyError):
            raise DoesNotFit(text) from None
        if not text or set_line.width > self.room - _SLACK:
            raise DoesNotFit(text)
        x = self.x if self.centred is None else self.centred - set_line.width / 2
        return b"1 0 0 -1 %s %s Tm\n%s %s Tf\n[%s] TJ\n" % (
            _number(x),
            self.y,
            self.font,
            _number(self.size),
            shown,
        )


def apart(page: str) -> Page | None:
    """A page as shape and texts; None for a page that marks no line."""
    texts: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        texts.append(_collapsed(found[3]))
        name = stand_in_name(len(texts) - 1)
        return f'{found[1]} id="{name}">{_STAND_IN * len(texts)}{found[4]}'

    shape = _MARKED.sub(stand_in, page)
    title = _TITLE.search(page)
    if not texts or title is None:
        return None
    shape = _TITLE.sub(rf"\g<1>{_STAND_IN}\g<3>", shape)
    return Page(shape, _collapsed(title[2]), tuple(texts))


def stand_in_name(index: int) -> str:
    """What the element of a line is called in its shape."""
    return f"fill-{index}"


def _collapsed(source: str) -> str:
    return html.unescape(" ".join(_WHITE.split(source.strip(_WHITES))))


@dataclass(frozen=True, slots=True)
class Filler:
    """One shape, ready to be filled."""

    parts: Parts
    lines: tuple[_Line, ...]

    @classmethod
    def of(cls, laid_out: bytes, spots: Sequence[Spot]) -> Filler:
        """From the shape as it was laid out, and the places of its lines in it; raises
        ``DoesNotFit`` for one in which they are not found again."""
        stand_ins = [_STAND_IN * (n + 1) for n in range(len(spots))]
        try:
            parts = Parts.of(laid_out, stand_ins, _STAND_IN)
        except ValueError:
            raise DoesNotFit(_STAND_IN) from None
        lines = [_line(found, spot) for found, spot in zip(parts.found, spots, strict=True)]
        return cls(parts, tuple(lines))

    def fill(self, page: Page, identity: bytes, inside: Sequence[Attachment]) -> bytes:
        """The paper, with the files it carries; raises ``DoesNotFit``."""
        if any(len(word) > _LONG_WORD for text in page.texts for word in text.split()):
            raise DoesNotFit(page.title)
        pairs = zip(self.lines, page.texts, strict=True)
        lines = [line.set(text) for line, text in pairs]
        return self.parts.joined(lines, page.title, identity, inside)


def _line(found: Found, spot: Spot) -> _Line:
    """The line of a stand-in: it begins at its left end, or it is centred."""
    wide = shaping.line(found.text, found.style, found.size).width
    middle = (spot.left + spot.right) / 2
    is_centred = abs(found.x + wide / 2 - middle) < abs(found.x - spot.left)
    return _Line(
        style=found.style,
        size=found.size,
        x=found.x,
        y=found.y,
        room=spot.right - spot.left,
        centred=middle if is_centred else None,
        font=found.font,
    )


def _shown(line: shaping.Line, style: str) -> bytes:
    """The glyphs of a line, and what sets each apart from where its width alone would put
    the next: whole thousandths, as the typesetter writes them. Raises ``KeyError``."""
    face, pieces = formfont.face(style), ["<"]
    for letter, advance in line.letters:
        glyph = face.glyphs[letter]
        pieces.append(f"{glyph:04X}")
        if closer := int(face.widths[glyph] - advance):
            pieces.append(f">{closer}<")
    return "".join((*pieces, ">")).encode()


def _number(value: float) -> bytes:
    return f"{value:.6f}".rstrip("0").rstrip(".").encode()
