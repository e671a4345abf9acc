"""Which line of a sheet is its heading, which column is which, and which lines are no data.

Headings may take two lines, be merged over several columns, stand under a title, be written
with or without diacritics. ``columns.toml`` says which words mean which column.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from engine.errors import Refusal, Refused
from workflows.exchange import values
from workflows.exchange.columns import (
    HIGHER,
    Asked,
    Columns,
    columns,
    continued,
    folded,
    marked,
)
from workflows.exchange.phrases import RESULT, Phrases
from workflows.exchange.sheet import Cell, Row, Sheet, address
from workflows.names import fold

SEARCHED = 30
"""Among how many lines at the top the heading is looked for."""

_DATED = re.compile(r"\bngay\b.*\bthang\b.*\bnam\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """A cell in a column of results, and what stands over it."""

    cell: Cell
    asked: Asked


@dataclass(frozen=True, slots=True)
class Line:
    """A line of data: its cells by the names of the columns; of several columns of results the
    first that holds anything goes by the name, and ``answers`` are all of them."""

    sheet: str
    number: int
    cells: Mapping[str, Cell]
    answers: Sequence[Answer] = ()

    def text(self, column: str) -> str:
        cell = self.cells.get(column)
        return cell.text if cell else ""

    def cell(self, column: str) -> Cell:
        """The cell, or an empty one in its place, to be blamed."""
        found = self.cells.get(column)
        return found or Cell(None, self.sheet, f"{column}:{self.number}")


@cache
def layouts() -> Mapping[str, Any]:
    """What every kind of sheet has for columns (``columns.toml``)."""
    return tomllib.loads((files(__package__) / "columns.toml").read_text(encoding="utf-8"))


def lines(sheets: Sequence[Sheet], kind: str, left_out: list[str] | None = None) -> Iterator[Line]:
    """The data of the sheets that have the headings of this kind, blank lines, totals,
    signatures and repeated headings left out; ``left_out`` is filled with where those stand.
    Raises ``Refused``: ``no_headings`` if no sheet has the headings, ``no_rows`` if nothing
    stands under them."""
    layout = layouts()[kind]
    found = [(sheet, known) for sheet in sheets if (known := _heading(sheet, layout))]
    if not found:
        raise Refused(Refusal("no_headings", {"wanted": ", ".join(headings(kind))}))
    data = False
    for sheet, known in found:
        under = [row for row in sheet.rows if row.number > known.last]
        if changed := list(_changed(sheet, under, known, layout)):
            raise Refused(*(values.blame(cell, "heading_changes") for cell in changed))
        rows = [row for row in _unsigned(under, known, layout) if not _no_data(row, known, layout)]
        while rows and _filled(rows[-1], known) < 2 <= len(layout["needed"]):
            rows.pop()  # who made the list, at its foot
        if left_out is not None:
            left_out += _without(sheet.name, under, rows)
        data = data or bool(rows)
        yield from (_line(sheet.name, row, known) for row in rows)
    if not data:
        raise Refused(Refusal("no_rows"))


def _without(sheet: str, under: Sequence[Row], rows: Sequence[Row]) -> Iterator[str]:
    """Where the lines stand that hold no data, for whoever wants to see that none did."""
    kept = {row.number for row in rows}
    for row in under:
        if row.number not in kept:
            yield f"{sheet}!{row.number}" if sheet else str(row.number)


def _unsigned(rows: Sequence[Row], found: Columns, layout: Mapping[str, Any]) -> Iterator[Row]:
    """The lines without the blocks of signatures: from whoever signs down to their names.
    Nothing with a digit where every line of data has one is left out."""
    signing = False
    needed = [found.named[name] for name in layout["needed"]]
    for row in rows:
        worded = not any(c.isdigit() for column in needed for c in row.text(column))
        signing = worded and (signing or _signed(row))
        if not signing:
            yield row


def _signed(row: Row) -> bool:
    words = tuple(fold(word) + " " for word in layouts()["signatures"])
    return any((fold(cell.text) + " ").startswith(words) for cell in row.cells.values())


def _filled(row: Row, found: Columns) -> int:
    return sum(bool(row.text(column)) for column in found.every)


def headings(kind: str, language: str = "vi") -> list[str]:
    """The headings that the template of this kind has."""
    return [str(column[language]) for column in layouts()[kind]["columns"].values()]


def _heading(sheet: Sheet, layout: Mapping[str, Any]) -> Columns | None:
    """The heading of a sheet; the fullest line wins. Raises ``Refused`` (``heading_unclear``)
    where only the column of results is missing, and stands there without saying which."""
    best: Columns | None = None
    unclear: dict[Cell, None] = {}
    top = sheet.rows[:SEARCHED]
    for at, row in enumerate(top):
        if continued(row, next(iter(top[at + 1 : at + 2]), None), layout):
            continue
        found = columns(top[max(at - HIGHER, 0) : at][::-1], row, layout)
        if missing := set(layout["needed"]) - found.named.keys():
            unclear |= dict.fromkeys(found.unclear if missing == {RESULT} else ())
        elif best is None or found.told > best.told:
            best = found
    if unclear and best is None:
        raise Refused(*(values.blame(cell, "heading_unclear") for cell in unclear))
    return best


def _no_data(row: Row, found: Columns, layout: Mapping[str, Any]) -> bool:
    """A line of totals or signatures, a heading repeated over the page, or one that holds
    nothing in any column that counts."""
    texts = [row.text(column) for column in found.every]
    return (
        not any(text.strip("-–—") for text in texts)
        or _totals(row, found, layout)
        or _repeats(row, found)
        or _banner(row, found, layout)
    )


def _banner(row: Row, found: Columns, layout: Mapping[str, Any]) -> bool:
    """A line that is a title between the lines, or a place and a day."""
    first = next((fold(cell.text) for _, cell in sorted(row.cells.items())), "")
    # One value merged across all columns is a title between the lines; alone, a place and a day
    # stand above who signs. What leaves out who a line is of may go on with the heading.
    alone = len({cell.text for cell in row.cells.values()}) == 1
    wide = len(row.cells) > 1 and any(found.named[name] in row.cells for name in layout["names"])
    return alone and (wide or bool(_DATED.search(first)))


def _repeats(row: Row, found: Columns) -> bool:
    """Whether a line is a heading once more, as over each page."""
    return sum(marked(row.text(column)) in found.known for column in found.every) > 1


def _changed(
    sheet: Sheet, under: Sequence[Row], found: Columns, layout: Mapping[str, Any]
) -> Iterator[Cell]:
    """The cells of headings further down that say something else than the one that is read by,
    and of titles between the lines that name an outcome: what stands under them would be read
    as what it is not."""
    if any(one.says for one in found.asked):
        says = Phrases(layout, found.known)
        for row in (one for one in under if _banner(one, found, layout)):
            yield from [cell for cell in row.cells.values() if says.mentions(cell.text)][:1]
    above = [row for row in sheet.rows if found.last - HIGHER <= row.number <= found.last]
    for row in filter(lambda row: _repeats(row, found), under):
        for column in found.every:
            text = marked(row.text(column))
            if text and text not in {marked(one.text(column)) for one in above}:
                yield row.cells[column]


def _totals(row: Row, found: Columns, layout: Mapping[str, Any]) -> bool:
    """A line that sums up: it says so where a name stands or first of all, and lacks what a
    line of data has. A commune may be called Cộng Hòa, so the words alone are not enough."""
    first = min(row.cells, default=-1)
    places = (first, *(found.named[name] for name in layout["names"]))
    said = next((column for column in places if _sums_up(row.text(column))), None)
    if said is None:
        return False

    def lacking(column: int) -> bool:
        # Words merged over several columns say nothing in any but the first.
        cell = row.cells.get(column)
        return not cell or (cell.merged and cell.text == row.text(said))

    told = [one.column for one in found.asked] or [found.named[layout["worded"]]]
    needed = {found.named[name] for name in layout["needed"]} - set(told)
    worded = [row.text(column) for column in told if not lacking(column)]
    return any(map(lacking, needed)) or not (worded and all(_tells(one, layout) for one in worded))


def _sums_up(text: str) -> bool:
    """Whether a text begins with a word for totals. Its marks count, for "Công" and "Tống" are
    names; a text without any is taken only if it holds nothing else but figures."""
    words = layouts()["totals"]
    written = " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold()))
    if f"{written} ".startswith(tuple(f"{word} " for word in words)):
        return True
    return re.sub(r"[\d ]+$", "", written) in {fold(word) for word in words}


def _tells(text: str, layout: Mapping[str, Any]) -> bool:
    """Whether a cell says what a line of data says there, in words or by a mark: a sum is a
    number."""
    known = [folded(layout[key]) for key in ("results", "answers", "marks") if key in layout]
    return any(marked(text) in one for one in known) if known else any(map(str.isalpha, text))


def _line(sheet: str, row: Row, found: Columns) -> Line:
    def cell(column: int) -> Cell:
        return row.cells.get(column) or Cell(None, sheet, address(row.number, column))

    cells = {name: cell(column) for name, column in found.named.items()}
    answers = tuple(Answer(cell(one.column), one) for one in found.asked)
    if told := next((one.cell for one in answers if one.cell.text), None):
        cells[RESULT] = told
    return Line(sheet, row.number, cells, answers)
