"""Units from sheets: what is read, what is refused and at which cell, and twice is once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from tests.workflows.exchange.test_sheets import HEADINGS, WRITERS
from tests.workflows.places import Country
from workflows import lineage, units
from workflows.exchange import headings, sheet
from workflows.exchange.template import template
from workflows.territory import acts, ground, succession
from workflows.territory.atlas import Atlas, Span
from workflows.territory.loading import Report, judge, load_units
from workflows.territory.orders import Order
from workflows.units import Unit
from workflows.wording import say

Row = Sequence[str]

PROVINCE = ("tỉnh", "38", "Thanh Hóa", "", "1/1/2000", "", "")
DISTRICT = ("huyện", "401", "Nga Sơn", "38", "1/1/2000", "30/6/2025", "")
BACH = ("Xa", "16120", "Xã Nga Bạch", "401", "1/1/2000", "30/11/2024", "")
TRUNG = ("xã", "16117", "Nga Trung", "401", "01-01-2000", "2024-11-30", "")
HIEP = ("xã", "16120", "Nga Hiệp", "401", "1/12/2024", "30/6/2025", "16120; 16117")
TOWN = ("thị trấn", "16093", "Nga Sơn", "401", "1/1/2000", "30/6/2025", "")
NEW = ("xã", "16093", "Nga Sơn", "38", "ngày 1 tháng 7 năm 2025", "", "16093, 16120")
HAMLET = ("Thôn", "16120-01", "Thôn 1", "16120", "1/1/2000", "30/11/2024", "")
SAME_HAMLET = ("Thôn", "16120-01", "Thôn Một", "16120", "1/12/2024", "30/6/2025", "")
GOOD: Sequence[Row] = (PROVINCE, DISTRICT, HIEP, BACH, TRUNG, TOWN, NEW, HAMLET, SAME_HAMLET)


def load(session: Session, rows: Sequence[Row], *, form: str = "csv", dry: bool = False) -> Report:
    data = WRITERS[form](HEADINGS, [list(row) for row in rows])
    return load_units(session, data, f"units.{form}", dry_run=dry)


def why(report: Report) -> list[tuple[str, str]]:
    for one in report.refused:
        for language in ("vi", "en"):
            assert "{" not in say(one, language)
    return [(one.params.get("cell", ""), one.code) for one in report.refused]


@pytest.mark.parametrize("form", WRITERS)
def test_a_sheet_is_recorded_once(session: Session, form: str) -> None:
    tried = load(session, GOOD, form=form, dry=True)
    assert (tried.rows, tried.new, why(tried)) == (9, 9, [])
    assert session.scalar(select(func.count()).select_from(Unit)) == 0
    assert load(session, GOOD, form=form).new == 9
    again = load(session, GOOD, form=form)
    assert (again.new, again.changed, again.same, why(again)) == (0, 0, 9, [])
    assert session.scalar(select(func.count()).select_from(Unit)) == 8
    hamlet = units.by_code(session, "16120-01")
    assert hamlet is not None
    assert [one.name for one in units.spans_of(session, hamlet.id)] == ["Thôn 1", "Thôn Một"]
    new = units.by_code(session, "16093", on=date(2025, 7, 1))
    hiep = units.by_code(session, "16120", on=date(2025, 1, 1))
    assert new is not None
    assert hiep is not None
    assert hiep.title == "xã Nga Hiệp"
    assert {
        (link.unit_id, link.kind) for link in lineage.predecessors(session, [new.id])[new.id]
    } >= {(hiep.id, "merge")}


def test_schools_and_enterprises_come_by_sheet_with_their_category(
    session: Session, country: Country
) -> None:
    heads = [*HEADINGS, "Cấp học, quy mô"]

    def put(*rows: Row) -> Report:
        data = WRITERS["csv"](heads, [list(row) for row in rows])
        return load_units(session, data, "units.csv")

    school = ("Trường", "GD-1", "Trường Mẫu", "16144", "1/1/2020", "", "")
    company = ("doanh nghiệp", "DN-1", "Công ty Mẫu", "16144", "1/1/2020", "", "", "Vừa")
    assert why(done := put((*school, ""), company)) == []
    assert (done.new, done.same) == (2, 0)
    found = units.by_code(session, "GD-1")
    other = units.by_code(session, "DN-1")
    assert found is not None
    assert other is not None
    assert (found.kind, found.category) == ("school", "")
    assert (other.kind, other.category) == ("enterprise", "medium")
    told = put((*school, "THCS"), company)
    assert (told.changed, told.same, why(told)) == (1, 1, [])
    session.refresh(found)
    assert found.category == "lower_secondary"
    assert why(put((*school, "tiểu học"))) == [("H2", "differs_from_record")]
    assert why(put((*school, "vừa"))) == [("H2", "unit_category_unknown")]
    day = date(2027, 1, 1)
    deed, into = {"effective_on": day}, [{"category": "upper_secondary"}]
    order = {"act": "rename", "units": ["GD-1"], "into": into, "deed": deed}
    with clock.fixed_at(clock.vietnam(date(2026, 12, 31))):
        acts.decree(session, [Order.model_validate(order)])
    then = [one.category for one in units.spans_of(session, found.id)]
    assert then == ["lower_secondary", "upper_secondary"], "a category has its days"
    assert found.category == "lower_secondary"
    assert ground.refresh(session, ground.begun(session, day), day) == 1
    session.refresh(found)
    assert found.category == "upper_secondary"


REFUSED: Sequence[tuple[str, Sequence[Row], list[tuple[str, str]]]] = [
    (
        "empty cells",
        [("xã", "", "", "401", "", "", "")],
        [("B2", "cell_empty"), ("C2", "cell_empty")],
    ),
    ("a house", [("xã", "1", "X 🏠", "401", "", "", "")], [("C2", "unprintable")]),
    ("nothing shown", [("xã", "1", "\u200b", "401", "", "", "")], [("C2", "cell_empty")]),
    ("no kind", [("hội", "1", "X", "401", "", "", "")], [("A2", "unit_form_missing")]),
    ("no day", [("xã", "1", "X", "401", "hôm qua", "", "")], [("E2", "not_a_date")]),
    (
        "days reversed",
        [("xã", "1", "X", "401", "2/1/2020", "1/1/2020", "")],
        [("F2", "dates_reversed")],
    ),
    ("no first day", [("xã", "1", "X", "401", "", "", "")], [("E2", "cell_empty")]),
    ("no such parent", [("xã", "1", "X", "499", "1/1/2020", "", "")], [("D2", "unit_not_then")]),
    ("no parent", [("xã", "1", "X", "", "1/1/2020", "", "")], [("D2", "parent_missing")]),
    (
        "the parent not yet",
        [("xã", "1", "X", "401", "1/1/1999", "", "")],
        [("D2", "unit_not_then")],
    ),
    ("a code in use", [("xã", "16144", "X", "401", "1/1/2020", "", "")], [("B2", "code_in_use")]),
    (
        "overlapping dates",
        [
            ("xã", "1", "X", "401", "1/1/2020", "31/12/2020", ""),
            ("xã", "1", "Y", "401", "1/6/2020", "", ""),
        ],
        [("B2", "code_in_use"), ("B3", "code_in_use")],
    ),
    ("a line twice", [("xã", "1", "X", "401", "1/1/2020", "", "")] * 2, [("B3", "row_twice")]),
    (
        "two parents at once",
        [("xã", "1", "X", "401", "1/1/2020", "", ""), ("xã", "1", "X", "402", "1/1/2020", "", "")],
        [("B3", "row_twice")],
    ),
    (
        "no such predecessor",
        [("xã", "1", "X", "401", "1/1/2020", "", "77")],
        [("G2", "unit_not_then")],
    ),
    (
        "a circle",
        [
            ("xã", "1", "X", "401", "1/1/2010", "31/12/2019", ""),
            ("xã", "2", "Y", "401", "1/1/2010", "31/12/2019", ""),
            ("xã", "1", "X", "401", "1/1/2020", "", "2"),
            ("xã", "2", "Y", "401", "1/1/2020", "", "1"),
        ],
        [("G4", "lineage_circle"), ("G5", "lineage_circle")],
    ),
    (
        "merged and yet there",
        [
            ("xã", "1", "X", "401", "1/1/2010", "31/12/2019", ""),
            ("xã", "2", "Y", "401", "1/1/2010", "1/1/2020", ""),
            ("xã", "3", "Z", "401", "1/1/2020", "", "1; 2; 16144"),
            ("xã", "1", "XX", "401", "1/1/2020", "", "2"),
        ],
        [("G4", "predecessor_goes_on"), ("G5", "predecessor_goes_on")],
    ),
    (
        "otherwise recorded",
        [("xã", "16144", "Khác", "401", "1/1/2000", "", "")],
        [("C2", "differs_from_record")],
    ),
]


def judged(rows: Sequence[Row]) -> Report:
    """What lines come to on the small country, without a database."""
    data = WRITERS["csv"](HEADINGS, [list(row) for row in rows])
    return judge(country(), list(headings.lines(sheet.read(data, "units.csv"), "units")))[0]


def country() -> Atlas:
    """A province, two districts, a commune with an area."""
    told = [
        (1, "province", "Thanh Hóa", "tỉnh", "38", None),
        (2, "district", "Nga Sơn", "huyện", "401", 1),
        (3, "district", "Hà Trung", "huyện", "402", 1),
        (4, "commune", "Nga An", "xã", "16144", 2),
        (5, "area", "Thôn 1", "thôn", "16144-01", 4),
    ]
    since = date(2000, 1, 1)
    return Atlas.of(
        {
            i: [Span(since, None, name, form, code, kind, up)]
            for i, kind, name, form, code, up in told
        }
    )


@pytest.mark.parametrize(("name", "rows", "expected"), REFUSED, ids=[one[0] for one in REFUSED])
def test_bad_lines_are_refused_at_their_cells(
    name: str, rows: Sequence[Row], expected: list[tuple[str, str]]
) -> None:
    assert sorted(set(why(judged(rows)))) == sorted(set(expected))


def test_what_was_merged_may_end_in_the_sheet_and_who_gave_a_part_goes_on() -> None:
    ends = "31/12/2019"
    two = ("thôn", "16144-02", "Thôn 2", "16144", "1/1/2010", ends, "")
    one = ("thôn", "16144-01", "Thôn 1", "16144", "", ends, "")
    both = ("thôn", "16144-61", "Thôn A", "16144", "1/1/2020", "", "16144-01, 16144-02")
    part = (*both[:6], "16144-01")
    today = clock.vietnam(date(2019, 12, 1))
    with clock.fixed_at(today):
        assert why(judged([both, two, one])) == []
        assert why(judged([part])) == []
        (fault,) = judged([both, two]).refused
    told = [fault.params[name] for name in ("other", "code", "on")]
    assert told == ["Thôn 1", "16144-01", "2019-12-31"]


def test_one_bad_line_keeps_the_good_ones_out(session: Session) -> None:
    report = load(session, [*GOOD, ("xã", "1", "X", "499", "1/1/2020", "", "")])
    assert why(report) == [("D11", "unit_not_then")]
    assert session.scalar(select(func.count()).select_from(Unit)) == 0


def test_a_last_day_may_be_told_later(session: Session, country: Country) -> None:
    row = ("thôn", "16144-01", "Thôn 1", "16144", "1/1/2000", "31/12/2025", "")
    first, second, _ = country.areas
    on = date(2026, 1, 1)
    merged = {"predecessor_id": first, "successor_id": second, "kind": "merge"}
    session.add(lineage.UnitLineage(**merged, effective_on=on))
    session.commit()
    ((before, after, day),) = succession.going_on_merged(session)
    assert (before.id, after.id, day) == (first, second, on)
    assert load(session, [row]).changed == 1
    assert succession.going_on_merged(session) == []
    assert session.get_one(Unit, country.areas[0]).ends_on == date(2025, 12, 31)
    other = (*row[:5], "30/6/2025", "")
    assert why(load(session, [other])) == [("F2", "differs_from_record")]


def test_without_a_day_today_is_meant() -> None:
    report = judged([("thôn", "16144-01", "Thôn 1", "16144", "", "", "")])
    assert (report.same, why(report)) == (1, [])


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_template_is_itself_a_good_sheet(form: str, language: str) -> None:
    lines = headings.lines(sheet.read(template("units", f"x.{form}", language), "x"), "units")
    report, *_ = judge(Atlas(), list(lines))
    assert (report.new, why(report)) == (5, [])
