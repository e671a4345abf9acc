"""How wide a text will be, without a font: wide enough for any of the usual ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

# Shares of the letter size, after DejaVu Sans, the widest of the common screen faces.
NARROW, SLIM, WIDE, BROAD = "fijlIJ'.,:;|!()[]/ ", "rtsczx-", "mwMW@%—", "ABCDEGHKNOPQRSTUVXYZĐ&"
SHARES: Mapping[str, float] = (
    dict.fromkeys(NARROW, 0.34)
    | dict.fromkeys(SLIM, 0.54)
    | dict.fromkeys(WIDE, 0.98)
    | dict.fromkeys(BROAD, 0.76)
)
OTHER = 0.63
BOLD = 1.1


def plain(text: str) -> str:
    """One line without signs that no page may carry."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide the text is when set in letters of that size."""
    bases = (sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return sum(SHARES.get(sign, OTHER) for sign in bases) * size * (BOLD if bold else 1)


def wrap(text: str, room: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """The text in lines no wider than the room; a word that is wider is cut."""
    lines = [""]
    for word in plain(text).split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if width(longer, size, bold=bold) <= room:
            lines[-1] = longer
            continue
        first, *rest = _cut(word, room, size, bold=bold)
        lines = [*(line for line in lines if line), first, *rest]
    return tuple(lines)


def _cut(word: str, room: float, size: float, *, bold: bool) -> list[str]:
    pieces = [""]
    for sign in word:
        if pieces[-1] and width(pieces[-1] + sign, size, bold=bold) > room:
            pieces.append("")
        pieces[-1] += sign
    return pieces
