"""Sheets of three formats say the same, wherever their headings, merges and blanks are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from time import process_time
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from engine.errors import Refused
from workflows.exchange import headings, ods, separated, sheet, values, xlsx
from workflows.exchange.sheet import Cell

HEADINGS = ["Loại", "Mã", "Tên", "Mã cấp trên", "Từ ngày", "Đến ngày", "Tiền thân"]
TOWN = ["xã", "16096", "Ba Đình", "401", "1/7/2025", "", ""]

WRITERS: dict[str, Callable[[list[str], list[list[str]]], bytes]] = {
    "xlsx": lambda top, rows: xlsx.write("Đơn vị", top, rows),
    "ods": lambda top, rows: ods.write("Đơn vị", top, rows),
    "csv": separated.write,
}


def read(data: bytes, kind: str = "units") -> list[headings.Line]:
    return list(headings.lines(sheet.read(data, "file"), kind))


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_written_is_read_again(form: str) -> None:
    (line,) = read(WRITERS[form](HEADINGS, [TOWN]))
    assert {name: line.text(name) for name in ("kind", "code", "name", "parent_code")} == {
        "kind": "xã",
        "code": "16096",
        "name": "Ba Đình",
        "parent_code": "401",
    }
    assert line.number == 2
    assert line.cells["name"].address == "C2"
    assert line.cells["to"].address == "F2"
    assert line.text("to") == ""


def book() -> bytes:
    """As a district keeps it: a title, a heading of two lines, merged kinds and places, blank
    lines, totals, a signature block."""
    made = Workbook()
    page = made.active
    assert page is not None
    page.title = "Danh sách"
    page["A1"] = "DANH SÁCH ĐƠN VỊ HÀNH CHÍNH"
    page.merge_cells("A1:H1")
    for at, text in (("A3", "STT"), ("B3", "Loai don vi"), ("C3", "Tên đơn vị")):
        page[at] = text
        page.merge_cells(f"{at}:{at[0]}4")
    page["D3"], page["E3"], page["F3"] = "MÃ SỐ", "Trực thuộc", "Hiệu lực"
    page.merge_cells("F3:G3")
    page["F4"], page["G4"] = "Từ", "Đến"
    page.append([1, "xã", "Nga Vịnh", 16099, 401, "01/01/2000", date(2025, 6, 30)])
    page.append([2, None, "Nga Văn", 16102, None, "ngày 1 tháng 1 năm 2000", None])
    page.merge_cells("B5:B6")
    page.merge_cells("E5:E6")
    page.append([])
    page.append(["Tổng cộng", None, 2])
    page.append(["Tổng số xã: 2"])
    page["C12"] = "Người lập biểu"
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def test_a_sheet_as_a_district_keeps_it() -> None:
    first, second = read(book())
    assert (first.text("name"), first.text("code"), first.text("parent_code")) == (
        "Nga Vịnh",
        "16099",
        "401",
    )
    assert (second.text("kind"), second.text("parent_code")) == ("xã", "401")
    assert second.cells["kind"].merged
    assert values.day(first.cells["from"]) == values.day(second.cells["from"]) == date(2000, 1, 1)
    assert values.day(first.cells["to"]) == date(2025, 6, 30)
    assert first.cells["to"].address == "G5"


SIGNED = """Năm,Mã xã,Thôn,Kết quả
2018,16144,Thôn 1,đạt
,"Nga An, ngày 5 tháng 12 năm 2018",,
Người lập biểu,,TRƯỞNG CÔNG AN XÃ,TM. ỦY BAN NHÂN DÂN
,,,CHỦ TỊCH
"(Ký, ghi rõ họ tên)",,(Đã ký),(Đã ký)
Lê Thị A,,Trung tá Lê Văn B,Mai Văn C
2018,16200,Tiểu khu 1,đạt
,16200,Tiểu khu 2,đạt
"""


def test_who_signed_under_a_list_is_no_data_and_a_list_below_is() -> None:
    found = read(SIGNED.encode(), "history")
    assert [line.number for line in found if line.text("year")] == [2, 8]
    assert found[-1].number == 9  # its year is missing, which is for the reader to say
    assert {line.number for line in found} & {3, 4, 5, 6, 7} == set()


NAMED = """Xã,Thôn,Năm,Kết quả
Công Liêm,Thôn 1,2018,đạt
Cộng Hòa,Thôn 1,2018,chưa đạt
Tống Sơn,Thôn 2,2018,đạt
Cong Chinh,Thôn 2,2018,đạt
Cộng,,,3
,Tổng cộng,2018,4
Cộng toàn huyện,5 thôn,2018,80%
"""


def test_a_commune_whose_name_sounds_like_a_total_is_data() -> None:
    left_out: list[str] = []
    found = headings.lines(sheet.read(NAMED.encode(), "file"), "history", left_out)
    assert [line.number for line in found] == [2, 3, 4, 5]
    assert left_out == ["6", "7", "8"]
    units = "Tên,Loại,Mã\nCông Liêm,xã,16200\nCộng Hòa,xã,16201\nTổng cộng,2,2\n"
    assert [line.text("name") for line in read(units.encode())] == ["Công Liêm", "Cộng Hòa"]


def test_who_signed_across_merged_columns_is_no_data() -> None:
    made = Workbook()
    page = made.active
    assert page is not None
    for line in (["Năm", "Mã xã", "Thôn", "Kết quả"], [2018, 16144, "Thôn 1", "đạt"]):
        page.append(line)
    page["A4"], page["C4"] = "NGƯỜI LẬP BIỂU", "CHỦ TỊCH"
    page["A7"], page["C7"] = "Lê Thị A", "Mai Văn C"
    for merged in ("A4:B4", "C4:D4", "A7:B7", "C7:D7"):
        page.merge_cells(merged)
    out = BytesIO()
    made.save(out)
    assert [line.number for line in read(out.getvalue(), "history")] == [2]


def opendocument(rows: str) -> bytes:
    names = ods._NAMES
    xml = (
        f'<o:document-content xmlns:o="{names["office"]}" xmlns:t="{names["table"]}"'
        f' xmlns:x="{names["text"]}"><o:body><o:spreadsheet><t:table t:name="A">{rows}'
        "</t:table></o:spreadsheet></o:body></o:document-content>"
    )
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("mimetype", ods.MIMETYPE)
        archive.writestr("content.xml", xml)
    return out.getvalue()


def repeated(text: str, rows: str = "1000000000") -> bytes:
    cell = f'<t:table-cell t:number-columns-repeated="1000000000"><x:p>{text}</x:p></t:table-cell>'
    return opendocument(f'<t:table-row t:number-rows-repeated="{rows}">{cell}</t:table-row>')


def far_down() -> bytes:
    made = Workbook()
    made.active["GR1000000"] = 1  # type: ignore[index]
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def merged_over_all() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>',
        )
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (repeated("x"), "sheet_too_big"),
        (repeated(" "), "sheet_empty"),
        (repeated("x", "many"), "sheet_unreadable"),
        (far_down(), "sheet_too_big"),
        (merged_over_all(), "sheet_too_big"),
    ],
)
def test_a_small_file_that_stands_for_a_huge_sheet_is_refused_at_once(
    data: bytes, code: str
) -> None:
    began = process_time()
    with pytest.raises(Refused) as caught:
        read(data)
    assert caught.value.code == code
    assert process_time() - began < 10


def test_merged_cells_of_an_opendocument_sheet() -> None:
    xml = (
        "<t:table-row><t:table-cell><x:p>Loại</x:p></t:table-cell><t:table-cell><x:p>Mã</x:p>"
        "</t:table-cell><t:table-cell><x:p>Tên</x:p></t:table-cell></t:table-row>"
        '<t:table-row t:number-rows-repeated="5"><t:table-cell t:number-columns-repeated="16384"/>'
        "</t:table-row>"
        '<t:table-row><t:table-cell t:number-rows-spanned="2"><x:p>xã</x:p></t:table-cell>'
        '<t:table-cell o:value-type="float" o:value="16096"/>'
        "<t:table-cell><x:p>Ba</x:p><x:p>Đình</x:p></t:table-cell></t:table-row>"
        "<t:table-row><t:covered-table-cell/><t:table-cell><x:p>16099</x:p></t:table-cell>"
        "<t:table-cell><x:p>Nga Vịnh</x:p></t:table-cell></t:table-row>"
    )
    one, two = read(opendocument(xml))
    assert [line.text("kind") for line in (one, two)] == ["xã", "xã"]
    assert (one.text("code"), one.text("name"), one.number) == ("16096", "Ba Đình", 7)
    assert two.cells["kind"].address == "A8"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separated_text_of_any_habit(separator: str, encoding: str) -> None:
    text = f'kind{separator}code{separator}name\n\nxa{separator}1{separator}"Nga; An, 1"\n'
    (line,) = read(text.encode(encoding))
    assert (line.text("name"), line.number) == ("Nga; An, 1", 3)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "sheet_empty"),
        ("Tên\nThôn\x01 1\n".encode(), "sheet_no_letters"),
        (b"PK\x03\x04 not really", "sheet_unreadable"),
        (b"\xff\xd8\xff\xe0 a picture", "sheet_unreadable"),
        ("Tên;Mã\nThôn Đồng;1\n".encode("windows-1258", "replace"), "sheet_not_unicode"),
        (b"T\xaan;M\xb7\nTh\xabn \xa7\xe5ng;1\n", "sheet_not_unicode"),  # TCVN3
        (b"nothing,we,know\n1,2,3\n", "no_headings"),
        (b"x" * (9 * 1024 * 1024), "sheet_too_big"),
    ],
)
def test_what_is_no_such_sheet_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        read(data)
    assert caught.value.code == code


def test_entities_are_not_unfolded() -> None:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("mimetype", ods.MIMETYPE)
        archive.writestr("content.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(Refused, match="sheet_unreadable"):
        sheet.read(out.getvalue(), "file")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("5/1/2020", date(2020, 1, 5)),
        ("05-01-2020", date(2020, 1, 5)),
        ("5.1.2020", date(2020, 1, 5)),
        ("2020-01-05", date(2020, 1, 5)),
        ("2020-01-05 00:00:00", date(2020, 1, 5)),
        ("Ngày 05 tháng 01 năm 2020", date(2020, 1, 5)),
        (43835, date(2020, 1, 5)),
        (date(2020, 1, 5), date(2020, 1, 5)),
        ("30/2/2020", None),
        ("2020", None),
        ("đầu năm", None),
        (True, None),
    ],
)
def test_days_however_they_are_written(written: sheet.Value, meant: date | None) -> None:
    cell = Cell(written, "Danh sách", "E7")
    if meant:
        assert values.day(cell) == meant
    else:
        with pytest.raises(values.Unclear) as caught:
            values.day(cell)
        assert caught.value.refusal.code == "not_a_date"
        assert caught.value.refusal.field == "Danh sách!E7"


def test_whole_numbers() -> None:
    assert values.whole(Cell(12.0, "", "A1")) == 12
    with pytest.raises(values.Unclear):
        values.whole(Cell("-1", "", "A1"))


@given(st.integers(0, 20_000))
def test_columns_are_lettered_as_spreadsheets_do(column: int) -> None:
    letters = sheet.address(1, column)[:-1]
    back = 0
    for letter in letters:
        back = back * 26 + ord(letter) - ord("A") + 1
    assert back == column + 1
