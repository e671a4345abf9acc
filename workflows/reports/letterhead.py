"""The elements of Decree 30/2020 (annex I) around a report as a document: page, head, end."""

from __future__ import annotations

from datetime import date
from typing import Any

from docx.document import Document as DocumentObject
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from workflows.reports.facts import words
from workflows.reports.ooxml import element, grid, page_number, rule, write

FACE = "Times New Roman"
FULL = 164
"""Millimetres between the margins."""
ISSUER, STATE = 70, 94
MOTTO = 52
LETTER = 2.8
"""Millimetres that a bold capital of 12 points takes."""
STYLES = (
    *(("Normal", 14, 0, 6), ("Title", 14, 12, 0), ("Subtitle", 14, 2, 0)),
    *(("Heading 1", 14, 12, 6), ("Heading 2", 14, 10, 4), ("Heading 3", 14, 8, 4)),
)
"""Points: of the letters, before and after a paragraph."""


def page(made: DocumentObject, language: str) -> None:
    """The sheet, its number from the second on, and the letters (annex I, part I)."""
    sheet = made.sections[0]
    sheet.page_width, sheet.page_height = Mm(210), Mm(297)
    sheet.top_margin = sheet.bottom_margin = Mm(20)
    sheet.left_margin, sheet.right_margin = Mm(30), Mm(16)
    sheet.header_distance, sheet.footer_distance = Mm(10), Mm(8)
    sheet.different_first_page_header_footer = True
    numbered = sheet.header.paragraphs[0]
    numbered.alignment = WD_ALIGN_PARAGRAPH.CENTER
    page_number(numbered, 13)
    for name, size, before, after in STYLES:
        _style(made.styles[name], size, before, after)
    # Asked for in capitals, kept as they were written: a reader's outline tells them plainly.
    made.styles["Heading 1"].font.all_caps = True
    tongue = element("lang", val="vi-VN" if language == "vi" else "en-GB")
    made.styles["Normal"].element.get_or_add_rPr().append(tongue)


def _style(style: Any, size: float, before: float, after: float) -> None:
    style.font.name, style.font.size, style.font.italic = FACE, Pt(size), False
    style.font.color.rgb = RGBColor(0, 0, 0)
    style.font.bold = style.name != "Normal"
    form = style.paragraph_format
    form.space_before, form.space_after, form.line_spacing = Pt(before), Pt(after), 1.0
    if style.name in ("Title", "Subtitle"):
        form.alignment = WD_ALIGN_PARAGRAPH.CENTER
    letters = style.element.get_or_add_rPr()
    fonts = letters.get_or_add_rFonts()
    for part in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(part), FACE)
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
        fonts.attrib.pop(qn(theme), None)
    for old in (*letters.findall(qn("w:spacing")), *letters.findall(qn("w:kern"))):
        letters.remove(old)
    asked = style.element.get_or_add_pPr()
    for old in asked.findall(qn("w:pBdr")):
        asked.remove(old)


def specimen(made: DocumentObject) -> None:
    """Says on every sheet that it is none to be relied on."""
    sheet = made.sections[0]
    for foot in (sheet.footer, sheet.first_page_footer):
        paragraph = foot.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        write(paragraph, words()["paper"]["specimen"], 8)


def head(made: DocumentObject, told: dict[str, Any]) -> None:
    """Boxes 1–4: the state and its motto, who issues, number, place and day. ``told`` is what
    the paper prints (``paper.values``); the state's own words stay Vietnamese."""
    say = words()["paper"]
    (left, right), (number, day) = _two(made, 2, ISSUER, STATE)
    lines = _issuer(told["authority"]["name"], told["collective"])
    for line in lines:
        write(_centred(left, line is lines[0]), line, 12, bold=True)
    rule(left.add_paragraph(), max(map(len, lines)) * LETTER * 0.4, ISSUER - 4)
    write(_centred(right, True), say["nation"], 12, bold=True)
    write(_centred(right), say["motto"], 13, bold=True)
    rule(right.add_paragraph(), MOTTO, STATE - 4)
    if told["symbol"]:
        write(_centred(number, True), say["number"].format(symbol=told["symbol"]), 13)
    place = f"{told['authority']['place']}, {long_date(date.fromisoformat(told['date']))}"
    write(_centred(day, True), place, 13, italic=True)


def _issuer(name: str, collective: str) -> list[str]:
    """The body on one line, of what place on the next."""
    place = name.removeprefix(f"{collective} ")
    lines = [collective, place] if place != name else [name]
    return [line.upper() for line in lines]


def long_date(day: date) -> str:
    """``ngày 05 tháng 6 năm 2026``: days below ten and the first two months take a zero."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return str(words()["paper"]["date"]).format(day=day.day, month=month, year=day.year)


def title(made: DocumentObject, kind: str, about: str) -> None:
    """Box 5a: what kind of paper, and what about."""
    made.add_paragraph(kind.upper(), "Title")
    line = made.add_paragraph(about, "Subtitle")
    line.paragraph_format.left_indent = line.paragraph_format.right_indent = Mm(5)
    rule(made.add_paragraph(), FULL * 0.36, FULL)


def closing(made: DocumentObject, told: dict[str, Any]) -> None:
    """Boxes 7 and 9b: recipients on the left, whoever signs on the right, room for the pen."""
    _hold(made)
    ((left, right),) = _two(made, 1, 78, FULL - 78)
    head = left.paragraphs[0]
    head.paragraph_format.space_before = Pt(12)
    write(head, f"{told['frame']['recipients']}:", 12, bold=True, italic=True)
    for place, one in enumerate(told["recipients"], 1):
        line = left.add_paragraph()
        line.paragraph_format.space_after = Pt(0)
        write(line, f"- {one}{'.' if place == len(told['recipients']) else ';'}", 11)
    office = _centred(right, True)
    office.paragraph_format.space_before = Pt(12)
    if told["collective"]:
        write(office, f"TM. {told['collective'].upper()}", 14, bold=True)
        office = _centred(right)
    write(office, told["signatory"]["title"].upper(), 14, bold=True)
    name = _centred(right)
    name.paragraph_format.space_before = Mm(24)
    write(name, told["signatory"]["name"], 14, bold=True)


def _hold(made: DocumentObject) -> None:
    """What stands last stays with the end, and a line between keeps two tables apart."""
    told = list(made.iter_inner_content())[-1]
    lines = (
        [told] if isinstance(told, Paragraph) else [c.paragraphs[0] for c in told.rows[-1].cells]
    )
    between = made.add_paragraph()
    between.paragraph_format.line_spacing, between.paragraph_format.space_after = Pt(4), Pt(0)
    for line in (*lines, between):
        line.paragraph_format.keep_with_next = True


def _two(made: DocumentObject, rows: int, left: float, right: float) -> list[tuple[_Cell, _Cell]]:
    drawn = grid(made, rows, [left, right], lines=False, padding=5)
    return [(row.cells[0], row.cells[1]) for row in drawn.rows]


def _centred(cell: _Cell, first: bool = False) -> Paragraph:
    paragraph: Paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(0)
    return paragraph
