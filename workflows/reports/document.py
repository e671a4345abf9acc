"""A report as a document that people go on writing in: docx (ECMA-376), laid out as the paper."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt
from docx.table import Table as Grid
from docx.text.paragraph import Paragraph

from workflows.reports import letterhead
from workflows.reports.letterhead import FULL
from workflows.reports.ooxml import grid, link, repeat, shade, write
from workflows.reports.paper import values
from workflows.reports.parts import Cell, Report, Section, Table
from workflows.units import Unit

SOURCE = 16  # millimetres
WIDE = 8  # columns; wider tables are set smaller
NOTES = 10  # points
SHORT = 6  # rows that stay together on a page
CHART = {"year": 14, "bar": 100, "share": 50}
CHART_COLOR = "7D1A15"


def document(
    report: Report, unit: Unit, base_url: str, language: str = "vi", *, specimen: bool = False
) -> bytes:
    """The file: the elements of Decree 30/2020 around sections, tables, and figures that link
    to their records."""
    told = values(report, unit, base_url, specimen=specimen, language=language)
    made = Document()
    letterhead.page(made, language)
    if specimen:
        letterhead.specimen(made)
    letterhead.head(made, told)
    about = f"{told['title']}, {told['place']}, {told['years']}"
    letterhead.title(made, told["frame"]["report"], about)
    for section, shown in zip(report.sections, told["sections"], strict=True):
        _section(made, section, shown, told["frame"], base_url)
    letterhead.closing(made, told)
    _sources(made, told)
    made.core_properties.title = about
    made.core_properties.author = report.authority
    made.core_properties.language = language
    kept = BytesIO()
    made.save(kept)
    return kept.getvalue()


def _section(
    made: DocumentObject,
    section: Section,
    shown: dict[str, Any],
    frame: dict[str, str],
    base_url: str,
) -> None:
    made.add_heading(f"{section.number}. {section.heading}", section.level)
    for text in section.paragraphs:
        _text(made, text)
    if shown["bars"]:
        _chart(made, shown["bars"])
    for table, printed in zip(section.tables, shown["tables"], strict=True):
        _table(made, table, printed, frame["source"], base_url)


def _text(made: DocumentObject, text: str) -> None:
    paragraph = made.add_paragraph(text)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    paragraph.paragraph_format.first_line_indent = Mm(12.7)


def _chart(made: DocumentObject, bars: list[dict[str, Any]]) -> None:
    """A bar for each year, a millimetre for each percent."""
    table = grid(made, len(bars), list(CHART.values()), lines=False, padding=0)
    for row, bar in zip(table.rows, bars, strict=True):
        year, line, label = (cell.paragraphs[0] for cell in row.cells)
        write(year, str(bar["year"]), 10)
        shade(line, CHART_COLOR)
        line.paragraph_format.right_indent = Mm(CHART["bar"] - bar["width"])
        write(line, " ", 7)
        write(label, bar["label"], 10)
        label.paragraph_format.left_indent = Mm(3)
        for cell in row.cells:
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
            cell.paragraphs[0].paragraph_format.keep_with_next = True


def _table(
    made: DocumentObject, table: Table, printed: dict[str, Any], source: str, base_url: str
) -> None:
    caption = made.add_paragraph()
    write(caption, table.caption, 12, bold=True)
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(8), Pt(3)
    size = 10 if len(table.head) > WIDE else 12
    heads, widths = list(printed["head"]), [float(one) for one in printed["widths"]]
    if printed["shared"]:
        widths = [one * FULL / sum(widths) for one in widths]
    else:
        heads, widths = [*heads, source], [*widths, max(SOURCE, FULL - sum(widths))]
    drawn = grid(made, len(table.rows) + 1, widths, lines=True, padding=2 if size == 10 else 4)
    _heads(drawn, heads, size)
    for cells, row, notes in zip(_rows(drawn), table.rows, printed["rows"], strict=True):
        for place, (paragraph, cell) in enumerate(zip(cells, row, strict=False)):
            if place >= table.figures:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            _figure(paragraph, cell, size, base_url)
        if not printed["shared"]:
            cells[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
            write(cells[-1], notes["notes"], min(size, NOTES))
    below = [printed["shared"]] if printed["shared"] else []
    below += printed["remarks"]
    _hold(drawn, to_the_notes=bool(below))
    for remark in below:
        line = made.add_paragraph()
        line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(3)
        write(line, remark, 11, italic=True)


def _heads(drawn: Grid, heads: list[str], size: float) -> None:
    repeat(drawn)
    for cell, text in zip(drawn.rows[0].cells, heads, strict=True):
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        write(paragraph, text, size, bold=True)


def _rows(drawn: Grid) -> list[list[Paragraph]]:
    """The lines below the head. The library finds a row's cells anew each time it is asked."""
    return [[cell.paragraphs[0] for cell in row.cells] for row in list(drawn.rows)[1:]]


def _figure(paragraph: Paragraph, cell: Cell, size: float, base_url: str) -> None:
    if cell.address:
        link(paragraph, cell.text, base_url + cell.address, size)
    else:
        write(paragraph, cell.text, size)


def _hold(drawn: Grid, *, to_the_notes: bool) -> None:
    """The head stays with the first row, the last one with the notes, a short table whole."""
    rows = list(drawn.rows)
    last = len(rows) - 1
    for place, row in enumerate(rows):
        if place == 0 or (place < last and last <= SHORT) or (place == last and to_the_notes):
            for cell in row.cells:
                cell.paragraphs[0].paragraph_format.keep_with_next = True


def _sources(made: DocumentObject, told: dict[str, Any]) -> None:
    frame = told["frame"]
    made.add_heading(frame["sources"], 1)
    pointing = f"{frame['until']} {told['year']}. {frame['pointing']}"
    _text(made, f"{frame['told']} “{told['standard']}”, {pointing}")
    for one in told["sources"]:
        line = made.add_paragraph()
        line.paragraph_format.space_after = Pt(2)
        write(line, f"[{one['number']}] {one['text']}. ", 10)
        link(line, one["address"], one["address"], 10)
