"""A report as a workbook: a sheet for each table, one for the sources, figures as links."""

from __future__ import annotations

import re
from decimal import Decimal
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from workflows.reports.facts import words
from workflows.reports.paper import notes
from workflows.reports.parts import Cell, Report, Table

_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
LONGEST_NAME = 31
WIDEST = 60


def workbook(report: Report, base_url: str, language: str = "vi") -> bytes:
    """The file."""
    book = Workbook()
    book.remove(book.active)
    book.properties.title = f"{report.title}, {report.place}, {report.years}"
    for number, table in enumerate(report.tables, 1):
        sheet = book.create_sheet(_name(number, table.caption))
        _table(sheet, table, base_url, language)
    _sources(book.create_sheet(words()["caption"]["sources"][language]), report, base_url)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def _name(number: int, caption: str) -> str:
    return f"{number}. {_NOT_IN_NAMES.sub(' ', caption)}"[:LONGEST_NAME].strip()


def _table(sheet: Worksheet, table: Table, base_url: str, language: str) -> None:
    _write(sheet, 1, table.caption)
    for column, text in enumerate((*table.head, words()["head"]["source"][language]), 1):
        year = int(text) if text.isdecimal() else None
        _cell(sheet, 2, column, Cell(text, year, plain=True), base_url)
    for cell in (*sheet[1], *sheet[2]):
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B3"
    for place, row in enumerate(table.rows, 3):
        for column, cell in enumerate(row, 1):
            _cell(sheet, place, column, cell, base_url)
        sheet.cell(place, len(row) + 1, notes(row))
    for place, remark in enumerate(table.remarks, len(table.rows) + 3):
        _write(sheet, place, remark)
    for column in range(1, len(table.head) + 2):
        told = [str(row[column - 1].text) for row in table.rows if column <= len(row)]
        width = min(WIDEST, max([12, *map(len, told)]) + 2)
        sheet.column_dimensions[get_column_letter(column)].width = width


def _write(sheet: Worksheet, row: int, *texts: str) -> None:
    for column, text in enumerate(texts, 1):
        _text(sheet.cell(row, column), text)


def _text(cell: Any, text: str) -> None:
    """A text is a text, also when it begins like a formula."""
    cell.value = text
    cell.data_type = "s"


def _cell(sheet: Worksheet, row: int, column: int, told: Cell, base_url: str) -> None:
    """A number where the source states one, else its text; never a formula."""
    cell = sheet.cell(row, column)
    if told.value is not None:
        cell.value = told.value
        cell.number_format = _format(told.value, plain=told.plain)
    else:
        _text(cell, told.text)
    if told.address:
        cell.hyperlink = base_url + told.address


def _format(value: int | Decimal, *, plain: bool) -> str:
    """How a number is shown: with all its places, thousands set apart unless it is a year."""
    places = -int(value.as_tuple().exponent) if isinstance(value, Decimal) else 0
    return ("0" if plain else "#,##0") + ("." + "0" * places if places else "")


def _sources(sheet: Worksheet, report: Report, base_url: str) -> None:
    for place, one in enumerate(report.sources, 1):
        sheet.cell(place, 1).value = one.number
        _text(sheet.cell(place, 2), one.text)
        _text(sheet.cell(place, 3), base_url + one.address)
        sheet.cell(place, 3).hyperlink = base_url + one.address
    sheet.column_dimensions["B"].width = WIDEST
    sheet.column_dimensions["C"].width = WIDEST
