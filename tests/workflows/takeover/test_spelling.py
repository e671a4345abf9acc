"""Names as offices write them: what is surely the same, what is only alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.names import fold
from workflows.takeover.spelling import ALIKE, OTHER_FORM, likeness, name, same


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("Thôn 1", "Thôn 1"),
        ("thôn  01", "Thôn 1"),
        ("1", "Thôn 1"),
        ("thon 1", "Thôn 1"),
        ("Thôn số 1", "Thôn 1"),
        ("KDC Thanh Bình", "Thôn Thanh Bình"),
        ("TDP Hoà Bình", "Tổ dân phố Hòa Bình"),
        ("dong doi", "Thôn Đồng Đội"),
        ("ĐỒNG ĐỘI", "Thôn Đồng Đội"),
        ("Thôn Đồng Đội", "Đồng Đội"),
    ],
)
def test_what_only_leaves_out_is_the_same(written: str, known: str) -> None:
    assert same(name(written), name(known))


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("Xóm 1", "Thôn 1"),  # called otherwise
        ("Thôn Đồng Đôi", "Thôn Đồng Đội"),  # marked otherwise
        ("Thôn Lũy", "Thôn Lụy"),
        ("Thôn 1", "Thôn 11"),
        ("Đông Đội A", "Thôn Đồng Đội"),
    ],
)
def test_what_says_otherwise_is_not_the_same(written: str, known: str) -> None:
    assert not same(name(written), name(known))


def test_likeness_offers_a_slip_but_never_another_number() -> None:
    assert likeness(name("Xóm 1"), name("Thôn 1")) == OTHER_FORM
    assert likeness(name("Thôn Dong Doj"), name("Thôn Đồng Đội")) >= ALIKE
    assert likeness(name("Thôn 1"), name("Thôn 11")) == 0
    assert likeness(name("Đông Tiến 2"), name("Đông Tiến 1")) == 0
    assert likeness(name("Bắc Sơn"), name("Thôn Đồng Đội")) < ALIKE


@given(st.sampled_from(["Thôn Hòa Bình", "Tổ dân phố số 3", "Tiểu khu 12", "Làng Đông"]))
def test_a_name_is_the_same_in_any_dress(known: str) -> None:
    for written in (known.upper(), known.lower(), fold(known), f"  {known} "):
        assert same(name(written), name(known))
