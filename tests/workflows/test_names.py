"""Folding for search, and the order of Vietnamese names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.names import fold, name_key

LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxy"


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


def test_the_given_name_decides_first() -> None:
    names = ["Nguyễn Văn Bình", "Trần Thị An", "Lê Văn Ân", "Phạm Văn Đức", "Mai Thị Dung"]
    by_given = ["Trần Thị An", "Lê Văn Ân", "Nguyễn Văn Bình", "Mai Thị Dung", "Phạm Văn Đức"]
    assert sorted(names, key=name_key) == by_given


def test_then_family_and_middle_names_decide() -> None:
    names = ["Vũ Thị Mai", "Lê Văn Mai", "Lê Thị Mai", "Đỗ Văn Mai", "Dương Văn Mai"]
    ordered = ["Dương Văn Mai", "Đỗ Văn Mai", "Lê Thị Mai", "Lê Văn Mai", "Vũ Thị Mai"]
    assert sorted(names, key=name_key) == ordered


def test_letters_come_in_alphabetical_order() -> None:
    by_code_point = sorted(LETTERS)
    assert "".join(by_code_point) != LETTERS
    assert "".join(sorted(by_code_point, key=name_key)) == LETTERS


def test_tones_decide_only_between_words_spelt_alike() -> None:
    shuffled = ["mạ", "má", "ma", "mã", "mà", "mả"]
    assert sorted(shuffled, key=name_key) == ["ma", "mà", "mả", "mã", "má", "mạ"]
    assert name_key("mạ") < name_key("man")


def test_composed_and_decomposed_names_sort_alike() -> None:
    name = "Đỗ Thị Thưởng"
    assert name_key(name)[0] == name_key(unicodedata.normalize("NFD", name))[0]


def test_an_empty_name_comes_first() -> None:
    assert min(["An", "", "Bình"], key=name_key) == ""
