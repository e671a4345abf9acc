"""Lines end where the typesetter ends them, or the text is left to it."""

from __future__ import annotations

import pytest

from engine.papers import breaking, render, shaping
from engine.papers.breaking import DoesNotFit

SIZE = 16.0


def width(text: str) -> float:
    return shaping.line(text, "regular", SIZE).width


def lines(text: str, like: str, first: str = "") -> list[str]:
    """The lines in a room a little wider than a text."""
    return breaking.lines(text, "regular", SIZE, width(first or like) + 0.5, width(like) + 0.5)


def test_a_line_holds_all_it_can_and_ends_before_a_space() -> None:
    assert lines("một hai ba bốn năm", like="một hai") == ["một hai", "ba bốn", "năm"]
    assert lines("một hai ba", like="một hai ba") == ["một hai ba"]
    assert lines(" một hai ba", like="hai ba", first=" một") == [" một", "hai ba"]


def test_a_line_may_end_after_a_hyphen_or_stroke_between_words() -> None:
    assert lines("xóm Bắc-Nam", like="xóm Bắc-") == ["xóm Bắc-", "Nam"]
    assert lines("họp hai/ba", like="họp hai/b") == ["họp hai/", "ba"]


@pytest.mark.parametrize("number", ["02/QĐ-UBND", "124/2021/TT-BCA", "………/GCN-UBND", "1/BC-BCĐ."])
def test_no_line_ends_inside_a_number_and_symbol(number: str) -> None:
    """Here and where a paper is laid out for itself."""
    for room in range(int(width(number)) + 12, 200, 7):
        ours = breaking.lines(f"về việc {number} ngày", "regular", SIZE, room, room)
        assert [line for line in ours if number in line]
    css = f"p {{ width: {width(number) + 12}px; font: 16px/1 'Paper Times' }}"
    text = f"<style>{css}</style><p>về việc số {number} ngày</p>"
    lines_laid_out = render.HTML(string=text).render().pages[0]._page_box.descendants()
    assert [one for one in lines_laid_out if number in getattr(one, "text", "")]


def test_no_line_ends_between_figures() -> None:
    assert lines("Thông tư 124/2021", like="Thông tư 124/") == ["Thông tư", "124/2021"]


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("một…hai ba", "một…"),  # annex 14 would have to be asked
        ("Thônghai ba", "Thông"),  # a word wider than its line
    ],
)
def test_what_is_not_sure_is_left_to_the_typesetter(text: str, like: str) -> None:
    with pytest.raises(DoesNotFit):
        lines(text, like)


def test_a_hair_decides_nothing() -> None:
    with pytest.raises(DoesNotFit):
        breaking.lines("một hai", "regular", SIZE, width("một hai") + 0.01, width("một hai") + 0.01)
