"""A report as a workbook: a sheet for each table, one for the sources, figures as links."""

from __future__ import annotations

import re
from io import BytesIO

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
    sheet.append([table.caption])
    sheet.append([*table.head, words()["head"]["source"][language]])
    for cell in (*sheet[1], *sheet[2]):
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B3"
    for place, row in enumerate(table.rows, 3):
        for column, cell in enumerate(row, 1):
            _cell(sheet, place, column, cell, base_url)
        sheet.cell(place, len(row) + 1, notes(row))
    for remark in table.remarks:
        sheet.append([remark])
    for column in range(1, len(table.head) + 2):
        told = [str(row[column - 1].text) for row in table.rows if column <= len(row)]
        width = min(WIDEST, max([12, *map(len, told)]) + 2)
        sheet.column_dimensions[get_column_letter(column)].width = width


def _cell(sheet: Worksheet, row: int, column: int, told: Cell, base_url: str) -> None:
    """A whole number where the source states one, else its text; never a formula."""
    cell = sheet.cell(row, column)
    if told.value is not None and column > 1:
        cell.value = told.value
        cell.number_format = "#,##0"
    else:
        cell.value = told.text
        cell.data_type = "s"
    if told.address:
        cell.hyperlink = base_url + told.address


def _sources(sheet: Worksheet, report: Report, base_url: str) -> None:
    for one in report.sources:
        sheet.append([one.number, one.text, base_url + one.address])
        sheet.cell(sheet.max_row, 3).hyperlink = base_url + one.address
        sheet.cell(sheet.max_row, 2).data_type = "s"
    sheet.column_dimensions["B"].width = WIDEST
    sheet.column_dimensions["C"].width = WIDEST
