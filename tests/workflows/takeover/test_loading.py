"""Past results from a sheet: as offices keep them, all or nothing, twice without doubling, and
every reason against a line at its cell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.clock import vietnam
from engine.db import writing
from engine.errors import Refused
from engine.subjects import Subject
from tests.workflows.places import Country, unit
from workflows.exchange.template import template
from workflows.nominations import Nomination
from workflows.paper_numbers import like_a_number
from workflows.quoted import Quoted, beside
from workflows.results import Result, of_area
from workflows.streaks import standing
from workflows.takeover.loading import Report, as_record, load_history
from workflows.units import Unit, UnitSpan

NOON = vietnam(date(2026, 3, 2))
HEADINGS = ("year", "commune_code", "area", "kind", "result")
PAPERS = ("decision_number", "decision_date", "quoted_percent")


def csv(*lines: Sequence[object]) -> bytes:
    rows = [(*HEADINGS, *PAPERS), *((*line, *[""] * (8 - len(line))) for line in lines)]
    return "\n".join(";".join(map(str, row)) for row in rows).encode()


def load(session: Session, data: bytes, **told: Any) -> Report:
    with clock.fixed_at(NOON):
        return load_history(session, data, "cũ.csv", **told)


def refused(report: Report) -> list[tuple[str, str]]:
    return [(one.params["cell"], one.code) for one in report.refused]


def count(session: Session, table: Any = Result) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def district_sheet() -> bytes:
    """A workbook with a title, a heading of two lines, merged cells, blank lines, a total."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "2016-2017"
    sheet.append(["UBND HUYỆN NGA SƠN"])
    sheet.append(["KẾT QUẢ BÌNH XÉT KHU DÂN CƯ AN TOÀN VỀ AN NINH, TRẬT TỰ"])
    sheet.merge_cells("A2:G2")
    sheet.append(["Năm", "Mã xã", "Tên thôn", "Kết quả", "Quyết định công nhận", None, "Tỷ lệ"])
    sheet.append([None, None, None, None, "Số", "Ngày", None])
    for merged in ("A3:A4", "B3:B4", "C3:C4", "D3:D4", "E3:F3", "G3:G4"):
        sheet.merge_cells(merged)
    sheet.append(["2016", 16144, "thon 1", "Đạt", "12/QĐ-UBND", "12/6/2016", None])
    sheet.append([None, None, "Thôn 02", "chưa đạt", None, None, None])
    sheet.merge_cells("A5:A6")
    sheet.merge_cells("B5:B6")
    sheet.append([None] * 7)
    sheet.append(["Năm 2017", "xã Nga An", "1", "đạt", "9/QĐ", "ngày 12 tháng 6 năm 2017", None])
    sheet.append(["Tổng cộng", None, None, 2, None, None, None])
    data = BytesIO()
    book.save(data)
    return data.getvalue()


def test_a_sheet_as_a_district_keeps_it(session: Session, country: Country) -> None:
    data = district_sheet()
    tried = load(session, data, dry_run=True)
    assert (tried.rows, tried.new, tried.refused, count(session)) == (3, 3, [], 0)
    assert load(session, data).new == 3
    one, other, _ = country.areas
    told = [(r.year, r.recognised, r.decision_number, r.decided_on) for r in of_area(session, one)]
    assert told == [
        (2017, True, "9/QĐ", date(2017, 6, 12)),
        (2016, True, "12/QĐ-UBND", date(2016, 6, 12)),
    ]
    assert [(r.year, r.recognised, r.level) for r in of_area(session, other)] == [
        (2016, False, None)
    ]
    assert of_area(session, one)[0].source == "cũ.csv · 2016-2017 8"
    assert standing(session, one, 2017).streak == 2


def test_the_same_sheet_again_doubles_nothing(session: Session, country: Country) -> None:
    line = (2016, 16144, "Thôn 1", "", "đạt", "1/QĐ", "5/5/2016", "70")
    load(session, csv(line))
    again = load(session, csv(line, line))
    assert (again.new, again.changed, again.same) == (0, 0, 2)
    assert (count(session), count(session, Quoted)) == (1, 1)


