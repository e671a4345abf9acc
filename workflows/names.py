"""Vietnamese text: folding for search, and the order in which names are read out."""

from __future__ import annotations

import re
import unicodedata

STROKED_D = "\u0111"  # no decomposition exists for it

# Marks that make another letter, in the order of the alphabet (breve, circumflex, horn).
_LETTER_MARKS = {"\u0306": 1, "\u0302": 2, "\u031b": 3}
# Marks of tone, in the order dictionaries use: grave, hook, tilde, acute, dot below.
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}

_NO_WORD = re.compile(r"[\W_]+")

Word = tuple[tuple[int, ...], tuple[int, ...]]


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


def name_key(name: str) -> tuple[tuple[Word, ...], str]:
    """Sort key of a personal name: the given name first, then family and middle names.

    Letters come in the order of the Vietnamese alphabet; tones decide only between words
    spelt alike. The name itself is last, so that the order is total.
    """
    words = [_word(word) for word in name.lower().split()]
    return (tuple(words[-1:] + words[:-1]), name)


def _word(word: str) -> Word:
    letters: list[int] = []
    tones: list[int] = []
    for char in unicodedata.normalize("NFD", word):
        if char in _LETTER_MARKS and letters:
            letters[-1] += _LETTER_MARKS[char]
        elif char in _TONES and tones:
            tones[-1] = _TONES[char]
        else:
            stroked = char == STROKED_D
            letters.append(ord("d" if stroked else char) * 4 + stroked)
            tones.append(0)
    return tuple(letters), tuple(tones)


def same_name(one: str, other: str) -> bool:
    """Whether two written names are the same, whatever their case and spacing."""
    return _written(one) == _written(other)


def _written(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def titled(line: str) -> tuple[str, str]:
    """Title and name of a person written as ``title: name``; no title in a bare name."""
    title, colon, name = line.partition(":")
    return (title.strip(), name.strip()) if colon else ("", line.strip())


def unstopped(text: str | None) -> str:
    """A text without its own full stop or semicolon: what it stands in sets the end."""
    return (text or "").strip().rstrip(".;").rstrip()
