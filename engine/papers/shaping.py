"""Single lines of text as the typesetter sets them: which letters, and how far apart.

HarfBuzz over the same files and at the same scale as Pango, which the typesetter uses: a line
set here and one set there are the same to the unit (a test holds them together).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import uharfbuzz as hb

from engine.papers import fonts

_UNITS = 1024  # Pango's, in a pixel
_LANGUAGE, _SCRIPT = "vi", "Latn"


class NotPlain(ValueError):
    """A line that is not set letter by letter: one was joined, split, or is missing."""


@dataclass(frozen=True, slots=True)
class Line:
    """Each letter with its advance in thousandths of the size, and the width in pixels."""

    letters: tuple[tuple[str, float], ...]
    width: float


@dataclass(frozen=True, slots=True)
class _Face:
    face: hb.Face
    glyphs: Mapping[str, int]


@cache
def _face(style: str) -> _Face:
    blob = hb.Blob.from_file_path(str(fonts.files()[style]))
    return _Face(hb.Face(blob), fonts.glyphs(style))


@cache
def _font(style: str, size: float) -> hb.Font:
    font = hb.Font(_face(style).face)
    scale = round(size * _UNITS)
    font.scale = (scale, scale)
    return font


def line(text: str, style: str, size: float) -> Line:
    """The line at a size in pixels; raises ``NotPlain``."""
    glyphs, buffer = _face(style).glyphs, hb.Buffer()
    buffer.add_str(text)
    buffer.direction, buffer.script, buffer.language = "ltr", _SCRIPT, _LANGUAGE
    hb.shape(_font(style, size), buffer)
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    if [info.codepoint for info in infos] != [glyphs.get(letter) for letter in text]:
        raise NotPlain(text)
    if any(place.x_offset or place.y_offset for place in positions):
        raise NotPlain(text)
    unit = 1000 / _UNITS / size
    advances = [place.x_advance for place in positions]
    letters = zip(text, (advance * unit for advance in advances), strict=True)
    return Line(tuple(letters), sum(advances) / _UNITS)
