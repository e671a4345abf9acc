"""What the words over a column of results say: which outcome, of which year, by which mark.

Words are read only where all of them are known: "kết quả" or an outcome, and after it what
changes nothing (``plain`` in ``columns.toml``). Anything else, be it a "chưa" or an "đề nghị",
leaves them unread: a result read wrongly is worse than one that is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.names import fold

RESULT = "result"
RECOGNISED, REFUSED = "recognised", "refused"
OUTCOMES = (RECOGNISED, REFUSED)
PLAIN = "plain"
"""Words that change nothing, alone: a year."""

LONGEST = 160
"""Words longer than this are a sentence, and not read."""

_YEAR = r"(?:nam )?((?:19|20)\d\d)"


@dataclass(frozen=True, slots=True)
class Phrase:
    """``kind`` is one of the above, empty for words that are not read; ``ticked`` if they name
    another mark than an x."""

    kind: str = ""
    years: frozenset[int] = frozenset()
    ticked: bool = False


class Phrases:
    """The words that one kind of sheet has for results."""

    def __init__(self, layout: Mapping[str, Any], names: Mapping[str, str]) -> None:
        plain: Mapping[str, Sequence[str]] = layout["plain"]
        heads = {text: RESULT for text, name in names.items() if name == RESULT}
        told = {fold(word): kind for kind in OUTCOMES for word in layout["results"][kind]}
        self._heads = {**told, **heads}
        self._ticks = plain["ticks"]
        self._result = re.compile(_grammar(heads, plain["result"]))
        self._outcome = re.compile(_grammar(told, plain["outcome"], plain["ticked"]))
        self._years = re.compile(f"{_YEAR}(?: {_YEAR})*")
        self._mentioned = _within(self._heads)
        self._ticked = _within(map(fold, plain["ticked"]))
        self._elsewhere = _within(map(fold, plain["elsewhere"]))
        always, numbered = (_any(map(fold, plain[kind])) for kind in ("aside", "numbered"))
        self._aside = re.compile(rf"{always}\b|{numbered}(?: so)?\W*(?:\d|[ivxl]+\b|$)")

    def read(self, text: str) -> Phrase:
        """What a text says; it may be folded already, but then shows no more by which mark."""
        plain = fold(text)
        if not plain or len(plain) > LONGEST:
            return Phrase()
        years = frozenset(int(year) for year in re.findall(rf"\b{_YEAR}\b", plain))
        if self._years.fullmatch(plain):
            return Phrase(PLAIN, years)
        if match := self._result.fullmatch(plain) or self._outcome.fullmatch(plain):
            ticked = any(sign in text for sign in self._ticks) or self._ticked(plain)
            return Phrase(self._heads[match["head"]], years, ticked)
        return Phrase()

    def mentions(self, text: str) -> bool:
        """Whether "kết quả" or an outcome is named anywhere in a text."""
        return self._mentioned(fold(text))

    def elsewhere(self, text: str) -> bool:
        """Whether a note under "kết quả" speaks of what is none."""
        return self._elsewhere(fold(text))

    def aside(self, text: str) -> bool:
        """Whether a text stands over a table without being its heading."""
        return self._aside.match(fold(text)) is not None


def _grammar(heads: Iterable[str], *plain: Iterable[str]) -> str:
    tails = _any(fold(word) for words in plain for word in words)
    return f"(?P<head>{_any(heads)})(?: (?:{tails}|{_YEAR}))*"


def _any(words: Iterable[str]) -> str:
    """Any of these words, the longest first."""
    return "(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")"


def _within(words: Iterable[str]) -> Callable[[str], bool]:
    found = re.compile(rf"\b{_any(words)}\b")
    return lambda text: found.search(text) is not None
