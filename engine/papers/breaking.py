"""Where the typesetter breaks a text into lines.

Greedy, as Pango breaks: as much on each line as it holds without the space at its end. A line
may also end after a hyphen or a stroke between two words (Unicode annex 14, classes HY, BA and
SY), but not inside a paper's number and symbol: "02/QĐ-UBND" stays whole. Wherever that annex
would have to be asked for more, or a line holds its last word by less than a hair, the text is
left to the typesetter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from engine.papers import shaping

_HAIR = 0.05  # of a pixel
_KERN = 4.0  # pixels: more than the space after a word ever takes from it
_HYPHENS = frozenset("-/–—")
_NO_END = frozenset(".,;:()“”‘’'\"%")  # between letters and figures, no line ends after these
# Of a number and symbol no more letters than the narrowest column holds in one line.
_NUMBERED = re.compile(r"(?<!\w)(?=\S{3,18}(?!\S))[\d…]+/(?:\d+/)?[^\W_]+(?:-[^\W_]+)*")


class DoesNotFit(Exception):
    """These texts are for a real layout."""


class End(NamedTuple):
    """A line may end here, and the next one begins there. Not ``is_sure``: it might."""

    end: int
    next: int
    is_sure: bool


def lines(text: str, style: str, size: float, first: float, room: float) -> list[str]:
    """The lines of a text, of which the first has less room, all in pixels; raises
    ``DoesNotFit`` and ``shaping.NotPlain``."""
    whole = shaping.line(text, style, size)
    if whole.width < first - _KERN:
        return [text]
    edges = [0, *accumulate(whole.advances)]
    found: list[str] = []
    start = 0
    ends = list(_ends(text))
    while start < len(text):
        end = _end(text, edges, ends, start, (style, size, room if found else first))
        found.append(text[start : end.end])
        start = end.next
    return found


def _end(
    text: str, edges: Sequence[int], ends: Sequence[End], start: int, told: tuple[str, float, float]
) -> End:
    """The last end that the line from ``start`` reaches."""
    best = None
    for end in ends:
        if end.end <= start:
            continue
        if not _fits(text[start : end.end], edges[end.end] - edges[start], *told):
            break
        best = end
    if best is None or not best.is_sure:
        raise DoesNotFit(text)
    return best


def _fits(text: str, kerned: int, style: str, size: float, room: float) -> bool:
    """Whether a text fits, both as part of the whole and for itself."""
    width = kerned / shaping.UNITS
    if abs(width - room) > _KERN:
        return width < room
    alone = shaping.line(text, style, size).width
    if min(abs(width - room), abs(alone - room)) < _HAIR or (width < room) != (alone < room):
        raise DoesNotFit(text)
    return alone < room


def wholes(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text a number and symbol stands (Decree 30/2020, appendix I, II.3: one
    element): from which letter, and before which; no line ends between the two."""
    return (found.span() for found in _NUMBERED.finditer(text))


def _ends(text: str) -> Iterator[End]:
    """Where lines may end, in order; the end of the text is the last."""
    inside = {at for start, end in wholes(text) for at in range(start + 1, end)}
    for at in range(1, len(text)):
        before, after = text[at - 1], text[at]
        if at in inside:
            continue
        if after == " ":
            yield End(at, at + 1, True)
        elif before == " " or before.isalnum() or before in _NO_END:
            continue
        elif before not in _HYPHENS or not text[at - 2 : at - 1].isalnum():
            yield End(at, at, False)
        elif after.isalpha():
            yield End(at, at, True)
        elif not after.isdigit():
            yield End(at, at, False)
    yield End(len(text), len(text), True)
