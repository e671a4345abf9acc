"""What a school, an agency or an enterprise is, where that decides who may be nominated."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from workflows.names import fold


@cache
def categories() -> Mapping[str, Mapping[str, Any]]:
    """The categories of each kind that has any, with their words (law/units/categories.toml)."""
    path = files("workflows") / "law" / "units" / "categories.toml"
    return tomllib.loads(path.read_text("utf-8"))


def names(kind: str, language: str = "vi") -> dict[str, str]:
    """The categories of a kind and what they are called."""
    return {one: told[language] for one, told in categories().get(kind, {}).items()}


def meant(kind: str, text: str) -> str | None:
    """The category that a cell of a sheet names, with or without diacritics."""
    for one, told in categories().get(kind, {}).items():
        if fold(text) in {
            fold(word) for word in (one, told["vi"], told["en"], *told.get("also", ()))
        }:
            return one
    return None
