"""Report files by themselves: what stands in cells, and how sources are counted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

from docx import Document
from openpyxl import load_workbook

from workflows.reports import files
from workflows.reports.document import document
from workflows.reports.paper import notes, share, widths
from workflows.reports.parts import Cell, Report, Section, Sources, Table
from workflows.reports.passages import Scope
from workflows.reports.workbook import workbook
from workflows.units import Unit

TRAP = "=1+1"


def report(*tables: Table) -> Report:
    sections = (Section("a", "I", "A", 1, True, "Một.\n\n Hai. ", 1, tables),)
    scope = Scope("annual", 1, 2017, 2017)
    today = date(2018, 1, 2)
    return Report(scope, "T", "Xã A", "UBND", "2017", today, sections, (), "Chủ tịch", ("Lưu",))


def test_no_cell_of_a_workbook_is_a_formula_and_counts_are_numbers() -> None:
    row = (Cell(TRAP), Cell("1.245", 1245, "/records/1", 1), Cell("trên 5"))
    made = report(Table("x", TRAP, (TRAP, "n", "m"), (row,), 1, (TRAP,)))
    (_, sheet, _) = load_workbook(BytesIO(workbook(made, "https://x.example")))
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)
    assert [cell.value for cell in sheet[3]] == [TRAP, 1245, "trên 5", "[1]"]
    assert sheet.cell(3, 2).hyperlink.target == "https://x.example/records/1"


def test_years_and_shares_are_numbers_of_a_workbook() -> None:
    share = Cell("70,90", Decimal("70.90"), "/reports/results")
    row = (Cell("2011", 2011, plain=True), share, Cell("1.245", 1245))
    made = report(Table("x", "x", ("Năm", "%", "2012"), (row,), 1))
    (_, sheet, _) = load_workbook(BytesIO(workbook(made, "https://x.example")))
    shown = [(cell.value, cell.number_format) for cell in sheet[3][:3]]
    assert shown == [(2011, "0"), (70.9, "#,##0.00"), (1245, "#,##0")]
    assert (sheet.cell(2, 3).value, sheet.cell(2, 3).number_format) == (2012, "0")


def test_a_workbook_is_ready_to_read_and_to_print() -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    rows = tuple((Cell(f"Xã {n}"), Cell("7", 7), Cell("trên 5")) for n in range(12))
    long = "Kết quả thực hiện theo đơn vị trong năm"
    made = report(Table("x", long, ("Đơn vị", "2012", "Nguồn nêu"), rows, 1, ("Ghi chú.",)))
    front, sheet, sources = load_workbook(BytesIO(workbook(made, "https://x.example")))
    told = [cell.value for cell in front["A"]]
    assert told[:5] == ["UBND", "Ngày lập: 02/01/2018", "BÁO CÁO", "T, Xã A, 2017", "I. A"]
    assert told[5:] == ["Một.", "Hai.", sheet.title]
    assert sheet.title == "1. Kết quả thực hiện theo đơn…"
    assert front["A8"].hyperlink.location == f"'{sheet.title}'!A1"
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("B3", "$1:$2")
    assert sheet.auto_filter.ref == "A2:D14"
    for one in (front, sheet, sources):
        assert (one.page_setup.paperSize, one.page_setup.fitToWidth) == (9, 1)
        assert (one.page_setup.fitToHeight, one.sheet_properties.pageSetUpPr.fitToPage) == (0, True)
    assert [str(one) for one in sheet.merged_cells.ranges] == ["A1:D1", "A15:D15"]
    assert [cell.alignment.horizontal for cell in sheet[3]] == ["left", "right", "right", "left"]


def test_sources_are_told_once_and_runs_of_them_are_drawn_together() -> None:
    sources = Sources()
    cells = [sources.cell("1", text, "/a", 1) for text in "abcabe"]
    assert [cell.note for cell in cells] == [1, 2, 3, 1, 2, 4]
    assert notes((*cells, Cell("-"), Cell("9", note=7))) == "[1–4], [7]"


def test_columns_fill_the_page_and_no_more() -> None:
    for figures, columns in ((1, 2), (1, 10), (2, 3), (2, 7), (3, 3), (3, 5)):
        told = Table("x", "x", ("h",) * columns, (), figures)
        assert len(widths(told)) == columns
        assert 120 < sum(widths(told)) <= 148
        assert min(widths(told)) >= 10


def test_a_column_is_as_wide_as_its_longest_word_where_the_others_spare_it() -> None:
    """English heads: “Religion” in a column of names, “Registered” among ten of figures."""
    named = ("Time", "Religion", "Believers", "Communes", "Parishes", "Chapels", "% of people")
    assert min(widths(Table("x", "x", named, (), 2))[1:4]) >= 20
    years = ("Year", "Registered", "Recognised", "Percent", *["≥ 2 years running"] * 6)
    told = widths(Table("yearly", "x", years, (), 1))
    assert min(told[1:3]) >= 18
    assert sum(told) <= 148
    row = (Cell("x"), Cell("(differs)"), *[Cell("1")] * 9)
    assert widths(Table("x", "x", ("h",) * 11, (row,), 1))[1] >= 13


def test_the_picture_has_the_decimal_sign_of_its_language() -> None:
    assert [share(6197, language) for language in ("vi", "en")] == ["61,97%", "61.97%"]


def test_words_are_paragraphs_without_empty_ones() -> None:
    assert report().sections[0].paragraphs == ["Một.", "Hai."]


def test_a_document_has_the_elements_of_the_decree_and_tells_shared_sources_once() -> None:
    """Law: Nghị định 30/2020/NĐ-CP."""
    unit = Unit(kind="commune", form="xã", name="A", code="1")
    rows = tuple((Cell(name), *(Cell("1", note=2 * n) for n in range(1, 9))) for name in "BCD")
    made = report(Table("units", "x", ("h", *"12345678"), rows, 1, ("Ghi chú.",)))
    told = Document(BytesIO(document(made, unit, "https://x.example", specimen=True)))
    sheet, (top, drawn, end) = told.sections[0], told.tables
    assert [round(side.mm) for side in (sheet.left_margin, sheet.top_margin)] == [30, 20]
    assert "PAGE" in sheet.header.paragraphs[0]._p.xml
    assert sheet.different_first_page_header_footer
    assert "PAGE" not in sheet.first_page_header.paragraphs[0]._p.xml
    for foot in (sheet.footer, sheet.first_page_footer):
        assert foot.paragraphs[0].text.startswith("MẪU")
    assert top.cell(0, 1).text.startswith("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập")
    assert [cell.text for cell in top.rows[1].cells] == [
        "Số: ………/BC-UBND",
        "A, ngày 02 tháng 01 năm 2018",
    ]
    styles = [(one.style.name, one.text) for one in told.paragraphs]
    assert {("Title", "BÁO CÁO"), ("Subtitle", "T, xã A, 2017"), ("Heading 1", "I. A")} <= set(
        styles
    )
    assert len(drawn.columns) == 9
    assert [text for _, text in styles].count(
        "Nguồn của mọi dòng: [2], [4], [6], [8], [10], [12], [14], [16]"
    ) == 1
    assert end.cell(0, 0).text == "Nơi nhận:\n- Lưu."
    assert end.cell(0, 1).text.startswith("CHỦ TỊCH")


class Setter:
    """A fake of the typesetter: keeps what it was asked to set."""

    def render(self, template: str, values: object) -> bytes:
        self.told = repr(values)
        return b"%PDF-"


def test_what_is_no_letter_stays_out_of_every_file() -> None:
    unit = Unit(kind="commune", form="xã", name="A", code="1")
    bad = "Mô hình\x02 A"
    row = (Cell("2017"), Cell(bad, address="/records/1"))
    made = report(Table("x", bad, ("h", bad), (row,), 1, (bad,)))
    setter = Setter()
    for form in ("docx", "xlsx", "pdf"):
        assert files.content(made, unit, form, setter, "https://x.example", specimen=True)
    (_, sheet, _) = load_workbook(
        BytesIO(files.content(made, unit, "xlsx", setter, "", specimen=True))
    )
    assert sheet.cell(3, 2).value == "Mô hình A"
    assert "x02" not in setter.told
