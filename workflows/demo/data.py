"""The demonstration's facts (TOML beside this file), and the two ways it invents the rest."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

Progress = Callable[[str, int, int], None]


@cache
def facts(name: str) -> dict[str, Any]:
    """The content of ``<name>.toml``; not to be changed by the reader."""
    text = (files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def chance(seed: int, part: str) -> Random:
    """A source of repeatable choices for one part, whatever the other parts draw."""
    return Random(f"{seed}/{part}")  # noqa: S311 - invents data, guards nothing


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` in whole shares in proportion to the weights, summing exactly to it.

    What rounding down leaves goes to the largest remainders, the first among equals.
    """
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


class Namer:
    """Names of people who do not exist, and look it: each ends in a number."""

    def __init__(self, choices: Random) -> None:
        self._choices = choices
        self._words = facts("invented")

    def name(self, number: int) -> str:
        words = self._words
        return str(words["pattern"]).format(
            family=self._choices.choice(words["families"]),
            middle=self._choices.choice(words["middles"]),
            number=number,
        )

    def phone(self, number: int) -> str:
        return str(self._words["phone"]).format(thousands=number // 1000, rest=number % 1000)
