"""Blocks of text set as the typesetter sets them: each line's place, and how it is shown.

What one block costs is kept: among the papers of a year most say most things alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from engine.papers import breaking, formfont, shaping
from engine.papers.breaking import DoesNotFit
from engine.papers.marks import Block, Run, Segment
from engine.papers.shaping import UNITS, NotPlain

_BOLD = {"regular": "bold", "italic": "bolditalic", "bold": "bold", "bolditalic": "bolditalic"}
_LONG_WORD = 24
_HAIR = 0.05  # of a pixel

Align = Literal["start", "center", "end", "justify"]


@dataclass(frozen=True, slots=True)
class Measure:
    """How wide a block is and how its text looks, in pixels; ``style`` is that of what is not
    set in bold by a tag of its own, ``tail`` the width of the field at the end of its line."""

    left: float
    width: float
    indent: float
    align: Align
    size: float
    style: str
    tail: float = 0.0

    def style_of(self, run: Run) -> str:
        return _BOLD[self.style] if run.is_bold else self.style


class Shown(NamedTuple):
    """A run on its line: where it begins and ends, its face, and the operand that shows it."""

    x: bytes
    end: float
    style: str
    glyphs: bytes


def counts(block: Block, measure: Measure) -> tuple[int, ...]:
    """How many lines each segment of a block takes; raises ``DoesNotFit``."""
    return tuple(
        len(_lines(segment, measure, number == 0)) for number, segment in enumerate(block.segments)
    )


def shown(block: Block, measure: Measure) -> Iterator[Shown]:
    """All runs of a block as they are shown, in their order."""
    for number, segment in enumerate(block.segments):
        for line in _lines(segment, measure, number == 0):
            yield from line


@lru_cache(maxsize=4096)
def _lines(segment: Segment, measure: Measure, is_first: bool) -> tuple[tuple[Shown, ...], ...]:
    if any(len(word) > _LONG_WORD for run in segment for word in run.text.split()):
        raise DoesNotFit(segment)
    try:
        return tuple(_set(segment, measure, measure.indent if is_first else 0.0))
    except (NotPlain, KeyError):
        raise DoesNotFit(segment) from None


def _set(segment: Segment, measure: Measure, indent: float) -> Iterator[tuple[Shown, ...]]:
    *before, last = segment
    taken = indent + sum(
        shaping.line(run.text, measure.style_of(run), measure.size).width for run in before
    )
    if before and taken > measure.width / 2:
        raise DoesNotFit(segment)
    room = measure.width - measure.tail
    texts = breaking.lines(last.text, measure.style_of(last), measure.size, room - taken, room)
    if measure.tail and texts != [last.text]:  # the field goes on in a line of its own
        raise DoesNotFit(segment)
    for number, text in enumerate(texts):
        runs = [Run(text, last.is_bold)]
        if number == 0:
            runs[:0] = before
        is_last = number == len(texts) - 1
        yield tuple(_line(runs, measure, 0.0 if number else indent, is_last))


def _line(runs: Sequence[Run], measure: Measure, indent: float, is_last: bool) -> Iterator[Shown]:
    """One line, aligned as CSS asks (CSS Text 3, 6.1)."""
    lines = [shaping.line(run.text, measure.style_of(run), measure.size) for run in runs]
    rest = measure.width - measure.tail - indent - sum(line.width for line in lines)
    spaces = [line.text.count(" ") for line in lines]
    if rest < _HAIR and measure.align != "start":
        raise DoesNotFit(runs)
    spread = rest / sum(spaces) if measure.align == "justify" and not is_last and any(spaces) else 0
    x = measure.left + indent + rest * {"center": 0.5, "end": 1.0}.get(measure.align, 0.0)
    for run, line, many in zip(runs, lines, spaces, strict=True):
        style = measure.style_of(run)
        glyphs = (
            _spread(line.text, style, measure.size, spread)
            if spread
            else _plain(line, style, measure.size)
        )
        end = x + line.width + spread * many
        yield Shown(number(x), end, style, f"[{glyphs}]".encode())
        x = end


def _plain(line: shaping.Line, style: str, size: float) -> str:
    """The glyphs of a line, and what sets each apart from where its width alone would put
    the next: whole thousandths, as the typesetter writes them. Raises ``KeyError``."""
    face, pieces, unit = formfont.face(style), ["<"], 1000 / UNITS / size
    for letter, advance in zip(line.text, line.advances, strict=True):
        glyph = face.glyphs[letter]
        pieces.append(f"{glyph:04X}")
        if closer := int(face.widths[glyph] - advance * unit):
            pieces.append(f">{closer}<")
    return "".join((*pieces, ">"))


@lru_cache(maxsize=8192)
def _word(word: str, style: str, size: float) -> str:
    return _plain(shaping.line(word, style, size), style, size)


def _spread(text: str, style: str, size: float, spread: float) -> str:
    """A line whose spaces are wider: each word is shaped for itself, each space between two."""
    extra = int(spread * UNITS)
    words = text.split(" ")
    pieces = [_word(words[0], style, size)] if words[0] else []
    for number, word in enumerate(words[1:]):
        is_first = number == 0 and not words[0]
        pieces.append(_space(style, size, 2 * extra if is_first else extra, is_first))
        pieces.append(_word(word, style, size))
    return "".join(pieces)


@lru_cache(maxsize=4096)
def _space(style: str, size: float, extra: int, is_first: bool) -> str:
    """A space and what is added to it: half before, half after it, but at a line's beginning,
    where Pango leaves out the half before."""
    face, unit = formfont.face(style), 1000 / UNITS / size
    glyph = face.glyphs[" "]
    before = extra // 2
    if extra % UNITS == 0:  # of whole pixels Pango makes whole pixels
        before = (before + UNITS // 2) // UNITS * UNITS
    after = extra - before
    before = 0 if is_first else before
    offset = before / size
    wide = shaping.line(" ", style, size).advances[0] + before + after
    closer = int(face.widths[glyph] + offset - wide * unit)
    moved = f"{number(-offset).decode()}" if offset else ""
    return f"{moved}<{glyph:04X}>{closer or ''}"


def number(value: float) -> bytes:
    """A number as the typesetter writes it."""
    return f"{value:.6f}".rstrip("0").rstrip(".").encode()
