"""The letters every paper must be able to print."""

from __future__ import annotations

import unicodedata

_VOWELS = "aăâeêioôơuưy"
_TONES = "\u0300\u0309\u0303\u0301\u0323"

#: The 134 precomposed letters of Vietnamese beyond ASCII (TCVN 6909:2001).
VIETNAMESE = "".join(
    sorted(
        case
        for letter in (
            *"ăâêôơưđ",
            *(unicodedata.normalize("NFC", v + t) for v in _VOWELS for t in _TONES),
        )
        for case in (letter, letter.upper())
    )
)

_PUNCTUATION = "“”‘’–—…·•°×§«»"

#: What may be written into a field after the paper was laid out.
FIELD_LETTERS = "".join(map(chr, range(0x20, 0x7F))) + _PUNCTUATION + VIETNAMESE

_EVERYDAY = frozenset(FIELD_LETTERS + "\t\n")


def unprintable(text: str) -> str:
    """The characters of a text that no paper can print, each once.

    The typeface is opened only for letters beyond the everyday ones, so that a process
    which lays out no paper seldom loads it. Where it is missing those count as unprintable.
    """
    strange = "".join(sorted(set(text) - _EVERYDAY))
    if not strange:
        return ""
    from engine.papers import fonts

    try:
        return fonts.unprintable(strange)
    except fonts.FontMissing:
        return strange
