"""How wide and high the cells of a workbook are, and how a sheet is printed."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from openpyxl.worksheet.worksheet import Worksheet

WIDEST = 60
"""Letters of a column."""
LEAST = 9
UPRIGHT = 85
"""Letters that a sheet of A4 stood upright holds on a line."""
LINE = 16.5
"""Points that a line of 12-point letters takes."""
INCH = 25.4


def widths(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """How wide each column is: as its longest text up to ``WIDEST``, and no narrower than the
    longest word of its head."""
    wide = []
    for column, head in enumerate(heads):
        longest = max([0, *(len(row[column]) for row in rows if column < len(row))])
        word = max(map(len, head.split()), default=0)
        wide.append(float(min(WIDEST, max(LEAST, longest, word, ceil(len(head) / 3)) + 2)))
    return wide


def height(text: str, width: float) -> float:
    """The points that a text takes in a cell as wide as so many letters."""
    return LINE * max(1, ceil(len(text) * 1.1 / width))


def printed(sheet: Worksheet, *, wide: bool, heads: str = "") -> None:
    """A4, as wide as the sheet of paper, the margins of Decree 30/2020, its heads and the
    number on every page."""
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if wide else "portrait"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    margins = sheet.page_margins
    margins.top = margins.bottom = 20 / INCH
    margins.left, margins.right = 30 / INCH, 16 / INCH
    margins.header = margins.footer = 8 / INCH
    sheet.oddHeader.center.text = "&P"
    sheet.print_options.horizontalCentered = True
    if heads:
        sheet.print_title_rows = heads
