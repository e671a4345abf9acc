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

EVERYDAY = frozenset(FIELD_LETTERS + "\t\n")

_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def unreadable(text: str) -> str:
    """The characters of a text that are no letters, each once: control characters and halves
    of UTF-16 pairs, which neither a database nor a paper nor an office file takes, and signs
    that turn the reading direction, by which a text could show as another than it is."""
    return "".join(sorted({sign for sign in text if _unwanted(sign)}))


def _unwanted(sign: str) -> bool:
    control = unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t"
    return control or turning(sign)


def turning(sign: str) -> bool:
    """Whether a sign turns the reading direction of what follows it."""
    return unicodedata.bidirectional(sign) in _TURNING


def unprintable(text: str) -> str:
    """The characters of a text that no paper can print, each once.

    The typeface is opened only for letters beyond the everyday ones, so that a process
    which lays out no paper seldom loads it. Where it is missing those count as unprintable.
    """
    strange = "".join(sorted(set(text) - EVERYDAY))
    if not strange:
        return ""
    from engine.papers import fonts

    try:
        return fonts.unprintable(strange)
    except fonts.FontMissing:
        return strange
