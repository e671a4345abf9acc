"""Vietnamese text: folding for search, names compared and taken apart."""

from __future__ import annotations

import re
import unicodedata

from engine.texts import visible

STROKED_D = "\u0111"  # no decomposition exists for it

_NO_WORD = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """``text`` in lower case without any diacritics or punctuation, words parted by one
    space."""
    plain = unicodedata.normalize("NFD", text.lower()).replace(STROKED_D, "d")
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(_NO_WORD.sub(" ", bare).split())


def words_of(search: str) -> list[str]:
    """The words that a search asks for, as ``fold`` writes them; what holds none is looked
    for as it is, and so not found."""
    return fold(search).split() or search.split()


def same_name(one: str, other: str) -> bool:
    """Whether two written names are the same, whatever their case and spacing, and
    whatever stands in them that shows nothing."""
    return _written(one) == _written(other)


def _written(name: str) -> str:
    return " ".join(visible(name).split()).casefold()


def titled(line: str) -> tuple[str, str]:
    """Title and name of a person written as ``title: name``; no title in a bare name."""
    title, colon, name = line.partition(":")
    return (title.strip(), name.strip()) if colon else ("", line.strip())


def unstopped(text: str | None) -> str:
    """A text without its own full stop or semicolon: what it stands in sets the end."""
    return (text or "").strip().rstrip(".;").rstrip()