def test_what_was_left_open_is_filled_in_later(session: Session, country: Country) -> None:
    load(session, csv((2016, 16144, "Thôn 1", "", "đạt")))
    report = load(session, csv((2016, 16144, "Thôn 1", "", "đạt", "1/QĐ", "2016-05-05")))
    assert (report.new, report.changed) == (0, 1)
    (found,) = of_area(session, country.areas[0])
    assert (found.decision_number, found.decided_on) == ("1/QĐ", date(2016, 5, 5))


@pytest.mark.parametrize(
    ("line", "cell", "code"),
    [
        ((2016, 16144, "Thôn 1", "", "chưa đạt"), "E2", "result_differs"),
        ((2016, 16144, "Thôn 1", "", "đạt", "2/QĐ"), "F2", "result_differs"),
        ((2016, 16144, "Thôn 1", "", "đạt", "1/QĐ", "6/5/2016"), "G2", "result_differs"),
        ((2016, 16144, "Thôn 1", "", "đạt", "", "", "71"), "H2", "quoted_differs"),
        (("hai nghìn", 16144, "Thôn 1", "", "đạt"), "A2", "not_a_year"),
        ((2031, 16144, "Thôn 1", "", "đạt"), "A2", "year_out_of_range"),
        (("", 16144, "Thôn 1", "", "đạt"), "A2", "cell_empty"),
        ((2017, 16144, "Thôn 1", "", "đạt", "!!!"), "F2", "number_unlike"),
        ((2017, "", "Thôn 1", "", "đạt"), "B2", "cell_empty"),
        ((2017, 16144, "", "", "đạt"), "C2", "cell_empty"),
        ((2017, 16144, "Thôn 1", "tàu", "đạt"), "D2", "not_a_kind"),
        ((2017, 401, "", "huyện", "đạt", "", "", "70"), "E2", "no_title_above_commune"),
        ((2017, 401, "", "huyện", ""), "E2", "cell_empty"),
        ((2017, 16144, "Thôn 1", "", "", "", "", "70"), "E2", "cell_empty"),
        ((2017, 16144, "", "huyện", "", "", "", "70"), "B2", "no_seat_then"),
        ((2010, 16144, "", "xã", "đạt"), "D2", "kind_not_then"),
        ((2017, 16144, "Thôn 1", "", "tốt"), "E2", "not_a_result"),
        ((2017, 16144, "Thôn 1", "", "đạt", "1", "31/2/2017"), "G2", "not_a_date"),
        ((2017, 16144, "Thôn 1", "", "đạt", "1", "3/3/2026"), "G2", "day_to_come"),
        ((2017, 16144, "Thôn 1", "", "đạt", "1", "31/12/1999"), "G2", "authority_not_on_day"),
        ((2017, 16144, "Thôn 1", "", "đạt", "1", "31/12/2016"), "G2", "decided_before_year"),
        ((2026, 16144, "Thôn 1", "", "đạt"), "A2", "year_still_runs"),
        ((2017, 16144, "Thôn 1", "", "đạt", "", "", "nhiều"), "H2", "not_a_percentage"),
        ((2017, 99999, "Thôn 1", "", "đạt"), "B2", "no_commune_then"),
        ((2017, 16144, "Bắc Hải", "", "đạt"), "C2", "no_such_unit_then"),
        ((2017, 16144, "Xóm 1", "", "đạt"), "C2", "unit_unsure"),
        ((2010, 16144, "Thôn Mới", "", "đạt"), "A2", "unit_not_there_yet"),
    ],
)
def test_every_reason_stands_at_its_cell_and_nothing_is_loaded(
    session: Session, country: Country, line: Sequence[object], cell: str, code: str
) -> None:
    with writing(session):
        parent = session.get_one(Unit, country.commune)
        late = unit("area", "Thôn Mới", "thôn", "16144-99", parent, 99)
        late.starts_on = date(2015, 1, 1)
        session.add(late)
    load(session, csv((2016, 16144, "Thôn 1", "", "đạt", "1/QĐ", "5/5/2016", "70")))
    good = (2014, 16144, "Thôn 2", "", "đạt")
    report = load(session, csv(line, good))
    assert refused(report) == [(cell, code)]
    assert count(session) == 1


