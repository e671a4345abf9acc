"""Sheets as offices keep them, read to rows whose cells know their place.

Merged cells give their value to every place they cover; blank lines stay out, and the
numbers of the others are those of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.errors import Refusal, Refused
from engine.papers import letters
from engine.texts import visible

Value = str | int | float | bool | date | None

MEGABYTES = 8
ROWS = 50_000
COLUMNS = 200
CELLS = 1_000_000
"""How many cells all sheets of a file may hold; repeated and merged ones count as often as
they stand for a place."""
UNPACKED = 120 * 1024 * 1024
"""How much a file may unpack to: a sheet of that many rows is far below."""

TOLD = 20
"""So many cells are named at once."""

FORMATS = ("xlsx", "ods", "csv")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and where it stands: sheet and address (``C7``). ``merged`` if it is given by a
    cell that covers this place from another."""

    value: Value
    sheet: str
    address: str
    merged: bool = False

    @property
    def text(self) -> str:
        """The value as written, spaces made single, without what shows nothing; a whole number
        without decimals."""
        if self.value is None:
            return ""
        if isinstance(self.value, float) and self.value.is_integer():
            return str(int(self.value))
        if isinstance(self.value, date):
            return self.value.isoformat()
        return " ".join(visible(str(self.value)).split())


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a sheet with its number there, from 1, and its cells by column, from 0."""

    number: int
    cells: Mapping[int, Cell]

    def text(self, column: int | None) -> str:
        cell = self.cells.get(column) if column is not None else None
        return cell.text if cell else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    rows: Sequence[Row]


def address(row: int, column: int) -> str:
    """``C7`` for row 7 and column 2 (counted from 0)."""
    signs = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        signs = chr(ord("A") + rest) + signs
    return f"{signs}{row}"


def read(data: bytes, name: str) -> Sequence[Sheet]:
    """The sheets of a file that hold anything; its kind is told by its content, not its name.

    Raises ``Refused`` (``sheet_too_big``, ``sheet_unreadable``, ``sheet_empty``,
    ``sheet_no_letters``).
    """
    if len(data) > MEGABYTES * 1024 * 1024:
        raise too_big()
    sheets, cells = [], 0
    for sheet in _reader(data, name)(data, name):
        cells += sum(len(row.cells) for row in sheet.rows)
        if cells > CELLS:
            raise too_big()
        sheets += [sheet] if sheet.rows else []
    if not sheets:
        raise Refused(Refusal("sheet_empty", {"file": name}))
    if strange := [cell for sheet in sheets for cell in _strange(sheet)]:
        raise Refused(*(_no_letters(cell) for cell in strange[:TOLD]))
    return sheets


def _strange(sheet: Sheet) -> Iterator[Cell]:
    """The cells with what is no letter: in a name or a note it would spoil every paper."""
    for row in sheet.rows:
        for cell in row.cells.values():
            if isinstance(cell.value, str) and letters.unreadable(cell.text):
                yield cell


def _no_letters(cell: Cell) -> Refusal:
    place = f"{cell.sheet}!{cell.address}" if cell.sheet else cell.address
    return Refusal("sheet_no_letters", {"cell": cell.address}, field=place)


def _reader(data: bytes, name: str) -> Any:
    from workflows.exchange import ods, separated, xlsx

    if not data.startswith(b"PK"):
        return separated.read
    return ods.read if ods.is_ods(data) else xlsx.read


def unreadable(name: str) -> Refused:
    return Refused(Refusal("sheet_unreadable", {"file": name, "formats": ", ".join(FORMATS)}))


def of_old_letters(name: str) -> Refused:
    """Text that is written in letters of before Unicode."""
    return Refused(Refusal("sheet_not_unicode", {"file": name}))


def too_big() -> Refused:
    return Refused(Refusal("sheet_too_big", {"megabytes": MEGABYTES, "rows": ROWS}))


def sheet_of(name: str, lines: Iterable[tuple[int, Mapping[int, tuple[Value, bool]]]]) -> Sheet:
    """A sheet of numbered lines, each of values by column and whether they are merged in.

    Raises ``Refused`` (``sheet_too_big``).
    """
    rows, held = [], 0
    for number, values in lines:
        cells = {
            column: Cell(value, name, address(number, column), merged)
            for column, (value, merged) in values.items()
            if not blank(value) and column < COLUMNS
        }
        if cells:
            rows.append(Row(number, cells))
        held += len(cells)
        if len(rows) > ROWS or held > CELLS:
            raise too_big()
    return Sheet(name, rows)


def blank(value: Value) -> bool:
    """Whether a cell of this value holds nothing to read."""
    return value is None or (isinstance(value, str) and not visible(value).strip())
