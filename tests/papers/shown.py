"""What the pages of a paper paint, with the letters read through their fonts.

Two papers that paint the same give the same picture at any size, and the same text: faces are
told by their looks, not by their names, and glyphs by their letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO

import pikepdf

_RUN = re.compile(rb"1 0 0 -1 (\S+) (\S+) Tm\n/(\S+) (\S+) Tf\n\[([^\]]*)\] TJ\n")
_PIECE = re.compile(rb"<([0-9a-fA-F]*)>|([-\d.]+)")
_PAIR = re.compile(rb"<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>")
_LOOKS = {"Regular": "", "Italic": "I", "Bold": "B", "Bold-Italic": "BI", "BoldItalic": "BI"}

Face = tuple[str, Mapping[int, str]]


def painted(content: bytes) -> list[str]:
    """The operators of all pages, one a line; a run of text is told by place, look and size,
    then its letters, each with what moves the next one."""
    with pikepdf.open(BytesIO(content)) as pdf:
        return [line for page in pdf.pages for line in _page(page)]


def _page(page: pikepdf.Page) -> list[str]:
    faces = {name.removeprefix("/"): _face(font) for name, font in page.Resources.Font.items()}
    page.contents_coalesce()
    whole = page.Contents.read_bytes()
    return _RUN.sub(lambda run: _run(run, faces), whole).decode().splitlines()


def _face(font: pikepdf.Object) -> Face:
    name = re.sub(r"^.*\+(Paper-Times|Tinos|LiberationSerif)-?", "", str(font.BaseFont))
    pairs = _PAIR.findall(font.ToUnicode.read_bytes())
    letters = {
        int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs
    }
    return _LOOKS[name or "Regular"], letters


def _run(run: re.Match[bytes], faces: Mapping[str, Face]) -> bytes:
    look, letters = faces[run[3].decode()]
    told = f"{float(run[1]):.4f} {float(run[2]):.4f} {look} {float(run[4]):.4f}"
    for glyphs, moved in _PIECE.findall(run[5]):
        if moved and float(moved):
            told += f" {float(moved):.2f} "
        told += "".join(letters[int(glyphs[n : n + 4], 16)] for n in range(0, len(glyphs), 4))
    return f"{told}\n".encode()
