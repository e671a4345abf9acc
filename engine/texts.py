"""The one way in for words that people type: in moves, forms, commands and files alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from engine.errors import Refusal
from engine.papers.letters import EVERYDAY, turning, unprintable, unreadable

LETTERS_TOLD = 10

_JOINER = "\u034f"  # combining grapheme joiner: of the marks the one that shows nothing
_NEW_LINES = frozenset("\n\t\u2028\u2029")


class Unfit(Exception):
    """Why a text cannot be taken: a code of refusals and its parameters."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def visible(text: str) -> str:
    """The text in NFC without the signs that show nothing (Unicode's category Cf, soft hyphen
    among them), by which one name could pass for two, or nothing for a text. Signs that turn
    the reading direction stay, to be refused."""
    hidden = {sign for sign in set(text) - EVERYDAY if _hidden(sign)}
    shown = "".join(sign for sign in text if sign not in hidden) if hidden else text
    return unicodedata.normalize("NFC", shown)


def _hidden(sign: str) -> bool:
    return sign == _JOINER or (unicodedata.category(sign) == "Cf" and not turning(sign))


def read_text(
    raw: Any, *, longest: int, shortest: int = 0, lines: bool = False, printed: bool = True
) -> str:
    """The text as it is kept, without what shows nothing; over several ``lines`` or on one.

    Raises ``Unfit``: ``too_long``, ``too_short``; ``not_text`` for what holds no letters, or
    more than the one line; ``unprintable`` where the papers' typeface lacks a letter, unless
    the text is never ``printed``: with it no paper could ever be made.
    """
    if not isinstance(raw, str):
        raise Unfit("not_text")
    text = visible(raw).replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise Unfit("too_long", limit=longest)
    if len(text) < shortest:
        raise Unfit("too_short", limit=shortest)
    if unreadable(text) or (not lines and set(text) & _NEW_LINES):
        raise Unfit("not_text")
    if printed and (letters := unprintable(text)):
        raise Unfit("unprintable", letters=" ".join(letters[:LETTERS_TOLD]))
    return text


def told(
    texts: Mapping[str, str],
    name: str,
    faults: list[Refusal],
    *,
    longest: int,
    needed: bool = True,
) -> str:
    """One input of a form as ``read_text`` takes it; empty, and a fault more, when it is
    unfit or missing (``required``)."""
    try:
        text = read_text(texts.get(name, ""), longest=longest)
    except Unfit as unfit:
        faults.append(Refusal(unfit.code, unfit.params, field=name))
        return ""
    if needed and not text:
        faults.append(Refusal("required", field=name))
    return text
