"""What a number of a paper made elsewhere may look like."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[^\W_]+(?:[\s/.,&+\-–]+[^\W_]+)*")
_DIGIT_FIRST = re.compile(r"(?:^|[^\w])\d")


def like_a_number(text: str) -> bool:
    """Whether old papers carry such a number and symbol: ``45``, ``03a/QĐ-UBND``,
    ``12/2009/QĐ-UBND``, ``số 12 QĐ/UB``: words of letters and digits with what parts them, of
    which one at least begins with a digit."""
    return bool(_NUMBER.fullmatch(text) and _DIGIT_FIRST.search(text))
