"""Base 41: every byte has its text, and every text at most one meaning."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.statement import base41

IN_A_CODE = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
IN_A_FRAGMENT = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?-]*")  # RFC 3986, 3.5


@given(st.binary(max_size=400))
def test_bytes_come_back(raw: bytes) -> None:
    text = base41.encode(raw)
    assert base41.decode(text) == raw
    assert len(text) == len(raw) // 2 * 3 + len(raw) % 2 * 2


def test_its_letters_are_dense_in_a_code_and_whole_in_an_address() -> None:
    assert len(set(base41.LETTERS)) == 41
    assert set(base41.LETTERS) <= IN_A_CODE
    assert IN_A_FRAGMENT.fullmatch(base41.LETTERS)


@given(st.text(alphabet=base41.LETTERS, max_size=30))
def test_a_text_is_read_as_it_is_written_or_not_at_all(text: str) -> None:
    try:
        raw = base41.decode(text)
    except ValueError:
        return
    assert base41.encode(raw) == text


@pytest.mark.parametrize("text", ["A", "AAA0", "///", "//", "ab", "A B", "Ă12", "%00"])
def test_what_is_no_text_of_bytes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base 41|more than its"):
        base41.decode(text)
