"""Folding for search."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.names import fold


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
