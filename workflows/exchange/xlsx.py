"""Office Open XML workbooks (ISO/IEC 29500), by openpyxl."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter, range_boundaries

from workflows.exchange.sheet import (
    CELLS,
    COLUMNS,
    ROWS,
    UNPACKED,
    Sheet,
    Value,
    sheet_of,
    too_big,
    unreadable,
)

_MERGED = re.compile(rb"""mergeCell\s[^>]*?ref\s*=\s*["']([$A-Z0-9:]+)""")


def read(data: bytes, name: str) -> Sequence[Sheet]:
    """The visible sheets, formulas as the values they last had; raises ``Refused``."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > UNPACKED:
                raise unreadable(name)
            _measure_merged(archive)
        book = load_workbook(BytesIO(data), data_only=True)
        return [_sheet(each) for each in book.worksheets if each.sheet_state == "visible"]
    except (BadZipFile, KeyError, ValueError, TypeError, OSError, SyntaxError) as error:
        # A damaged part is told by whichever of these the library happens on.
        raise unreadable(name) from error


def _measure_merged(archive: ZipFile) -> None:
    """Before the library makes a cell of every place that a merged one covers."""
    covered = 0
    for part in archive.namelist():
        if part.startswith("xl/worksheets/"):
            for found in _MERGED.finditer(archive.read(part)):
                left, top, right, bottom = range_boundaries(found[1].decode())
                covered += (right - left + 1) * (bottom - top + 1)
    if covered > CELLS:
        raise too_big()


def _sheet(sheet: Any) -> Sheet:
    # Going through the lines makes a cell of every place up to the last one used.
    if sheet.max_row * min(sheet.max_column, COLUMNS) > CELLS:
        raise too_big()
    return sheet_of(sheet.title, _lines(sheet, _merged(sheet)))


def _merged(sheet: Any) -> Mapping[tuple[int, int], Value]:
    """What merged cells give to the places they cover besides their own."""
    given: dict[tuple[int, int], Value] = {}
    for area in sheet.merged_cells.ranges:
        value = sheet.cell(area.min_row, area.min_col).value
        for row in range(area.min_row, min(area.max_row, ROWS) + 1):
            for column in range(area.min_col, min(area.max_col, COLUMNS) + 1):
                given[row, column - 1] = _plain(value)
        given.pop((area.min_row, area.min_col - 1), None)
    return given


def _lines(
    sheet: Any, merged: Mapping[tuple[int, int], Value]
) -> Iterator[tuple[int, Mapping[int, tuple[Value, bool]]]]:
    for number, cells in enumerate(sheet.iter_rows(max_col=min(sheet.max_column, COLUMNS)), 1):
        yield (
            number,
            {
                column: (merged[number, column], True)
                if (number, column) in merged
                else (_plain(cell.value), False)
                for column, cell in enumerate(cells)
            },
        )


def _plain(value: Any) -> Value:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, str | int | float | date) else None


def write(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook of one sheet: the headings, then the rows, every cell as text."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = title
    for line in (headings, *rows):
        sheet.append(list(line))
    for column, heading in enumerate(headings, 1):
        top = sheet.cell(1, column)
        top.font, top.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(column)].width = max(14, len(heading) + 4)
    for row in sheet.iter_rows():
        for cell in row:
            cell.number_format = "@"
    sheet.freeze_panes = "A2"
    out = BytesIO()
    book.save(out)
    return out.getvalue()
