"""How many years running let which level recognise, and the plain count of one area."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from workflows.successions import first

LEVELS = ("commune", "district", "province")


@dataclass(frozen=True, slots=True)
class Tier:
    """So many years running let this level recognise."""

    years: int
    level: str


@cache
def tiers_of(definition_id: str) -> tuple[Tier, ...]:
    """The tiers of a regime, shortest first; none if it knows no tiers (law/tiers)."""
    file = files("workflows") / "law" / "tiers" / f"{first(definition_id)}.toml"
    if not file.is_file():
        return ()
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(sorted((Tier(**tier) for tier in data["tiers"]), key=lambda t: t.years))


def streak(facts: Iterable[tuple[int, bool]], year: int) -> int:
    """How many years running were recognised, counting back from ``year``; 0 if it was not."""
    recognised = {y for y, ok in facts if ok}
    length = 0
    while year - length in recognised:
        length += 1
    return length


def granted(length: int, tiers: Sequence[Tier]) -> str | None:
    """The highest level that recognises in the year a streak gets this long.

    The first tier recognises every year, a higher one once: when its mark is first reached.
    """
    if length < 1 or not tiers:
        return None
    return next((tier.level for tier in tiers if tier.years == length), tiers[0].level)
