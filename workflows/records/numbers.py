"""Numbers of records, as people type them and as they are printed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workflows.wording import names

LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class Number:
    """A count: ``value`` (to ``high``, if it is a range), stated exactly or by a ``mark``."""

    value: int
    high: int | None = None
    mark: str = ""

    @property
    def exact(self) -> bool:
        return not self.mark and self.high is None


def typed(text: str, decimals: int = 0) -> Number:
    """The number that somebody typed: ``1.245``, ``89,2``, ``20000-25000``, and before it
    ``>`` (more than), ``<`` (nearly) or ``~`` (about). Raises ``ValueError``."""
    bare = "".join(text.split())
    mark = {">": "over", "<": "nearly", "~": "about"}.get(bare[:1], "")
    low, dash, high = (bare[1:] if mark else bare).replace("–", "-").partition("-")
    number = Number(_whole(low, decimals), _whole(high, decimals) if dash else None, mark)
    if number.high is not None and number.high <= number.value:
        raise ValueError(text)
    return number


def _whole(text: str, decimals: int) -> int:
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d+))?", text, re.ASCII)
    if found is None or len(found[2] or "") > decimals:
        raise ValueError(text)
    digits = found[1].replace(".", "") + (found[2] or "").ljust(decimals, "0")
    value = int(digits[:20])
    if value > LARGEST:
        raise ValueError(text)
    return value


def written(number: Number, decimals: int = 0, *, plain: bool = False, language: str = "vi") -> str:
    """How it is printed: ``trên 5.000``, ``20.000–25.000``, ``89,2``."""
    text = _digits(number.value, decimals, plain, language)
    if number.high is not None:
        text = f"{text}–{_digits(number.high, decimals, plain, language)}"
    mark = names()["marks"][number.mark][language] if number.mark else ""
    return f"{mark} {text}".strip()


def retyped(number: Number, decimals: int = 0) -> str:
    """How it is shown in a form, so that ``typed`` reads it back."""
    mark = {"over": ">", "nearly": "<", "about": "~"}.get(number.mark, "")
    text = _digits(number.value, decimals, True, "vi")
    high = "" if number.high is None else f"-{_digits(number.high, decimals, True, 'vi')}"
    return mark + text + high


def _digits(value: int, decimals: int, plain: bool, language: str) -> str:
    whole, rest = divmod(value, 10**decimals)
    thousands, comma = (".", ",") if language == "vi" else (",", ".")
    text = str(whole) if plain else f"{whole:,}".replace(",", thousands)
    return f"{text}{comma}{rest:0{decimals}d}" if decimals else text