def test_a_year_with_a_file_here_takes_its_result_from_its_decision(
    session: Session, country: Country
) -> None:
    about = Subject(
        kind="nomination",
        definition_id="tt-124-2021",
        definition_digest="0" * 64,
        state="",
        version=0,
        entered_at=NOON,
    )
    with writing(session):
        session.add(about)
        session.flush()
        session.add(Nomination(id=about.id, area_id=country.areas[0], year=2025))
    data = csv((2025, 16144, "Thôn 1", "", "đạt"), (2025, 16144, "Thôn 2", "", "đạt"))
    assert refused(load(session, data)) == [("A2", "year_has_nomination")]
    assert count(session) == 0


def test_a_result_and_a_percentage_on_two_lines_are_one(session: Session, country: Country) -> None:
    for before, year in enumerate((2016, 2015)):
        result = (year, 16144, "", "xã", "đạt")
        share, other = ((year, 16144, "", "xã", "", "", "", quoted) for quoted in ("80", "81"))
        rows = [share, result] if before else [result, share]
        report = load(session, csv(*rows))
        assert refused(report) == []
        assert count(session) == count(session, Quoted) == before + 1
        assert load(session, csv(*rows)).new == 0, "twice is once"
        again = load(session, csv(*rows, other))
        assert "rows_disagree" in {code for _, code in refused(again)}


def test_lines_that_disagree_are_refused(session: Session, country: Country) -> None:
    report = load(
        session,
        csv((2016, 16144, "Thôn 1", "", "đạt"), (2016, 16144, "1", "", "chưa đạt")),
    )
    assert refused(report) == [("E3", "rows_disagree")]


def test_somebody_chooses_where_a_name_is_not_sure(session: Session, country: Country) -> None:
    data = csv((2016, 16144, "Xóm 1", "", "đạt"), (2017, 16144, "Xóm 1", "", "đạt"))
    told = as_record(load(session, data), ["", ""])
    assert told["suggestions"] == [
        {
            "key": "16144/Xóm 1",
            "commune": "xã Nga An",
            "candidates": [{"code": "16144-01", "name": "Thôn 1"}],
        }
    ]
    wrong = load(session, data, chosen={"16144/Xóm 1": "16200-01"})
    assert refused(wrong) == [("C2", "match_unfit"), ("C3", "match_unfit")]
    assert load(session, data, chosen={"16144/Xóm 1": "16144-01"}).new == 2
    assert len(of_area(session, country.areas[0])) == 2


def test_a_choice_leaves_a_year_alone_whose_name_is_sure(
    session: Session, country: Country
) -> None:
    with writing(session):
        session.get_one(Unit, country.areas[0]).ends_on = date(2016, 12, 31)
        known = session.scalars(select(UnitSpan).where(UnitSpan.unit_id == country.areas[0]))
        known.one().ends_on = date(2016, 12, 31)
    data = csv((2016, 16144, "Thôn 1", "", "đạt"), (2017, 16144, "Thôn 1", "", "đạt"))
    for key, code in (("16144/Thôn 1", "16144-02"), ("16144/Thôn 1/2017", "16144-02")):
        assert load(session, data, chosen={key: code}, dry_run=True).refused == []
    unfit = load(session, data, chosen={"16144/Thôn 1/2017": "16200-01"}, dry_run=True)
    assert refused(unfit) == [("C3", "match_unfit")]


def test_who_may_not_hold_the_title_and_who_could_not_decide(
    session: Session, country: Country
) -> None:
    ended = date(2025, 6, 30)
    with writing(session):
        parent = session.get_one(Unit, country.commune)
        for number, category in enumerate(("primary", "lower_secondary", "")):
            school = unit("school", f"Trường {number}", "trường", f"GD-{number}", parent, number)
            school.category = category
            session.add(school)
        session.get_one(Unit, country.district).ends_on = ended
        session.scalars(
            select(UnitSpan).where(UnitSpan.unit_id == country.district)
        ).one().ends_on = ended
    schools = [(2023, 16144, f"Trường {number}", "trường", "đạt") for number in range(3)]
    decided = ("5/QĐ-UBND", "1/12/2025")
    data = csv(
        *schools,
        (2024, 16144, "", "xã", "đạt", *decided),
        (2024, 16144, "Thôn 1", "", "đạt", *decided),
        (2025, 16144, "", "xã", "đạt", *decided),
    )
    assert refused(load(session, data)) == [
        ("G5", "authority_not_on_day"),
        ("C2", "kind_not_eligible"),
        ("C4", "category_unknown"),
    ]
    load(session, csv(schools[1]))
    assert session.scalars(select(Result.level)).all() == ["commune"]  # it manages the school


