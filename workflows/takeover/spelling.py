"""How names of areas are written: with their form in front or without, with diacritics or
without, a number with a zero before it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from workflows.exchange import headings
from workflows.names import STROKED_D, fold

ALIKE = 0.6
"""From which likeness on a name is offered for another."""

OTHER_FORM = 0.95
"""How alike two names are that differ in nothing but what the area is called."""

GENERIC = frozenset(("khu dan cu", "kdc", "khu"))
SHORT = {"tdp": "to dan pho", "tk": "tieu khu"}
_ZEROS = re.compile(r"\b0+(?=\d)")
_NUMBERS = re.compile(r"\d+")


@cache
def _forms() -> tuple[str, ...]:
    words = {fold(word) for word in headings.layouts()["history"]["kinds"]["area"]}
    return tuple(sorted(words | SHORT.keys(), key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart: what the area is called (empty if that is not said), the rest, and
    the marks over and under its letters, word by word."""

    form: str
    bare: str
    marks: tuple[str, ...]


def name(text: str) -> Name:
    """A written name, taken apart."""
    folded, form = _ZEROS.sub("", fold(text)), ""
    for known in _forms():
        if folded.startswith(known + " "):
            folded, form = folded[len(known) + 1 :], known
            break
    bare = folded.removeprefix("so ") if folded.removeprefix("so ").isdigit() else folded
    words = text.split()[-len(bare.split()) :]
    form = "" if form in GENERIC else SHORT.get(form, form)
    return Name(form, bare, tuple(map(_marks, words)))


def _marks(word: str) -> str:
    """The marks of a word in a fixed order: where in it a tone stands is a habit."""
    letters = unicodedata.normalize("NFD", word.lower())
    return "".join(sorted(c for c in letters if unicodedata.combining(c) or c == STROKED_D))


def same(written: Name, known: Name) -> bool:
    """Whether a written name is surely the known one: nothing differs but what was left out,
    the form or all diacritics."""
    if written.bare != known.bare:
        return False
    forms = written.form == known.form or not written.form or not known.form
    return forms and (written.marks == known.marks or not any(written.marks))


def likeness(written: Name, known: Name) -> float:
    """How alike two names are, from 0 to 1; names with other numbers are not."""
    if written.bare == known.bare:
        return OTHER_FORM
    if set(_NUMBERS.findall(written.bare)) != set(_NUMBERS.findall(known.bare)):
        return 0
    return SequenceMatcher(None, written.bare, known.bare).ratio()
