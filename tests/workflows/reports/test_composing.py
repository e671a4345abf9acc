"""The founding report's tables come out of the demonstration's records; words are kept."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refused, Stale
from workflows.people import Person
from workflows.reports import behind, files, paper
from workflows.reports.composing import compose
from workflows.reports.parts import Report, Table
from workflows.reports.passages import Scope, passages, write
from workflows.units import Unit, by_code

SITE = "https://binhxet.example"


@pytest.fixture
def district(demonstration: Session) -> Unit:
    found = by_code(demonstration, "401", "district")
    assert found is not None
    return found


def table(report: Report, wanted: str) -> Table:
    return next(one for one in report.tables if one.id == wanted)


def texts(told: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in told.rows]


def decade(session: Session, unit: Unit, language: str = "vi") -> Report:
    return compose(session, Scope("decade", unit.id, 2008, 2017), language)


def test_the_ten_year_report_is_the_founding_one(demonstration: Session, district: Unit) -> None:
    """Law: QĐ 378/QĐ-UBND; Báo cáo tổng kết của địa phương; Bố cục theo Báo cáo 55/BC-BCĐ ngày
    12/6/2018 của Ban Chỉ đạo 138 huyện.
    """
    report = decade(demonstration, district)
    yearly = texts(table(report, "yearly"))
    assert [int(row[2]) for row in yearly] == [145, 159, 166, 177, 178, 182, 182, 189, 192]
    assert yearly[3][3:4] + yearly[3][-5:-2] == ["75,64", "150", "91", "51"]
    taken_of = table(report, "yearly").remarks
    assert taken_of[0].startswith("2009–2012: tỷ lệ tính trên số khu dân cư có đến cuối năm (Báo")
    assert taken_of[1].startswith("2013–2017: tỷ lệ tính trên số khu dân cư có kết quả hoặc")
    assert [row[-1] for row in yearly][-3:] == ["thiếu 6", "đạt", "đạt"]
    assert texts(table(report, "committee")) == [["2008", "27", "501"], ["2018", "27", "613"]]
    assert texts(table(report, "committee_changes")) == [["2008–2018", "463"]]
    assert [row[4:6] for row in texts(table(report, "security_group"))] == [
        ["33.069", "89,2"],
        ["38.446", "96,0"],
    ]
    settled = {row[1]: row[2] for row in texts(table(report, "settled"))}
    assert settled["Tất cả"] == "trên 5.000"
    assert settled["Công an xã"] == "gần 1.000"
    assert ["2013", "234", "89", "27", "20"] in texts(table(report, "registration"))
    told = {row[0]: row[1:] for row in texts(table(report, "disagreements"))}
    assert told["Tỷ lệ tín đồ trên dân số"] == ["trên 17%", "16,06%"]
    assert told["Số vụ việc tổ ANXH hòa giải, nêu ở hai nơi"] == ["trên 1.800", "gần 1.900"]
    _leads_to_its_records(report)
    _what_stands_behind(demonstration, district)
    _words_are_kept(demonstration, district)
    _files_say_the_same(demonstration, district)


def _leads_to_its_records(report: Report) -> None:
    """Every figure has a page and a numbered source; the sources are told once each."""
    for told in report.tables:
        for row in told.rows:
            for cell in row[told.figures :]:
                figure = any(sign.isdigit() for sign in cell.text) and not cell.text.startswith(
                    "thiếu"
                )
                if figure and told.id not in ("overdue", "steering_paper"):
                    assert cell.address.startswith(("/records/", "/reports/")), (told.id, cell)
                    assert 1 <= cell.note <= len(report.sources)
    assert len({(one.text, one.address) for one in report.sources}) == len(report.sources)


def _what_stands_behind(session: Session, unit: Unit) -> None:
    """The pages that figures lead to count what the report counted."""
    found = behind.results(session, behind.Asked(unit.id, 2012))
    assert (len(found), sum(row.result.recognised for row in found)) == (234, 177)
    for streak, count in ((2, 150), (3, 91), (4, 51), (5, 0)):
        asked = behind.Asked(unit.id, 2012, streak=streak)
        assert len(behind.results(session, asked)) == count
    assert len(behind.announced(session, unit.id, 2017)) == 192


def _words_are_kept(session: Session, unit: Unit) -> None:
    """Words stay while figures are made anew; each version is kept; a late one is refused."""
    scope, author = Scope("decade", unit.id, 2008, 2017), session.scalar(select(Person.id))
    assert author is not None
    assert write(session, scope, "limits", "Một.\r\nHai.", version=0, author_id=author) == 1
    assert write(session, scope, "limits", "Một.\nHai.", version=0, author_id=author) == 1
    with pytest.raises(Stale, match="passage_changed"):
        write(session, scope, "limits", "Khác.", version=0, author_id=author)
    with pytest.raises(Refused, match="not_text"):
        write(session, scope, "limits", "Một\x01.", version=1, author_id=author)
    with pytest.raises(Refused, match="too_long"):
        write(session, scope, "limits", "x" * 20_001, version=1, author_id=author)
    (section,) = [s for s in decade(session, unit).sections if s.id == "limits"]
    assert (section.paragraphs, section.version) == (["Một.", "Hai."], 1)
    other = Scope("decade", unit.id, 2009, 2017)
    assert not passages(session, other)


class Recorder:
    """A fake of the typesetter: keeps what it was asked to set."""

    def render(self, template: str, values: Any) -> bytes:
        self.asked = (template, values)
        return b"%PDF-"


def _files_say_the_same(session: Session, unit: Unit) -> None:
    report, setter = decade(session, unit), Recorder()
    content = files.content(report, unit, "pdf", setter, SITE, specimen=True)
    assert (content, setter.asked[0]) == (b"%PDF-", paper.TEMPLATE)
    assert files.name(report, unit, "pdf") == "decade-401-2008-2017.pdf"
    document = Document(BytesIO(files.content(report, unit, "docx", setter, SITE, specimen=True)))
    told = "\n".join(one.text for one in document.paragraphs)
    assert "IV. Đánh giá" in told
    titles = [one.text for one in document.paragraphs if one.style.name == "Title"]
    assert titles == ["BÁO CÁO"]
    nation, motto, _rule = document.tables[0].cell(0, 1).paragraphs
    assert (nation.text[:8], motto.text[:7]) == ("CỘNG HÒA", "Độc lập")
    assert document.tables[0].cell(1, 1).text.startswith("Nga Sơn, ngày ")
    (by_unit,) = [one for one in document.tables if one.cell(0, 0).text == "Đơn vị"]
    assert by_unit.rows[0].cells[-1].text == "2017", "a source that all rows share has no column"
    assert "Nguồn của mọi dòng: [" in told
    assert "Hai." in told
    links = {one.target_ref for one in document.part.rels.values() if one.is_external}
    assert {SITE + one.address for one in report.sources} <= links
    book = load_workbook(BytesIO(files.content(report, unit, "xlsx", setter, SITE, specimen=True)))
    (yearly,) = [sheet for sheet in book if sheet["A1"].value == "Kết quả bình xét hằng năm"]
    assert [yearly.cell(row, 3).value for row in (3, 4)] == [145, 159]
    assert [yearly.cell(6, column).value for column in (1, 4)] == [2012, 75.64]
    assert yearly.cell(3, 3).hyperlink.target.startswith(f"{SITE}/reports/results?")
    english = decade(session, unit, "en")
    files.content(english, unit, "pdf", setter, SITE, specimen=True, language="en")
    assert setter.asked[1]["frame"]["source"] == "Source"
    assert table(english, "settled").rows[0][2].text == "over 5,000"


@pytest.mark.parametrize(("code", "kind"), [("16144", "commune"), ("16144-08", "area"), ("38", "")])
def test_every_kind_of_unit_has_its_reports(demonstration: Session, code: str, kind: str) -> None:
    """Law: Thông tư 124/2021/TT-BCA."""
    unit = by_code(demonstration, code, kind or None)
    assert unit is not None
    report = compose(demonstration, Scope("annual", unit.id, 2012, 2012))
    assert [row[0].text for row in table(report, "yearly").rows] == ["2011", "2012"]
    if kind == "commune":
        rows = texts(table(report, "units"))
        assert len(rows) == 11
        assert set(rows[0][1:]) <= {"đạt", "không"}
    decades = decade(demonstration, unit)
    groups = table(decades, "security_group")
    assert ("cộng" in " ".join(groups.remarks).casefold()) == (kind == "commune")
