"""What a docx needs and its library has no word for (ECMA-376, WordprocessingML)."""

from __future__ import annotations

from typing import Any

from docx.document import Document as DocumentObject
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table
from docx.text.paragraph import Paragraph

TWIPS = 1440 / 25.4


def element(name: str, **attributes: str) -> Any:
    """An element with attributes, all of the main namespace."""
    made = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def write(
    paragraph: Paragraph, text: str, size: float, *, bold: bool = False, italic: bool = False
) -> None:
    """Words at the end of a paragraph."""
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)


def link(paragraph: Paragraph, text: str, address: str, size: float) -> None:
    """A hyperlink at the end of a paragraph."""
    made = OxmlElement("w:hyperlink")
    made.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, True))
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    made.append(run._r)
    paragraph._p.append(made)


def page_number(paragraph: Paragraph, size: float) -> None:
    """The number of the page it stands on."""
    run = paragraph.add_run()
    run.font.size = Pt(size)
    for part in ("begin", "PAGE", "separate", "end"):
        if part == "PAGE":
            told = OxmlElement("w:instrText")
            told.text = part
        else:
            told = element("fldChar", fldCharType=part)
        run._r.append(told)


def rule(paragraph: Paragraph, width: float, room: float) -> None:
    """Makes of an empty paragraph a line of that many millimetres, in the middle of a room."""
    paragraph.paragraph_format.left_indent = Mm((room - width) / 2)
    paragraph.paragraph_format.right_indent = Mm((room - width) / 2)
    paragraph.paragraph_format.line_spacing = Pt(3)
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(0)
    borders = element("pBdr")
    borders.append(element("bottom", val="single", sz="6", space="1", color="000000"))
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def shade(paragraph: Paragraph, color: str) -> None:
    """Fills a paragraph from indent to indent."""
    paragraph._p.get_or_add_pPr().insert_element_before(
        element("shd", val="clear", color="auto", fill=color), "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def grid(
    made: DocumentObject, rows: int, widths: list[float], *, lines: bool, padding: float
) -> Table:
    """A table whose columns are that many millimetres wide, whatever stands in them. Its rows
    keep to one page each."""
    table: Table = made.add_table(rows, len(widths))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    properties = table._tbl.tblPr
    if lines:
        table.style = "Table Grid"
    whole = element("tblW", w=str(round(sum(widths) * TWIPS)), type="dxa")
    for old in properties.findall(qn("w:tblW")):
        properties.replace(old, whole)
    margins = element("tblCellMar")
    for side, points in (("top", 2.5), ("left", padding), ("bottom", 2.5), ("right", padding)):
        margins.append(element(side, w=str(round(points * 20)), type="dxa"))
    properties.insert_element_before(margins, "w:tblLook")
    properties.insert_element_before(
        element("tblInd", w="0", type="dxa"), "w:tblBorders", "w:tblLayout", "w:tblCellMar"
    )
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.space_after = Pt(0)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(element("cantSplit"))
    return table


def repeat(table: Table) -> None:
    """Shows the first row again on each page that the table goes on to."""
    table.rows[0]._tr.get_or_add_trPr().append(element("tblHeader"))
