"""What differs in a page from one paper to the next, told from what all its likes share.

The template marks each block of text that differs with ``data-fill``. A block holds text,
``<b>`` and ``<br>`` and nothing else, but that its only line may end with a field. What is left
of the page without these texts is the paper's skeleton; with a number of lines for each, it is
a shape. Stand-ins take the place of the texts in it: words that no paper holds, each one other
than the rest.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

# Values are escaped: no ``<`` and no ``>`` of theirs can stand in a page.
_TAG = re.compile(r"<(/?)(\w+)([^>]*)>")
_COLUMNS = re.compile(r"[^<]*(?:<col\b[^>]*>[^<]*)*")
_INNER = re.compile(r"(?:[^<]|<b>[^<]*</b>|<br>)*")
_FIELD = re.compile(r'<a class="field[^>]* id="(\w+)"[^>]*></a>')
_RUN = re.compile(r"<b>([^<]*)</b>|<(br)>|([^<]+)")
_TITLE = re.compile(r"(<title>)([^<]*)(</title>)")
_AUTHOR = re.compile(r'(<meta name="author" content=")([^"]*)(">)')
_MARK = " data-fill"
_STYLE, _LINES = ' style="', "white-space: pre-line"
_VOID = frozenset(("br", "col", "hr", "img", "link", "meta"))
_CELLS = frozenset(("td", "th"))
_WHITES = " \t\n\r\f"
_WHITE = re.compile(f"[{_WHITES}]+")
_MOST = 400  # blocks; a paper with more of them is one of a kind
# Letters narrow enough for any place, and of no Vietnamese word: i and l with marks.
_DIGITS = "".join(map(chr, (0x12B, 0x12D, 0x12F, 0x13A, 0x13C, 0x13E, 0x142, 0x140)))
_LENGTH = 4

Counts = tuple[tuple[int, ...], ...]
"""Of each block, how many lines each of its segments takes."""


class Run(NamedTuple):
    """Text of one look. A run after another on its line begins with the space between."""

    text: str
    is_bold: bool


Segment = tuple[Run, ...]
"""What stands between two forced ends of a line."""


@dataclass(frozen=True, slots=True)
class Block:
    """A marked block. ``where`` is what decides how wide it is and how it looks: its own tag
    and those around it. ``field`` names the field that its only line ends with."""

    where: str
    segments: tuple[Segment, ...]
    field: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page apart. ``pieces`` of its source stand around what differs: the title, the author,
    and the blocks, whose own marks are open at the end of the piece before them."""

    pieces: tuple[str, ...]
    title: str
    author: str
    blocks: tuple[Block, ...]

    @property
    def ones(self) -> Counts:
        """Each segment a line."""
        return tuple(tuple(1 for _ in block.segments) for block in self.blocks)

    @property
    def looks(self) -> tuple[tuple[tuple[bool, ...], ...], ...]:
        """Of each block, which runs of each segment are in bold."""
        return tuple(
            tuple(tuple(run.is_bold for run in segment) for segment in block.segments)
            for block in self.blocks
        )

    def shape(self, counts: Counts) -> str:
        """The source with stand-ins, so many lines of them."""
        codes, out = iter_codes(), [self.pieces[0], TITLE, self.pieces[1], AUTHOR]
        for number, (piece, block, lines) in enumerate(
            zip(self.pieces[2:], self.blocks, counts, strict=False)
        ):
            inside = map(_stand_ins, block.segments, lines, [codes] * len(lines))
            out += [_opened(piece, number, max(lines) > 1), "<br>".join(inside)]
            out += [" "] * bool(block.field)
        return "".join((*out, self.pieces[-1]))


def code(number: int) -> str:
    """The stand-in of a number."""
    letters = ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        letters = _DIGITS[digit] + letters
    return letters


TITLE, AUTHOR = code(0), code(1)


def iter_codes() -> Iterator[str]:
    """The stand-ins of runs, in their order."""
    return (code(number) for number in range(2, len(_DIGITS) ** _LENGTH))


