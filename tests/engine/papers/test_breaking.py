"""Lines end where the typesetter ends them, or the text is left to it."""

from __future__ import annotations

import pytest

from engine.papers import breaking, shaping
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
    assert lines("số 12/QĐ-UBND", like="số 12/QĐ-") == ["số 12/QĐ-", "UBND"]
    assert lines("số 12/QĐ-UB", like="số 12/Q") == ["số 12/", "QĐ-UB"]


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
