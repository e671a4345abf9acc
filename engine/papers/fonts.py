"""The typeface of papers, found by file and never by family name.

Nghị định 30/2020 annex I asks for Times New Roman; Tinos and Liberation Serif have its
metrics, letter for letter, and may be shipped. A family name is what the machine makes of
it, a file is what was tested: so each style is one full TTF under a private family name
(split web fonts print wrong letters with the Pango of Debian 12, and a face called
``serif`` crashes it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

FAMILY = "Paper Times"
STYLES = ("regular", "bold", "italic", "bolditalic")
INSTALL = "apt-get install fonts-croscore"

_SUFFIXES = ("Regular", "Bold", "Italic", "BoldItalic")
_CANDIDATES = (
    ("truetype/croscore", "Tinos"),
    ("truetype/liberation2", "LiberationSerif"),
    ("truetype/liberation", "LiberationSerif"),
)
_ROOTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))


class FontMissing(Exception):
    """No complete Times face on this machine; says what installs one."""

    def __init__(self) -> None:
        super().__init__(f"no Tinos or Liberation Serif found; run: {INSTALL}")


@dataclass(frozen=True, slots=True)
class Metrics:
    """Of one style, in thousandths of the size."""

    name: str
    ascent: int
    descent: int
    cap_height: int
    italic_angle: float
    box: tuple[int, int, int, int]


def missing() -> str | None:
    """The command that installs the typeface, or None if it is there."""
    try:
        files()
    except FontMissing:
        return INSTALL
    return None


def files() -> Mapping[str, Path]:
    """The four files by style; raises ``FontMissing``."""
    for folder, name in _CANDIDATES:
        for root in _ROOTS:
            paths = [root / folder / f"{name}-{suffix}.ttf" for suffix in _SUFFIXES]
            if all(path.is_file() for path in paths):
                return dict(zip(STYLES, paths, strict=True))
    raise FontMissing


def font_face(address: str) -> str:
    """The four ``@font-face`` rules; ``address`` has a place ``{style}`` for the style."""
    looks = {
        "regular": "font-weight: 400; font-style: normal",
        "bold": "font-weight: 700; font-style: normal",
        "italic": "font-weight: 400; font-style: italic",
        "bolditalic": "font-weight: 700; font-style: italic",
    }
    return "\n".join(
        f'@font-face {{ font-family: "{FAMILY}"; {look}; '
        f'src: url("{address.format(style=style)}"); }}'
        for style, look in looks.items()
    )


@cache
def _font(style: str) -> TTFont:
    # Here: a site asks at its start whether the files are there, and seldom what is in them.
    from fontTools.ttLib import TTFont

    return TTFont(files()[style], lazy=True, recalcTimestamp=False)


@cache
def glyphs(style: str) -> Mapping[str, int]:
    """Which glyph of the file shows a letter."""
    font = _font(style)
    return {chr(code): font.getGlyphID(name) for code, name in font.getBestCmap().items()}


@cache
def _advances(style: str) -> Mapping[int, int]:
    font = _font(style)
    widths = font["hmtx"].metrics
    return {code: widths[name][0] for code, name in font.getBestCmap().items()}


@lru_cache(maxsize=4096)
def width(text: str, style: str, size: float) -> float:
    """How wide a line of text is, in points, without kerning; raises ``KeyError`` for a
    letter the typeface lacks."""
    units: int = _font(style)["head"].unitsPerEm
    return sum(_advances(style)[ord(letter)] for letter in text) * size / units


def unprintable(text: str) -> str:
    """The characters of a text which the typeface lacks in some style, each once."""
    return "".join(sorted(set(text) - _printable()))


@cache
def _printable() -> frozenset[str]:
    codes = frozenset.intersection(*(frozenset(_advances(style)) for style in STYLES))
    return frozenset(map(chr, codes)) | set("\t\n\r")


@cache
def metrics(style: str) -> Metrics:
    """The measures of one style."""
    font = _font(style)
    scale = 1000 / font["head"].unitsPerEm
    head, hhea = font["head"], font["hhea"]
    return Metrics(
        name=font["name"].getDebugName(6),
        ascent=round(hhea.ascent * scale),
        descent=round(hhea.descent * scale),
        cap_height=round(font["OS/2"].sCapHeight * scale),
        italic_angle=font["post"].italicAngle,
        box=(
            round(head.xMin * scale),
            round(head.yMin * scale),
            round(head.xMax * scale),
            round(head.yMax * scale),
        ),
    )
