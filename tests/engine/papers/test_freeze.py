"""Values are frozen into one text, or refused by the path of what cannot be."""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.papers.freeze import digest, freeze, thaw

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def composed(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [composed(item) for item in value]
    if isinstance(value, dict):
        return {composed(key): composed(item) for key, item in value.items()}
    return value


def one_key_per_name(value: Any) -> bool:
    """Whether no two keys become one when they are composed."""
    if isinstance(value, list):
        return all(map(one_key_per_name, value))
    if isinstance(value, dict):
        names = {composed(key) for key in value}
        return len(names) == len(value) and all(map(one_key_per_name, value.values()))
    return True


@given(st.dictionaries(st.text(), plain, max_size=6).filter(one_key_per_name))
def test_thawed_values_are_the_values_composed(values: dict[str, Any]) -> None:
    assert thaw(freeze(values)) == composed(values)
    assert freeze(thaw(freeze(values))) == freeze(values)


def test_order_of_keys_and_form_of_letters_do_not_matter() -> None:
    one = {"b": "Nga Sơn", "a": [1, True, None]}
    other = {"a": [1, True, None], "b": unicodedata.normalize("NFD", "Nga Sơn")}
    assert freeze(one) == '{"a":[1,true,null],"b":"Nga Sơn"}' == freeze(other)
    assert digest(one) == digest(other)
    assert digest(one) != digest(one | {"b": "Nga An"})


class Form(StrEnum):
    HEAD = "head"


class Count(IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), date(2026, 11, 5), Decimal(1), ("a",), {"a"}, b"a", Form.HEAD, Count.ONE],
)
def test_anything_else_is_refused_by_its_path(value: Any) -> None:
    with pytest.raises(TypeError, match=r"values\.areas\[1\]\.share is a"):
        freeze({"areas": [{"share": 1}, {"share": value}]})


def test_keys_are_strings_and_stay_apart() -> None:
    with pytest.raises(TypeError, match=r"values\.a has the key 1"):
        freeze({"a": {1: "x"}})
    with pytest.raises(TypeError, match="twice"):
        freeze({"ơ": 1, unicodedata.normalize("NFD", "ơ"): 2})
