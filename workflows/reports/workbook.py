"""A report as a workbook: what it is and what it says, a sheet for each table, the sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from itertools import islice
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from workflows.reports.facts import words
from workflows.reports.paper import notes, shared_source
from workflows.reports.parts import Cell, Report, Table
from workflows.reports.sheets import UPRIGHT, WIDEST, height, printed, widths

_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
LONGEST_NAME = 31
FACE = "Times New Roman"
LINK = "1F3864"
LINE = Border(*[Side(style="thin", color="808080")] * 4)
HEAD = PatternFill("solid", fgColor="F2F2F2")
MANY = 10
"""Rows from which on a table can be filtered."""


def workbook(report: Report, base_url: str, language: str = "vi") -> bytes:
    """The file."""
    book = Workbook()
    about = f"{report.title}, {report.place}, {report.years}"
    book.properties.title, book.properties.creator = about, report.authority
    names = [_name(number, one.caption) for number, one in enumerate(report.tables, 1)]
    book.active.title = words()["frame"]["report"][language]
    _front(book.active, report, about, names, language)
    for name, table in zip(names, report.tables, strict=True):
        _table(book.create_sheet(name), table, base_url, language)
    _sources(book.create_sheet(words()["caption"]["sources"][language]), report, base_url, language)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def _name(number: int, caption: str) -> str:
    """The name of a table's sheet, cut where a word ends."""
    told = f"{number}. {_NOT_IN_NAMES.sub(' ', caption)}".strip()
    if len(told) > LONGEST_NAME:
        told = told[: LONGEST_NAME - 1]
        told = (told[: told.rfind(" ")] if told.count(" ") > 1 else told) + "…"
    return told


def _front(sheet: Worksheet, report: Report, about: str, names: list[str], language: str) -> None:
    """Who reports what and when; each section with what people wrote and its tables."""
    sheet.column_dimensions["A"].width = WIDEST * 1.5
    kind = words()["frame"]["report"][language].upper()
    for text, bold, side in (
        (report.authority.upper(), True, "left"),
        (f"{words()['paper']['made'][language]} {report.made_on:%d/%m/%Y}", False, "left"),
        (kind, True, "center"),
        (about, True, "center"),
    ):
        _line(sheet, text, bold=bold, side=side, size=13)
    rest = iter(names)
    for section in report.sections:
        _line(sheet, f"{section.number}. {section.heading}", bold=True)
        for text in section.paragraphs:
            _line(sheet, text)
        for name in islice(rest, len(section.tables)):
            cell = _line(sheet, name, color=LINK)
            cell.hyperlink = Hyperlink(cell.coordinate, location=f"'{name}'!A1")
    printed(sheet, wide=False)


def _line(
    sheet: Worksheet,
    text: str,
    *,
    bold: bool = False,
    side: str = "left",
    size: int = 12,
    color: str = "000000",
) -> Any:
    row = sheet.max_row + 1 if sheet["A1"].value is not None else 1
    cell = sheet.cell(row, 1)
    _text(cell, text)
    cell.font = _font(bold=bold, size=size, color=color)
    cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal=side)
    sheet.row_dimensions[row].height = height(text, WIDEST * 1.5)
    return cell


def _font(
    *, bold: bool = False, italic: bool = False, size: int = 12, color: str = "000000"
) -> Font:
    return Font(name=FACE, size=size, bold=bold, italic=italic, color=color)


def _table(sheet: Worksheet, table: Table, base_url: str, language: str) -> None:
    shared = shared_source(table, language)
    heads = table.head if shared else (*table.head, words()["head"]["source"][language])
    rows = [row if shared else (*row, Cell(notes(row))) for row in table.rows]
    wide = widths(heads, [[cell.text for cell in row] for row in rows])
    _wide(sheet, wide)
    _across(sheet, 1, table.caption, wide, _font(bold=True, size=13))
    _heads(sheet, heads, base_url)
    for place, row in enumerate(rows, 3):
        for column, cell in enumerate(row, 1):
            _cell(sheet, place, column, cell, base_url)
            figure = table.figures < column <= len(table.head)
            _look(sheet.cell(place, column), cell, figure=figure)
    remarks = (shared, *table.remarks) if shared else table.remarks
    for place, remark in enumerate(remarks, len(rows) + 3):
        _across(sheet, place, remark, wide, _font(italic=True, size=11))
    sheet.freeze_panes = "B3"
    if len(rows) >= MANY:
        sheet.auto_filter.ref = f"A2:{get_column_letter(len(heads))}{len(rows) + 2}"
    printed(sheet, wide=sum(wide) > UPRIGHT, heads="1:2")


def _wide(sheet: Worksheet, wide: Sequence[float]) -> None:
    for column, width in enumerate(wide, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width


def _heads(sheet: Worksheet, heads: tuple[str, ...], base_url: str) -> None:
    for column, text in enumerate(heads, 1):
        year = int(text) if text.isdecimal() else None
        _cell(sheet, 2, column, Cell(text, year, plain=True), base_url)
        cell = sheet.cell(2, column)
        cell.font, cell.fill, cell.border = _font(bold=True), HEAD, LINE
        cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")


def _across(sheet: Worksheet, row: int, text: str, wide: list[float], font: Font) -> None:
    """A text over the whole width of the table."""
    cell = sheet.cell(row, 1)
    _text(cell, text)
    cell.font, cell.alignment = font, Alignment(wrap_text=True, vertical="top")
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=len(wide))
    sheet.row_dimensions[row].height = height(text, sum(wide))


def _look(cell: Any, told: Cell, *, figure: bool) -> None:
    cell.font = _font(color=LINK if told.address else "000000")
    cell.border = LINE
    side = "right" if figure else "left"
    cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal=side)


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


def _sources(sheet: Worksheet, report: Report, base_url: str, language: str) -> None:
    wide = [8.0, float(WIDEST), float(WIDEST)]
    _wide(sheet, wide)
    _across(sheet, 1, words()["caption"]["sources"][language], wide, _font(bold=True, size=13))
    say = words()["head"]
    heads = [say[name][language] for name in ("number", "source", "address")]
    _heads(sheet, tuple(heads), base_url)
    for place, one in enumerate(report.sources, 3):
        address = Cell(base_url + one.address, address=one.address)
        for column, told in enumerate((Cell("", one.number), Cell(one.text), address), 1):
            _cell(sheet, place, column, told, base_url)
            _look(sheet.cell(place, column), told, figure=column == 1)
    sheet.freeze_panes = "A3"
    printed(sheet, wide=True, heads="1:2")
