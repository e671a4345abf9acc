"""No sheet records the opposite of what it says: marks mean what stands over them, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from engine.errors import Refused
from workflows.exchange import headings, separated, sheet
from workflows.takeover.rows import read_all
from workflows.takeover.verdicts import HISTORY

PLACES = ("Năm", "Mã xã", "Thôn")
Said = bool | tuple[str, str]
"""What a line comes to, or where and why it is refused."""


def book(upper: Sequence[object], lower: Sequence[object], *lines: Sequence[object]) -> bytes:
    """A sheet with the heading in lines 2 and 3 under a title, the first ones merged downwards
    and what stands over columns of results merged over those that are left empty."""
    made = Workbook()
    page = made.active
    assert page is not None
    page.append(["KẾT QUẢ BÌNH XÉT NĂM 2018"])
    page.append([*PLACES, *upper])
    page.append([None, None, None, *lower])
    for number, line in enumerate(lines, 1):
        page.append([2018, 16147, f"Thôn {number}", *line])
    last = len(PLACES) + len(lower)
    page.merge_cells(start_row=1, end_row=1, start_column=1, end_column=last)
    for column in range(1, 4):
        page.merge_cells(start_row=2, end_row=3, start_column=column, end_column=column)
    starts = [at for at, text in enumerate(upper, 4) if text]
    for start, after in zip(starts, [*starts[1:], last + 1], strict=True):
        if after > start + 1:
            page.merge_cells(start_row=2, end_row=2, start_column=start, end_column=after - 1)
        elif not lower[start - 4]:
            page.merge_cells(start_row=2, end_row=3, start_column=start, end_column=start)
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def said(data: bytes) -> list[Said]:
    return told_by(sheet.read(data, "f"))


def told_by(sheets: Sequence[sheet.Sheet]) -> list[Said]:
    try:
        rows, wrong = read_all(list(headings.lines(sheets, HISTORY)))
    except Refused as refused:
        return [(str(one.params.get("cell")), one.code) for one in refused.refusals]
    reasons: list[Said] = [(one.params["cell"], one.code) for one in wrong]
    return reasons or [bool(row.recognised) for row in rows]


UNDER = ("Kết quả", None)
NO, YES = "Chưa đạt", "Đạt"


@pytest.mark.parametrize("lower", [(NO, YES), (YES, NO), ("KHÔNG ĐẠT", "Dat"), ("Có", "Không")])
def test_a_mark_says_what_its_own_sub_heading_says(lower: tuple[str, str]) -> None:
    first = lower[0] in (YES, "Có")
    for marks in (("x", "X", "×"), ("v", "V", "✓", "✔", "có", "Có", 1, "1", True)):
        lines = [line for mark in marks for line in ((mark, None), ("-", mark))]
        assert said(book(UNDER, lower, *lines)) == [first, not first] * len(marks)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([(0, 1), (1, 0)], [True, False]),
        ([("không", "có")], [True]),
        ([("chưa đạt", None), (None, "đạt")], [False, True]),
        ([(None, "không đạt")], [False]),  # its own words, under "Đạt" of a list of all
        ([(None, 0)], [False]),
        ([("đạt", None)], [("D4", "result_contradicts")]),
        ([("x", "x")], [("E4", "result_contradicts")]),
        ([(0, 0)], [("D4", "result_contradicts")]),
        ([("không", None)], [("D4", "mark_unexplained")]),
        ([(0, None)], [("D4", "mark_unexplained")]),
        ([(None, None)], [("D4", "cell_empty")]),
        ([("tốt", None)], [("D4", "not_a_result")]),
        ([(None, "đạt?")], [("E4", "not_a_result")]),
        ([(None, "1/0")], [("E4", "not_a_result")]),
        ([(None, "✗")], [("E4", "not_a_result")]),
        # Where something else ticks, an x may strike out.
        ([(None, "✓"), (None, "x")], [("E5", "mark_unexplained")]),
        ([(None, "đạt"), (None, "x")], [("E5", "mark_unexplained")]),
        ([("x", None), (None, "✓")], [False, True]),
    ],
)
def test_cells_of_a_line_agree_with_their_headings_and_each_other(
    lines: list[tuple[object, object]], told: list[Said]
) -> None:
    assert said(book(UNDER, (NO, YES), *lines)) == told


def test_a_heading_that_says_no_outcome_takes_no_mark() -> None:
    marks = [(mark,) for mark in ("x", "v", "✓", 1, 0, "+")]
    for heading in ("Kết quả", "Đạt/không đạt", "Xếp loại", "Kết quả công nhận"):
        refused = [(f"D{number}", "mark_unexplained") for number in range(4, 10)]
        assert said(book((heading,), ("",), *marks)) == refused


@pytest.mark.parametrize(
    ("upper", "lower", "line", "told"),
    [
        (("Kết quả",), ("",), ("có",), True),
        (("Kết quả",), ("",), ("không",), False),
        (("Kết quả",), ("",), ("Không đạt",), False),
        (("Đạt",), ("",), ("x",), True),
        (("Chưa đạt",), ("",), ("x",), False),
        (("Chưa đạt",), ("",), ("",), ("D4", "cell_empty")),
        (("Kết quả",), ("Chưa đạt",), ("x",), False),
        (("Kết quả",), ("(x: chưa đạt)",), ("x",), ("D4", "mark_unexplained")),
        (("Công nhận", ""), (NO, YES), ("x", ""), False),
        (("Công nhận", ""), ("Không", "Có"), ("x", ""), False),
        # A heading over several columns is none of them.
        (UNDER, ("Tốt", "Khá"), ("x", ""), ("D3", "heading_unclear")),
        (UNDER, ("Vi phạm", "Khen thưởng"), ("có", ""), ("D3", "heading_unclear")),
        (("Chưa đạt", ""), ("Có", "Đạt"), ("x", ""), ("D3", "heading_unclear")),
        (("Đề nghị của thôn", ""), (YES, NO), ("x", ""), ("D3", "heading_unclear")),
        # What was proposed is no result; what was found twice must be the same.
        (("Đề nghị", "", "Kết quả", ""), (YES, NO, YES, NO), ("x", "", "", "x"), False),
        (("Đề nghị", "", "Kết quả"), (YES, NO, ""), ("x", "", "chưa đạt"), False),
        (
            ("Kết quả bình xét", "", "Kết quả công nhận", ""),
            (YES, NO, YES, NO),
            ("x", "", "", "x"),
            ("G4", "result_contradicts"),
        ),
        (
            ("Kết quả bình xét", "Kết quả công nhận"),
            ("", ""),
            ("đạt", ""),
            ("E4", "cell_empty"),
        ),
        # More words, where all of them are known and change nothing.
        (("Kết quả bình xét năm 2018",), ("",), ("chưa đạt",), False),
        (("Kết quả bình xét năm 2018", ""), (NO, YES), ("x", ""), False),
        (("Kết quả năm 2018 (đạt/không đạt)",), ("",), ("x",), ("D4", "mark_unexplained")),
        (("Kết quả",), ("Năm 2018",), ("đạt",), True),
        (("Năm 2018", ""), ("Chưa đạt (x)", "Đạt (x)"), ("x", ""), False),
        (("Kết quả", ""), ("Đạt (đánh dấu x)", "Chưa đạt (đánh dấu x)"), ("", "X"), False),
        (("Đạt",), ("(x)",), ("x",), True),
        (("Chưa đạt",), ("đánh dấu x",), ("x",), False),
        (("Không",), ("đạt",), ("x",), False),
        (("Đạt tiêu chuẩn an toàn về ANTT năm 2018",), ("",), ("x",), True),
        # Where another mark is named, an x may strike out.
        (("Kết quả", ""), ("Chưa đạt (v)", "Đạt (v)"), ("x", "v"), ("D4", "mark_unexplained")),
        (("Kết quả (✓)", ""), (NO, YES), ("x", ""), ("D4", "mark_unexplained")),
        (("Đạt (✓)",), ("",), ("✓",), True),
        # A result of another year, and words that are no result.
        (("Kết quả năm 2017",), ("",), ("đạt",), ("D4", "heading_of_other_year")),
        (("Năm 2017", ""), (NO, YES), ("", "x"), ("D4", "heading_of_other_year")),
        (
            ("Kết quả năm 2017", ""),
            ("Đạt năm 2018", NO),
            ("x", ""),
            ("E4", "heading_of_other_year"),
        ),
        (("Kết quả tự đánh giá",), ("",), ("đạt",), ("D3", "heading_unclear")),
        (("Kết quả đề nghị", ""), (NO, YES), ("", "x"), ("D3", "heading_unclear")),
        (("Đề nghị của thôn", ""), ("Kết quả", "Ghi chú"), ("đạt", ""), ("D3", "heading_unclear")),
        (("Kết quả",), ("Đề nghị",), ("đạt",), ("D3", "heading_unclear")),
        (("Đạt (1)", "Chưa đạt (2)"), ("", ""), ("x", ""), ("D3", "heading_unclear")),
        (("Đạt nhưng chưa đề nghị",), ("",), ("x",), ("D3", "heading_unclear")),
        # A vote and a form are no result; a form's number stands beside the table.
        (("Biểu quyết", ""), (YES, NO), ("x", ""), ("D3", "heading_unclear")),
        (("Mẫu đề nghị", ""), (YES, NO), ("x", ""), ("D3", "heading_unclear")),
        (("Kết quả", ""), ("Có vi phạm", "Không"), ("", "x"), ("D3", "heading_unclear")),
        (("Kết quả",), ("(kỳ trước)",), ("đạt",), ("D3", "heading_unclear")),
    ],
)
def test_what_stands_over_a_column_says_what_it_holds(
    upper: Sequence[str], lower: Sequence[str], line: Sequence[str], told: Said
) -> None:
    found = said(book(upper, lower, line))
    assert found[0] == told
    assert len({one for one in found if isinstance(one, bool)}) <= 1


def test_headings_that_lost_their_merging_say_the_same() -> None:
    top = [*PLACES, "Kết quả", "", "Số QĐ"]
    under = ["", "", "", NO, YES, ""]
    lines = [
        ["2018", "16147", "Thôn 1", "x", "", "12/QĐ"],
        ["2018", "16147", "Thôn 2", "", "x", ""],
    ]
    assert said(separated.write(top, [under, *lines])) == [False, True]
    plain = [*PLACES, NO, YES]
    assert said(separated.write(plain, [line[:5] for line in lines])) == [False, True]
    proposed = [*PLACES, "Đề nghị", "", ""]
    assert said(separated.write(proposed, [under, *lines]))[0] == ("D2", "heading_unclear")


@pytest.mark.parametrize(
    ("first", "again", "told"),
    [
        ([YES], [YES], [True, True]),
        ([YES], [""], [True, True]),
        ([YES], [NO], [("D3", "heading_changes")]),
        (["Kết quả"], ["Kết quả năm 2017"], [("D3", "heading_changes")]),
        (["Kết quả"], ["Đề nghị"], [("D3", "heading_changes")]),
        ([YES, NO], [NO, YES], [("D3", "heading_changes"), ("E3", "heading_changes")]),
    ],
)
def test_a_heading_further_down_says_the_same_or_is_refused(
    first: Sequence[str], again: Sequence[str], told: Sequence[Said]
) -> None:
    mark = "đạt" if first == ["Kết quả"] else "x"
    rows = [["2018", "16147", f"Thôn {n}", mark, ""][: 3 + len(first)] for n in (1, 2)]
    data = separated.write([*PLACES, *first], [rows[0], [*PLACES, *again], rows[1]])
    assert said(data) == told


@pytest.mark.parametrize(
    ("banner", "told"),
    [("I. Xã Nga An", [True, True]), ("CHƯA ĐẠT", [("A3", "heading_changes")])],
)
def test_a_title_between_the_lines_names_no_outcome(banner: str, told: Sequence[Said]) -> None:
    made = Workbook()
    page = made.active
    assert page is not None
    for line in (
        [*PLACES, YES],
        [2018, 16147, "Thôn 1", "x"],
        [banner],
        [2018, 16147, "Thôn 2", "x"],
    ):
        page.append(line)
    page.merge_cells("A3:D3")
    out = BytesIO()
    made.save(out)
    assert said(out.getvalue()) == told


def test_an_x_in_the_second_column_keeps_its_line() -> None:
    """A commune called like a total is data, a count of marks is not."""
    data = separated.write(
        ["Xã", "Thôn", "Năm", YES, NO],
        [["Cộng Hòa", "Thôn 1", "2018", "", "x"], ["Tổng cộng", "5", "2018", "4", "1"]],
    )
    (line,) = headings.lines(sheet.read(data, "f"), HISTORY)
    assert (line.number, line.cells["result"].address) == (2, "E2")


def test_a_paper_s_number_is_not_taken_from_another_paper_s_column() -> None:
    upper = ("Kết quả", "Tờ trình", "", "Quyết định", "", "")
    lower = ("", "Số", "Ngày", "Người ký", "Số", "Ngày")
    data = book(upper, lower, ("đạt", "3/TTr", "1/11/2018", "Bà A", "12/QĐ", "2/12/2018"))
    (line,) = headings.lines(sheet.read(data, "f"), HISTORY)
    assert (line.text("decision_number"), line.text("decision_date")) == ("12/QĐ", "2/12/2018")


GOOD = ("Đạt", "Đạt (x)", "ĐẠT NĂM 2018", "Được công nhận", "Công nhận (đánh dấu x)", "Dat chuan")
BAD = ("Chưa đạt", "Chưa đạt (x)", "KHÔNG ĐẠT NĂM 2018", "Không công nhận", "Chua duoc cong nhan x")
ASKING = ("Kết quả", "Kết quả bình xét năm 2018", "Kết quả công nhận danh hiệu", "Năm 2018")
ELSEWHERE = (
    *("Đề nghị", "Đề nghị của thôn", "Đăng ký năm 2018", "Chỉ tiêu", "Chưa xét", "Chưa", "Không"),
    *("Kết quả tự đánh giá", "Kết quả đề nghị", "Kết quả năm trước", "Năm 2017", "Chưa đạt"),
    *("Xếp loại của thôn", "Kết quả thẩm định", "Đạt nhưng chưa đề nghị", "Số khu dân cư đạt"),
)
Part = tuple[list[list[str]], list[str]]
"""Columns side by side: the lines over each, and what its cell says."""


@st.composite
def parts(draw: st.DrawFn, over: Sequence[str], *, recognised: bool, strange: bool) -> Part:
    """An answer in one column or in two, under headings of which, if it is a strange one, at
    least one does not speak of results."""
    lines = draw(st.lists(st.sampled_from(over), max_size=2))
    if strange:
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(ELSEWHERE)))
    if draw(st.booleans()):
        return [[*lines, "Kết quả"]], [("đạt" if recognised else "chưa đạt")]
    told = [(draw(st.sampled_from(GOOD)), recognised), (draw(st.sampled_from(BAD)), not recognised)]
    told = draw(st.permutations(told))
    return [[*lines, text] for text, _ in told], ["x" if marked else "" for _, marked in told]


@given(st.data())
def test_no_sheet_says_the_opposite_of_what_it_says(data: st.DataObject) -> None:
    truth, merged, titled = (data.draw(st.booleans()) for _ in range(3))
    real = data.draw(st.integers(0, 1))
    strange = data.draw(st.integers(0 if real else 1, 2))
    found: list[Part] = [([[name]], [told]) for name, told in zip(PLACES, FIRST, strict=True)]
    found += [([["Ghi chú"]], [""])] * data.draw(st.integers(0, 1))
    found += [data.draw(parts(ASKING, recognised=truth, strange=False)) for _ in range(real)]
    for _ in range(strange):
        outcome = data.draw(st.booleans())
        found.append(data.draw(parts(ASKING, recognised=outcome, strange=True)))
    told = told_by([drawn(data.draw(st.permutations(found)), merged=merged, titled=titled)])
    assert [one for one in told if isinstance(one, bool)] in ([], [truth] if real else [])
    if merged and not strange:
        assert told == [truth]


FIRST = ("2018", "16147", "Thôn 1")


def drawn(found: Sequence[Part], *, merged: bool, titled: bool) -> sheet.Sheet:
    """The sheet with these columns, its headings merged to the right and down, or only written
    where they begin."""
    heads = [head for lines, _ in found for head in lines]
    starts = [at == 0 for lines, _ in found for at, _ in enumerate(lines)]
    deep = max(map(len, heads))
    rows: list[list[tuple[str, bool]]] = [[] for _ in range(deep)]
    for head, start in zip(heads, starts, strict=True):
        for line, row in enumerate(rows):
            text = head[min(line, len(head) - 1)]
            apart = line >= len(head) or (not start and line < len(head) - 1)
            row.append((text if merged or not apart else "", apart))
    title = [("DANH SÁCH ĐỀ NGHỊ CÔNG NHẬN NĂM 2017", at > 0) for at, _ in enumerate(heads)]
    cells = [(text, False) for _, told in found for text in told]
    every = [*([title] if titled else []), *rows, cells]
    return sheet.sheet_of("f", [(at, dict(enumerate(row))) for at, row in enumerate(every, 1)])