def runs_of(page: Page, counts: Counts) -> int:
    """How many runs are set in a shape."""
    return sum(
        len(segment) - 1 + lines
        for block, each in zip(page.blocks, counts, strict=True)
        for segment, lines in zip(block.segments, each, strict=True)
    )


def _opened(piece: str, number: int, is_long: bool) -> str:
    """The source up to the inside of a block, which knows its number."""
    before, tag = piece[: piece.rindex("<")], piece[piece.rindex("<") :]
    if is_long and _STYLE in tag:
        tag = tag.replace(_STYLE, f"{_STYLE}{_LINES}; ", 1)
    elif is_long:
        tag = tag.replace(_MARK, f'{_STYLE}{_LINES}"{_MARK}')
    return f'{before}{tag}="{number}">'


def _stand_ins(segment: Segment, lines: int, codes: Iterator[str]) -> str:
    """Runs before the last keep to the first line; the last one takes all lines there are."""
    before = [f"<b>{next(codes)}</b> " if run.is_bold else next(codes) for run in segment[:-1]]
    last = "\n".join(next(codes) for _ in range(lines))
    return "".join((*before, f"<b>{last}</b>" if segment[-1].is_bold else last))


def apart(page: str) -> Page | None:
    """A page as skeleton and texts; None for one that marks no block, or too many."""
    title, author = _TITLE.search(page), _AUTHOR.search(page)
    if _MARK not in page or title is None or author is None or page.count(_MARK) > _MOST:
        return None
    blocks, pieces = [], [page[: title.start(2)], page[title.end(2) : author.start(2)]]
    at = author.end(2)
    for start, end, where, field in _marked(page, page.index("<body")):
        segments = tuple(_segments(page[start:end]))
        if not all(segments):
            return None
        if field:  # the space between the two is the text's
            segments = ((Run(f"{segments[-1][-1].text} ", False),),)
        blocks.append(Block(where, segments, field))
        pieces.append(page[at : start - 1])
        at = end
    if len(blocks) != page.count(_MARK):
        return None
    texts = _collapsed(title[2]), html.unescape(author[2])
    return Page((*pieces, page[at:]), *texts, tuple(blocks))


def _marked(page: str, at: int) -> Iterator[tuple[int, int, str, str]]:
    """Where the text of each marked block begins and ends, what is around it, and the field
    after it."""
    around, cells = ["", ""], 0
    for tag in _TAG.finditer(page, at):
        closing, name, told = tag.groups()
        if closing:
            around.pop()
        elif name == "tr":
            cells = 0
            around.append(f"{around[-1]}<tr{told}")
        elif name == "colgroup":
            columns = _COLUMNS.match(page, tag.end())
            around[-1] += columns[0] if columns else ""
            around.append("")
        elif name not in _VOID:
            cells += name in _CELLS
            around.append(f"{around[-1]}<{name}{told}" + (str(cells) if name in _CELLS else ""))
            if told.endswith(_MARK):
                inner = _INNER.match(page, tag.end())
                end = inner.end() if inner else tag.end()
                field = _FIELD.match(page, end)
                if page.startswith(f"</{name}>", field.end() if field else end):
                    yield tag.end(), end, around[-1], field[1] if field else ""


def _segments(inner: str) -> Iterator[Segment]:
    runs: list[Run] = []
    spaced = False
    for bold, forced, text in _RUN.findall(inner):
        if forced:
            yield tuple(runs)
            runs, spaced = [], False
            continue
        source = bold or text
        plain = _collapsed(source)
        begins = (spaced or source[0] in _WHITES) and bool(runs)
        spaced = source[-1] in _WHITES
        if plain:
            runs.append(Run(f" {plain}" if begins else plain, bool(bold)))
    yield tuple(runs)


def _collapsed(source: str) -> str:
    return html.unescape(" ".join(_WHITE.split(source.strip(_WHITES))))
