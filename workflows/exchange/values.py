"""What a cell means: a day however it was written, a whole number, a choice."""

from __future__ import annotations

import re
from datetime import date, timedelta

from engine.errors import Refusal
from workflows.exchange.sheet import Cell
from workflows.names import fold

_DAY_FIRST = re.compile(r"(?:ngay )?(\d{1,2}) (?:thang )?(\d{1,2}) (?:nam )?(\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4}) (\d{1,2}) (\d{1,2})(?: 00 00 00)?")
_WHOLE = re.compile(r"\d+")

SERIAL_ZERO = date(1899, 12, 30)
SERIALS = range(20_000, 80_000)
"""Day numbers of a spreadsheet that stand for a day between 1954 and 2119."""


class Unclear(ValueError):
    """A cell that does not say what its column asks for; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def blame(cell: Cell, code: str, /, **params: object) -> Refusal:
    """A refusal about a cell: its ``field`` is ``sheet!C7``, or ``C7`` where the sheet has no
    name."""
    place = f"{cell.sheet}!{cell.address}" if cell.sheet else cell.address
    told = {"sheet": cell.sheet, "cell": cell.address, "value": cell.text}
    return Refusal(code, {**told, **params}, field=place)


def day(cell: Cell) -> date:
    """``5/1/2020``, ``05-01-2020``, ``2020-01-05``, ``ngày 5 tháng 1 năm 2020``, a date, or
    the number by which a spreadsheet keeps one. Raises ``Unclear`` (``not_a_date``)."""
    if isinstance(cell.value, date):
        return cell.value
    if isinstance(cell.value, int | float) and int(cell.value) in SERIALS:
        return SERIAL_ZERO + timedelta(days=int(cell.value))
    try:
        return written_day(cell.text)
    except ValueError:
        raise Unclear(blame(cell, "not_a_date")) from None


def written_day(text: str) -> date:
    """The day that a text says in one of these ways; raises ``ValueError``."""
    text = fold(text)
    if match := _DAY_FIRST.fullmatch(text):
        d, m, y = map(int, match.groups())
        return date(y, m, d)
    if match := _YEAR_FIRST.fullmatch(text):
        return date(*map(int, match.groups()))
    raise ValueError(text)


def whole(cell: Cell) -> int:
    """A number without sign or decimals. Raises ``Unclear`` (``not_a_whole_number``)."""
    if not _WHOLE.fullmatch(cell.text):
        raise Unclear(blame(cell, "not_a_whole_number"))
    return int(cell.text)
