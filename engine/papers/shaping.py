"""Text as the typesetter shapes it: which letters, and how far apart.

HarfBuzz over the same files and at the same scale as Pango, which the typesetter uses: a text
shaped here and one shaped there are the same to the unit (a test holds them together).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import uharfbuzz as hb

from engine.papers import fonts

UNITS = 1024  # Pango's, in a pixel
_LANGUAGE, _SCRIPT = "vi", "Latn"


class NotPlain(ValueError):
    """A text that is not set letter by letter: one was joined, split, or is missing."""


@dataclass(frozen=True, slots=True)
class Line:
    """Each letter's advance, in Pango's units, and the width in pixels."""

    text: str
    advances: tuple[int, ...]
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
    scale = round(size * UNITS)
    font.scale = (scale, scale)
    return font


@lru_cache(maxsize=4096)
def line(text: str, style: str, size: float) -> Line:
    """A text in one line, at a size in pixels; raises ``NotPlain``."""
    glyphs, buffer = _face(style).glyphs, hb.Buffer()
    buffer.add_str(text)
    buffer.direction, buffer.script, buffer.language = "ltr", _SCRIPT, _LANGUAGE
    hb.shape(_font(style, size), buffer)
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    if [info.codepoint for info in infos] != [glyphs.get(letter) for letter in text]:
        raise NotPlain(text)
    if any(place.x_offset or place.y_offset for place in positions):
        raise NotPlain(text)
    advances = tuple(place.x_advance for place in positions)
    return Line(text, advances, sum(advances) / UNITS)
