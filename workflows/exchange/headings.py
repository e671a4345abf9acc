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
from workflows.exchange.sheet import Cell, Row, Sheet, address
from workflows.names import fold

SEARCHED = 30
"""Among how many lines at the top the heading is looked for."""

_DATED = re.compile(r"\bngay\b.*\bthang\b.*\bnam\b")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of data: its cells by the names of the columns."""

    sheet: str
    number: int
    cells: Mapping[str, Cell]

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
    found = [(sheet, where) for sheet in sheets if (where := _heading(sheet, layout))]
    if not found:
        raise Refused(Refusal("no_headings", {"wanted": ", ".join(headings(kind))}))
    data = False
    for sheet, (last, columns) in found:
        under = [row for row in sheet.rows if row.number > last]
        rows = [
            row for row in _unsigned(under, columns, layout) if not _no_data(row, columns, layout)
        ]
        while rows and _filled(rows[-1], columns) < 2 <= len(layout["needed"]):
            rows.pop()  # who made the list, at its foot
        if left_out is not None:
            left_out += _without(sheet.name, under, rows)
        data = data or bool(rows)
        yield from (_line(sheet.name, row, columns) for row in rows)
    if not data:
        raise Refused(Refusal("no_rows"))


def _without(sheet: str, under: Sequence[Row], rows: Sequence[Row]) -> Iterator[str]:
    """Where the lines stand that hold no data, for whoever wants to see that none did."""
    kept = {row.number for row in rows}
    for row in under:
        if row.number not in kept:
            yield f"{sheet}!{row.number}" if sheet else str(row.number)


def _unsigned(
    rows: Sequence[Row], columns: Mapping[str, int], layout: Mapping[str, Any]
) -> Iterator[Row]:
    """The lines without the blocks of signatures: from whoever signs down to their names.
    Nothing with a digit where every line of data has one is left out."""
    signing = False
    for row in rows:
        worded = not any(c.isdigit() for name in layout["needed"] for c in row.text(columns[name]))
        signing = worded and (signing or _signed(row))
        if not signing:
            yield row


def _signed(row: Row) -> bool:
    words = tuple(fold(word) + " " for word in layouts()["signatures"])
    return any((fold(cell.text) + " ").startswith(words) for cell in row.cells.values())


def _filled(row: Row, columns: Mapping[str, int]) -> int:
    return sum(bool(row.text(column)) for column in columns.values())


def headings(kind: str, language: str = "vi") -> list[str]:
    """The headings that the template of this kind has."""
    columns = layouts()[kind]["columns"]
    return [str(column[language]) for column in columns.values()]


def _heading(sheet: Sheet, layout: Mapping[str, Any]) -> tuple[int, Mapping[str, int]] | None:
    """The last line of the heading and the column of each name; the fullest line wins."""
    best: tuple[int, Mapping[str, int]] | None = None
    top = sheet.rows[:SEARCHED]
    for index in range(len(top)):
        for tall in (1, 2):
            over = top[index : index + tall]
            columns = _columns(over, layout) if len(over) == tall else {}
            if set(layout["needed"]) <= columns.keys() and len(columns) > len(
                best[1] if best else ()
            ):
                best = over[-1].number, columns
    return best


def _columns(rows: Sequence[Row], layout: Mapping[str, Any]) -> Mapping[str, int]:
    """The columns that these lines name. Under a heading merged over several columns a second
    line says which is which, alone or together with the first."""
    names = _names(layout)
    found: dict[str, int] = {}
    for column in sorted({column for row in rows for column in row.cells}):
        texts = [fold(row.text(column)) for row in rows]
        written = dict.fromkeys(filter(None, texts))
        candidates = [" ".join(written), *reversed(written)]
        name = next((names[text] for text in candidates if text in names), None)
        if name and name not in found:
            found[name] = column
    return found


def _names(layout: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        fold(text): name
        for name, column in layout["columns"].items()
        for text in (name.replace("_", " "), column["vi"], column["en"], *column.get("also", ()))
    }


def _no_data(row: Row, columns: Mapping[str, int], layout: Mapping[str, Any]) -> bool:
    """A line of totals or signatures, a heading repeated over the page, or one that holds
    nothing in any column that counts."""
    texts = [fold(row.text(column)) for column in columns.values()]
    first = next((fold(cell.text) for _, cell in sorted(row.cells.items())), "")
    names = _names(layout)
    repeated = sum(1 for text in texts if text in names)
    # One value merged across all columns is a title between the lines; alone, a place and a day
    # stand above who signs.
    alone = len({cell.text for cell in row.cells.values()}) == 1
    banner = alone and (len(row.cells) > 1 or bool(_DATED.search(first)))
    return not any(texts) or _totals(row, columns, layout) or repeated > 1 or banner


def _totals(row: Row, columns: Mapping[str, int], layout: Mapping[str, Any]) -> bool:
    """A line that sums up: it says so where a name stands or first of all, and lacks what a
    line of data has. A commune may be called Cộng Hòa, so the words alone are not enough."""
    first = min(row.cells, default=-1)
    places = (first, *(columns[name] for name in layout["names"]))
    said = next((column for column in places if _sums_up(row.text(column))), None)
    if said is None:
        return False
    needed = [row.cells.get(columns[name]) for name in layout["needed"]]
    # Words merged over several columns say nothing in any but the first.
    lacking = (not cell or (cell.merged and cell.text == row.text(said)) for cell in needed)
    return any(lacking) or not _tells(row.text(columns[layout["worded"]]), layout)


def _sums_up(text: str) -> bool:
    """Whether a text begins with a word for totals. Its marks count, for "Công" and "Tống" are
    names; a text without any is taken only if it holds nothing else but figures."""
    words = layouts()["totals"]
    written = " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold()))
    if f"{written} ".startswith(tuple(f"{word} " for word in words)):
        return True
    return re.sub(r"[\d ]+$", "", written) in {fold(word) for word in words}


def _tells(text: str, layout: Mapping[str, Any]) -> bool:
    """Whether a cell says in words what a line of data says there: a sum is a number."""
    results = [fold(word) for words in layout.get("results", {}).values() for word in words]
    return fold(text) in results if results else any(c.isalpha() for c in text)


def _line(sheet: str, row: Row, columns: Mapping[str, int]) -> Line:
    cells = {
        name: row.cells.get(column) or Cell(None, sheet, address(row.number, column))
        for name, column in columns.items()
    }
    return Line(sheet, row.number, cells)
