"""Folding for search."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.names import fold, same_name


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Thôn Đồng Đội", "thon dong doi"),
        ("Nga Thủy", "nga thuy"),
        ("  Tiểu   khu 3 ", "tieu khu 3"),
        ("ƯỚC Ở ẴM", "uoc o am"),
        ("Thôn 3, xã Nga An (cũ)", "thon 3 xa nga an cu"),
        (unicodedata.normalize("NFD", "Nga Điền"), "nga dien"),
    ],
)
def test_folding_leaves_bare_letters(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert not any(unicodedata.combining(char) for char in once)


@pytest.mark.parametrize("other", ["vũ  HỮU Mẫu", "Vũ Hữu Mẫu\u200b", "Vũ Hữu \u2060M\u00adẫu"])
def test_one_name_is_the_same_whatever_shows_nothing_in_it(other: str) -> None:
    assert same_name("Vũ Hữu Mẫu", other)
    assert not same_name("Vũ Hữu Mẫn", other)
