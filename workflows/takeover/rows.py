"""A line of a sheet of past results: what it says, and which cell is to blame."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import TypeVar

from engine import clock
from engine.errors import NotFound, Refusal
from workflows import quoted
from workflows.exchange import headings, values
from workflows.exchange.headings import Line
from workflows.exchange.sheet import Cell
from workflows.names import fold
from workflows.paper_numbers import like_a_number
from workflows.regimes import regime_for
from workflows.takeover import verdicts
from workflows.takeover.verdicts import HISTORY, Column

EARLIEST = 1975
_YEAR = re.compile(r"(?:nam )?(\d{4})(?: 0)?")
LONGEST_NUMBER = 60
SEATS = ("province", "district", "commune")
"""The kinds of unit that others are under, which a line names by code and no more."""

Found = TypeVar("Found")
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Row:
    """What one year of one unit came to, as a sheet tells it; ``recognised`` is ``None`` where
    only a paper's percentage is told, of a unit that others are under."""

    line: Line
    year: int
    commune: str
    name: str
    kind: str
    recognised: bool | None
    number: str
    day: date | None
    quoted: str

    def blame(self, column: str, code: str, /, **params: object) -> Refusal:
        return values.blame(self.line.cell(column), code, **params)

    @property
    def source(self) -> str:
        return f"{self.line.sheet} {self.line.number}".strip()


@cache
def _kinds() -> Mapping[str, str]:
    """What is written for a kind of unit, folded."""
    told = headings.layouts()[HISTORY]["kinds"]
    found = {fold(word): kind for kind, words in told.items() for word in words}
    return found | {fold(kind): kind for kind in told}


def read(line: Line, ticks: Collection[Column] = ()) -> tuple[Row | None, list[Refusal]]:
    """The row, or every reason why the line says none; ``ticks`` are the columns of results in
    which something else than an x affirms."""
    wrong: list[Refusal] = []
    year = _or_wrong(_year, line.cell("year"), wrong)
    kind = _or_wrong(_kind, line.cell("kind"), wrong)
    day = _or_wrong(_day, line.cell("decision_date"), wrong)
    share = _or_wrong(_percent, line.cell("quoted_percent"), wrong)
    told_alone = bool(share and kind in SEATS and not line.text("result"))
    verdict = partial(verdicts.recognised, ticks=ticks, year=year)
    recognised = None if told_alone else _or_wrong(verdict, line, wrong)
    wrong += _untitled(line, kind)
    for column in ("commune_code", "area"):
        if not line.text(column) and not (column == "area" and kind in SEATS):
            wrong.append(values.blame(line.cell(column), "cell_empty"))
    number = line.text("decision_number")
    if len(number) > LONGEST_NUMBER:
        wrong.append(values.blame(line.cell("decision_number"), "number_too_long"))
    elif number and not like_a_number(number):
        wrong.append(values.blame(line.cell("decision_number"), "number_unlike", number=number))
    if wrong or year is None:
        return None, wrong
    if recognised is not None and _unruled(year, kind or "area"):
        return None, [values.blame(line.cell("kind"), "kind_not_then", year=year)]
    told = (line.text("commune_code"), line.text("area"), kind or "area")
    return Row(line, year, *told, recognised, number, day, share or ""), []


def _untitled(line: Line, kind: str | None) -> Iterator[Refusal]:
    """A district or a province holds no title itself."""
    if line.text("result") and kind in ("province", "district"):
        yield values.blame(line.cell("result"), "no_title_above_commune")


def _unruled(year: int, kind: str) -> bool:
    """Whether a year had rules, but none for this kind of unit."""
    try:
        regime_for(year)
    except NotFound:
        return False  # of years before any regime on file nothing is known
    try:
        regime_for(year, kind)
    except NotFound:
        return True
    return False


def _or_wrong(reader: Callable[[Told], Found], told: Told, wrong: list[Refusal]) -> Found | None:
    try:
        return reader(told)
    except values.Unclear as unclear:
        wrong.append(unclear.refusal)
        return None


def _year(cell: Cell) -> int:
    if not cell.text:
        raise values.Unclear(values.blame(cell, "cell_empty"))
    match = _YEAR.fullmatch(fold(cell.text))
    year = int(match.group(1)) if match else 0
    if not match:
        raise values.Unclear(values.blame(cell, "not_a_year"))
    this = clock.today().year
    if not EARLIEST <= year <= this:
        raise values.Unclear(values.blame(cell, "year_out_of_range", first=EARLIEST, last=this))
    return year


def _kind(cell: Cell) -> str:
    found = _kinds().get(fold(cell.text)) if cell.text else "area"
    if found is None:
        raise values.Unclear(values.blame(cell, "not_a_kind"))
    return found


def _day(cell: Cell) -> date | None:
    if not cell.text:
        return None
    found = values.day(cell)
    if found > clock.today():
        raise values.Unclear(values.blame(cell, "day_to_come"))
    return found


def _percent(cell: Cell) -> str:
    """The percentage as written; a cell formatted as one holds the hundredth part."""
    text = cell.text
    if isinstance(cell.value, float) and 0 < cell.value <= 1:
        text = f"{cell.value * 100:.10g}"
    if text and quoted.number(text) is None:
        raise values.Unclear(values.blame(cell, "not_a_percentage"))
    return text.replace("%", "").strip()


def read_all(lines: Sequence[Line]) -> tuple[list[Row], list[Refusal]]:
    """All rows, and every reason against any line."""
    rows: list[Row] = []
    wrong: list[Refusal] = []
    ticks = verdicts.ticked(lines)
    for line in lines:
        row, against = read(line, ticks)
        wrong += against
        if row:
            rows.append(row)
    return rows, wrong