def test_a_commune_s_own_line_and_its_quoted_share(session: Session, country: Country) -> None:
    report = load(
        session,
        csv(
            (2016, 16144, "Thôn 1", "", "đạt"),
            (2016, 16144, "Thôn 2", "", "đạt"),
            (2016, 16144, "Thôn 18", "", "chưa đạt"),
            (2016, 16144, "", "xã", "đạt", "5/QĐ-UBND", "", "66"),
        ),
    )
    assert (report.new, report.refused) == (4, [])
    (told,) = beside(session, 2016, 2016, country.commune)[2016]
    assert (told.quoted, told.computed, told.differs) == ("66", "67", True)
    assert (told.recognised, told.denominator, told.source) == (2, 3, "5/QĐ-UBND")
    assert of_area(session, country.commune)[0].level == "district"


def test_what_a_paper_quotes_of_a_district_comes_without_a_result(
    session: Session, country: Country
) -> None:
    data = csv(
        (2011, 16144, "Thôn 1", "", "đạt"),
        (2011, "Nga Sơn", "", "huyện", "", "55/BC", "", "70"),
        (2011, 38, "", "tỉnh", "", "", "", "70,5"),
        (2010, 16144, "", "xã", "", "", "", "66"),
    )
    assert (load(session, data).new, count(session), count(session, Quoted)) == (4, 1, 3)
    (told,) = beside(session, 2011, 2011, country.district)[2011]
    assert (told.quoted, told.computed, told.source) == ("70", "33", "55/BC")
    assert (load(session, data).same, count(session, Quoted)) == (4, 3)
    other = load(session, csv((2011, 401, "", "huyện", "", "", "", "71")))
    assert refused(other) == [("H2", "quoted_differs")]


def test_two_bearers_of_a_code_in_one_year_are_told_apart_by_the_day(
    session: Session, country: Country
) -> None:
    with writing(session):
        old = session.get_one(Unit, country.other_areas[0])
        parent = session.get_one(Unit, country.other_commune)
        twin = unit("area", old.name, "tiểu khu", "16200-77", parent, 77)
        twin.starts_on = date(2017, 7, 1)
        session.add(twin)
    line = (2017, 16200, "Tiểu khu 1", "", "đạt", "1/QĐ", "1/3/2017")
    assert load(session, csv(line)).refused == []
    assert len(of_area(session, country.other_areas[0])) == 1
    line = (2018, 16200, "Tiểu khu 1", "", "đạt")
    assert refused(load(session, csv(line))) == [("C2", "unit_unsure")]


@pytest.mark.parametrize("suffix", ["xlsx", "ods", "csv"])
def test_the_template_is_a_sheet_that_can_be_loaded(
    session: Session, country: Country, suffix: str
) -> None:
    data = template("history", f"a.{suffix}")
    report = load(session, data, dry_run=True)
    assert (report.rows, report.new, report.refused) == (3, 3, [])


def test_a_file_that_is_no_such_sheet_is_refused(session: Session, country: Country) -> None:
    with pytest.raises(Refused) as told:
        load(session, b"a;b\n1;2\n")
    assert told.value.code == "no_headings"
    with pytest.raises(Refused) as bare:
        load(session, csv())
    assert bare.value.code == "no_rows"


def test_a_number_is_what_old_papers_carry() -> None:
    old = ("45", "03a/QĐ-UBND", "12/QĐ-UBND", "12/2009/QĐ-UBND", "số 12 QĐ/UB", "QĐ 12–13")
    assert [*filter(like_a_number, (*old, "!!!", "12!", "x1", "/12", "12/", "QĐ", ""))] == [*old]
