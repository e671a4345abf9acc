"""The typeface inside a form: what lets a number be written into a paper later.

A field filled after the first signature must show its text with an embedded font, and the
fill may not change what was signed. So the font lies in the first bytes, with every
Vietnamese letter, under a fixed name in the form's resources; a fill then only names glyphs.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from typing import Any

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Pdf

from engine.papers import fonts
from engine.papers.letters import FIELD_LETTERS

#: Resource name of each style a field may be written in.
RESOURCE = {"regular": "/Tinos", "italic": "/TinosItalic"}

_SYMBOLIC, _ITALIC = 4, 64
_TO_UNICODE_HEAD = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
"""
_TO_UNICODE_TAIL = "endcmap CMapName currentdict /CMap defineresource pop end end\n"
_NUMBER = re.compile(rb"\d+")
_PAIR = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]{4})>")


class LetterMissing(ValueError):
    """The form's font lacks a letter; ``letter`` is it."""

    def __init__(self, letter: str) -> None:
        super().__init__(f"the form's font lacks {letter!r} (U+{ord(letter):04X})")
        self.letter = letter


@dataclass(frozen=True, slots=True, eq=False)
class FormFace:
    """A font of a form as found in a file: which glyph shows a letter, and how wide. One and
    the same for all files that bring along the same font."""

    glyphs: Mapping[str, int]
    widths: Mapping[int, int]
    ascent: int
    descent: int

    def encode(self, text: str) -> str:
        """The text as a PDF hexadecimal string; raises ``LetterMissing``."""
        return "<" + "".join(f"{self._glyph(letter):04X}" for letter in text) + ">"

    def width(self, text: str) -> int:
        """How wide the text is, in thousandths of the size; raises ``LetterMissing``."""
        return sum(self.widths[self._glyph(letter)] for letter in text)

    def _glyph(self, letter: str) -> int:
        try:
            return self.glyphs[letter]
        except KeyError:
            raise LetterMissing(letter) from None


@dataclass(frozen=True, slots=True)
class _Program:
    data: bytes
    glyphs: Mapping[str, int]
    widths: tuple[int, ...]


@cache
def _program(style: str) -> _Program:
    font = TTFont(fonts.files()[style], recalcTimestamp=False)
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[], notdef_outline=True)
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "OS/2", "post"]
    cutter = subset.Subsetter(options)
    cutter.populate(text=FIELD_LETTERS)
    cutter.subset(font)
    out = BytesIO()
    font.save(out, reorderTables=True)
    order = font.getReverseGlyphMap()
    scale = 1000 / font["head"].unitsPerEm
    return _Program(
        data=out.getvalue(),
        glyphs={chr(code): order[name] for code, name in sorted(font.getBestCmap().items())},
        widths=tuple(round(font["hmtx"][name][0] * scale) for name in font.getGlyphOrder()),
    )


@cache
def face(style: str) -> FormFace:
    """The face of a style as ``embed`` writes it."""
    program, measures = _program(style), fonts.metrics(style)
    return FormFace(
        program.glyphs, dict(enumerate(program.widths)), measures.ascent, measures.descent
    )


def embed(pdf: Pdf, style: str) -> pikepdf.Object:
    """Adds the style to the file as a composite font; returns the reference."""
    program, measures = _program(style), fonts.metrics(style)
    tag = "".join(chr(65 + byte % 26) for byte in hashlib.sha256(program.data).digest()[:6])
    name = Name(f"/{tag}+{measures.name}")
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=name,
        CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
        CIDToGIDMap=Name.Identity,
        FontDescriptor=pdf.make_indirect(_descriptor(pdf, name, style)),
        W=Array([0, Array(list(program.widths))]),
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=name,
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(descendant)]),
            ToUnicode=_packed(pdf, _to_unicode(style)),
        )
    )


def _descriptor(pdf: Pdf, name: Name, style: str) -> Dictionary:
    program, measures = _program(style), fonts.metrics(style)
    file = _packed(pdf, program.data)
    file.Length1 = len(program.data)
    return Dictionary(
        Type=Name.FontDescriptor,
        FontName=name,
        Flags=_SYMBOLIC | (_ITALIC if measures.italic_angle else 0),
        FontBBox=Array(list(measures.box)),
        ItalicAngle=round(measures.italic_angle),
        Ascent=measures.ascent,
        Descent=measures.descent,
        CapHeight=measures.cap_height,
        StemV=80,
        FontFile2=file,
    )


def _packed(pdf: Pdf, content: bytes) -> pikepdf.Stream:
    return pdf.make_stream(_squeezed(content), Filter=Name.FlateDecode)


@lru_cache(maxsize=16)
def _squeezed(content: bytes) -> bytes:
    # The same few fonts lie in every paper: they are packed once in a process.
    return zlib.compress(content, 9)


@cache
def _to_unicode(style: str) -> bytes:
    glyphs = _program(style).glyphs
    by_glyph = {glyph: letter for letter, glyph in sorted(glyphs.items(), reverse=True)}
    pairs = [f"<{glyph:04X}> <{ord(by_glyph[glyph]):04X}>" for glyph in sorted(by_glyph)]
    blocks = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    body = "".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks
    )
    return (_TO_UNICODE_HEAD + body + _TO_UNICODE_TAIL).encode("ascii")


def read(font: pikepdf.Object) -> FormFace:
    """The face a form's font shows, from the file alone (its ToUnicode map and widths)."""
    descendant: Any = font.DescendantFonts[0]
    descriptor = descendant.FontDescriptor
    return _read(
        font.ToUnicode.read_bytes(),
        descendant.W.unparse(resolved=True),
        int(descriptor.Ascent),
        int(descriptor.Descent),
    )


@lru_cache(maxsize=16)
def _read(to_unicode: bytes, widths: bytes, ascent: int, descent: int) -> FormFace:
    # Nearly every file brings the same few fonts; their hundreds of numbers are read once.
    glyphs = {chr(int(letter, 16)): int(glyph, 16) for glyph, letter in _PAIR.findall(to_unicode)}
    first, *rest = map(int, _NUMBER.findall(widths))
    return FormFace(glyphs, {first + n: width for n, width in enumerate(rest)}, ascent, descent)
