"""A report as a document that people go on writing in: docx (ECMA-376)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from workflows.reports.facts import words
from workflows.reports.paper import notes, share, shared_source, widths
from workflows.reports.parts import Cell, Report, Section, Table

FACE = "Times New Roman"
SIZES = {"Normal": 13, "Title": 14, "Heading 1": 14, "Heading 2": 13, "Heading 3": 13}
MARCH = 3
SOURCE = 16  # millimetres
WIDE = 8  # columns; wider tables are set smaller


def document(report: Report, base_url: str, language: str = "vi", *, seat: str = "") -> bytes:
    """The file: the head of a paper (dated at ``seat``), headings, paragraphs, tables, and each
    figure a link to its records."""
    made = Document()
    _page(made, language)
    _head(made, report, seat or report.place)
    _title(made, report, language)
    for section in report.sections:
        _section(made, section, base_url, language)
    _closing(made, report, language)
    _sources(made, report, base_url, language)
    made.core_properties.title = f"{report.title}, {report.place}, {report.years}"
    made.core_properties.author = report.authority
    made.core_properties.language = language
    kept = BytesIO()
    made.save(kept)
    return kept.getvalue()


def _page(made: DocumentObject, language: str) -> None:
    page = made.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin = page.bottom_margin = Mm(20)
    page.left_margin, page.right_margin = Mm(30), Mm(16)
    for name, size in SIZES.items():
        style = made.styles[name]
        style.font.bold = name != "Normal"
        style.font.name, style.font.size = FACE, Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for part in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(part), FACE)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
            fonts.attrib.pop(qn(theme), None)
    for rule in made.styles["Title"].element.iter(qn("w:pBdr")):
        rule.getparent().remove(rule)
    tongue = OxmlElement("w:lang")
    tongue.set(qn("w:val"), "vi-VN" if language == "vi" else "en-GB")
    made.styles["Normal"].element.get_or_add_rPr().append(tongue)


def _head(made: DocumentObject, report: Report, seat: str) -> None:
    """The authority on the left; the nation, place and date on the right (Decree 30/2020,
    boxes 1, 2 and 4)."""
    told, on = words()["head_of_paper"], report.made_on
    dated = told["dated"].format(place=seat, day=f"{on:%d}", month=_month(on), year=on.year)
    grid = made.add_table(rows=1, cols=2)
    grid.autofit = False
    for column, width in zip(grid.columns, (Mm(60), Mm(104)), strict=True):
        column.width = column.cells[0].width = width
    left, right = grid.rows[0].cells
    _lines(left, (report.authority.upper(), 12, True, False))
    nation, motto = (told["nation"], 12, True, False), (told["motto"], 13, True, False)
    _lines(right, nation, motto, (dated, 13, False, True))


def _month(on: date) -> str:
    """January and February have a nought before them, so that nothing is written in."""
    return f"{on:%m}" if on.month < MARCH else str(on.month)


def _lines(cell: _Cell, *lines: tuple[str, int, bool, bool]) -> None:
    """Centred lines of a size, bold or not, italic or not."""
    for place, (text, size, bold, italic) in enumerate(lines):
        paragraph = cell.add_paragraph() if place else cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_after = Pt(2)
        _run(paragraph, text, size, bold=bold, italic=italic)


def _title(made: DocumentObject, report: Report, language: str) -> None:
    """What it is and what it is about, in the style that programs know as the title."""
    paragraph = made.add_paragraph(style="Title")
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_before = Pt(18)
    line = paragraph.add_run(words()["frame"]["report"][language].upper())
    line.add_break()
    paragraph.add_run(f"{report.title}, {report.place}, {report.years}")


def _section(made: DocumentObject, section: Section, base_url: str, language: str) -> None:
    made.add_heading(f"{section.number}. {section.heading}", section.level)
    for text in section.paragraphs:
        paragraph = made.add_paragraph(text)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.first_line_indent = Mm(12.7)
    for bar in section.bars:
        line = made.add_paragraph()
        line.paragraph_format.space_after = Pt(0)
        block = "█" * (bar.hundredths // 250)
        _run(line, f"{bar.year}  {block} {share(bar.hundredths, language)}", 9)
    for table in section.tables:
        _table(made, table, base_url, language)


def _table(made: DocumentObject, told: Table, base_url: str, language: str) -> None:
    caption = made.add_paragraph()
    caption.add_run(told.caption).bold = True
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before = Pt(6)
    caption.paragraph_format.space_after = Pt(3)
    shared = shared_source(told, language)
    head = told.head if shared else (*told.head, words()["head"]["source"][language])
    grid = made.add_table(rows=1, cols=len(head), style="Table Grid")
    size = 8 if len(head) > WIDE else 11
    for cell, text in zip(grid.rows[0].cells, head, strict=True):
        _run(cell.paragraphs[0], text, size, bold=True)
    grid.autofit = False
    repeated = OxmlElement("w:tblHeader")
    grid.rows[0]._tr.get_or_add_trPr().append(repeated)
    for row in told.rows:
        cells = grid.add_row().cells
        _fill(cells, row, told.figures, base_url, size)
        if not shared:
            _run(cells[-1].paragraphs[0], notes(row), size)
    for column, width in zip(grid.columns, [*widths(told), SOURCE], strict=False):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    for remark in (shared, *told.remarks) if shared else told.remarks:
        _run(made.add_paragraph(), remark, 11, italic=True)


def _fill(
    cells: Sequence[_Cell], row: Sequence[Cell], figures: int, base_url: str, size: int
) -> None:
    for place, (cell, told) in enumerate(zip(cells, row, strict=False)):
        paragraph = cell.paragraphs[0]
        if place >= figures:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if told.address:
            _link(paragraph, told.text, base_url + told.address, size)
        else:
            _run(paragraph, told.text, size)


def _run(
    paragraph: Paragraph, text: str, size: int, *, bold: bool = False, italic: bool = False
) -> None:
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)


def _link(paragraph: Paragraph, text: str, address: str, size: int) -> None:
    """A hyperlink; the library has none to add."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, True))
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    link.append(run._r)
    paragraph._p.append(link)


def _closing(made: DocumentObject, report: Report, language: str) -> None:
    """Recipients on the left, whoever signs on the right (Decree 30/2020, boxes 7 and 9b)."""
    made.add_paragraph()
    left, right = made.add_table(rows=1, cols=2).rows[0].cells
    listed = [f"- {one};" for one in report.recipients[:-1]] + [f"- {report.recipients[-1]}."]
    lines = (f"{words()['frame']['recipients'][language]}:", *listed)
    for line in lines:
        paragraph = left.paragraphs[0] if line is lines[0] else left.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(0)
        _run(paragraph, line, 11, bold=line is lines[0], italic=line is lines[0])
    right.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(right.paragraphs[0], report.signatory.upper(), 13, bold=True)


def _sources(made: DocumentObject, report: Report, base_url: str, language: str) -> None:
    made.add_heading(words()["caption"]["sources"][language], 1)
    for one in report.sources:
        line = made.add_paragraph()
        line.paragraph_format.space_after = Pt(2)
        _run(line, f"[{one.number}] {one.text}. ", 10)
        _link(line, base_url + one.address, base_url + one.address, 10)
