"""Which column of a heading is which, and what a mark in a column of results affirms.

A heading may take two lines, the upper one merged over several columns or, where merging was
lost, written over the first of them. What stands below says which column it is; the upper line
alone says so only where it parts into nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.exchange.sheet import Cell, Row
from workflows.names import fold

RESULT = "result"
RECOGNISED, REFUSED = "recognised", "refused"


@dataclass(frozen=True, slots=True)
class Asked:
    """A column of results. ``says`` is the outcome that its heading names, empty where the
    heading leaves it to the cells; columns of one ``group`` answer one question together, as
    "Đạt | Chưa đạt" do."""

    column: int
    group: int
    says: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of the heading that ends in the line ``last``; ``known`` are all names that
    its kind of sheet has for columns. ``unclear`` are the headings under which a result stands
    without their saying which."""

    last: int
    known: Mapping[str, str]
    named: Mapping[str, int]
    asked: Sequence[Asked] = ()
    unclear: Sequence[Cell] = ()
    sub_headed: int = 0

    @property
    def every(self) -> Sequence[int]:
        """Every column that counts, once."""
        return list(dict.fromkeys((*self.named.values(), *(one.column for one in self.asked))))

    @property
    def told(self) -> tuple[int, int]:
        """By how much a line is a heading: the fullest wins, then the one that says most."""
        return len(self.named), self.sub_headed


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands over a column: its own line, and what the line above says, which begins in
    the column ``start`` and covers ``over``."""

    cell: Cell
    column: int
    lower: str
    upper: str
    over: frozenset[int]

    @property
    def parted(self) -> bool:
        """Whether two different lines stand over the column."""
        return bool(self.upper and self.lower and self.upper != self.lower)

    @property
    def text(self) -> str:
        return f"{self.upper} {self.lower}" if self.parted else self.lower or self.upper

    def name(self, names: Mapping[str, str]) -> tuple[int, str] | None:
        """The column's name and by how little it is sure: by both lines, by its own, by the
        upper one over a mere note."""
        told = [self.text, self.lower, self.upper if len(self.over) < 2 else ""]
        return next(((rank, names[one]) for rank, one in enumerate(told) if one in names), None)


def names(layout: Mapping[str, Any]) -> Mapping[str, str]:
    """The columns of a layout by what may stand over them, folded."""
    return {
        fold(text): name
        for name, column in layout["columns"].items()
        for text in (name.replace("_", " "), column["vi"], column["en"], *column.get("also", ()))
    }


def columns(above: Row | None, row: Row, layout: Mapping[str, Any]) -> Columns:
    """The columns that this line names, with the line above it."""
    heads = list(_heads(above, row))
    known = names(layout)
    sure: dict[str, tuple[int, int]] = {}
    for head in heads:
        if found := head.name(known):
            rank, name = found
            sure[name] = min(sure.get(name, (rank, head.column)), (rank, head.column))
    named = {name: column for name, (_, column) in sure.items()}
    if any(_holds_data(row.text(named[one]), known) for one in layout["needed"] if one in named):
        return Columns(row.number, known, {})  # the first line under a heading
    if "results" not in layout:
        return Columns(row.number, known, named)
    places = {named[name] for name in layout["needed"] if name in named and name != RESULT}
    heads = [head for head in heads if head.column not in places]
    asked, unclear = _Results(layout, places).asked(heads)
    named.pop(RESULT, None)
    if asked:
        named[RESULT] = asked[0].column
    settled = all(fold(row.text(column)) in ("", *known) for column in places)
    says = sum(bool(one.says) for one in asked) if settled else 0
    return Columns(row.number, known, named, asked, unclear, says)


def _holds_data(text: str, known: Mapping[str, str]) -> bool:
    return fold(text) not in known and any(map(str.isdigit, text))


def continued(row: Row, below: Row | None, layout: Mapping[str, Any]) -> bool:
    """Whether a heading goes on in the line below, into which some of it is merged."""
    known = names(layout)
    return below is not None and any(
        cell.merged and cell.text == row.text(column) and fold(cell.text) in known
        for column, cell in below.cells.items()
    )


def _heads(above: Row | None, row: Row) -> Iterator[_Head]:
    spans = _spans(above, row) if above else {}
    for column in sorted({*row.cells, *(above.cells if above else ())}):
        start = spans.get(column)
        over = frozenset(one for one, begins in spans.items() if begins == start)
        upper = above.text(start) if above and start is not None else ""
        cell = row.cells.get(column) or (above and above.cells.get(column))
        if cell:
            yield _Head(cell, column, fold(row.text(column)), fold(upper), over)


def _spans(above: Row, row: Row) -> Mapping[int, int]:
    """Where what stands over each column begins: there, or to the left where it is merged or
    leaves the places blank."""
    spans: dict[int, int] = {}
    latest: int | None = None
    for column in range(max((*above.cells, *row.cells)) + 1):
        cell = above.cells.get(column)
        if cell and not (
            cell.merged and latest is not None and cell.text == above.text(column - 1)
        ):
            latest = column
        if latest is not None and (cell or row.text(column)):
            spans[column] = latest
    return spans


class _Results:
    """The columns of results among the others of a heading."""

    def __init__(self, layout: Mapping[str, Any], places: set[int]) -> None:
        self._names, self._places = names(layout), places
        self._outcomes = folded(layout["results"])
        self._answers = folded(layout["answers"])

    def asked(self, heads: Sequence[_Head]) -> tuple[Sequence[Asked], Sequence[Cell]]:
        """The columns, and the headings that do not say which result they are."""
        found: list[Asked] = []
        unclear: list[Cell] = []
        groups: dict[int, tuple[int, set[str]]] = {}
        for head in heads:
            says = self._says(head)
            if says is None:
                unclear += [head.cell] if self._result_unsaid(head) else []
            elif not says:
                found.append(Asked(head.column, head.column))
            else:
                start = min(head.over) if self._upper(head) else -1
                group, told = groups.get(start, (head.column, {says}))
                if start in groups and says in told:
                    group, told = head.column, set()
                groups[start] = group, told | {says}
                found.append(Asked(head.column, group, says))
        return found, unclear

    def _upper(self, head: _Head) -> str:
        """What stands over a sub-heading; a title over the whole sheet is none."""
        return head.upper if head.parted and not head.over & self._places else ""

    def _says(self, head: _Head) -> str | None:
        """What a column of results says, nothing if its cells do; ``None`` for another."""
        upper, text = self._upper(head), head.lower or head.upper
        asks = self._names.get(upper) == RESULT or self._outcomes.get(upper) == RECOGNISED
        if text in self._outcomes:
            return self._outcomes[text] if asks or not upper else None
        if asks and text in self._answers:
            return self._answers[text]
        found = head.name(self._names)
        return "" if found and found[1] == RESULT else None

    def _result_unsaid(self, head: _Head) -> bool:
        if head.name(self._names):
            return False
        upper = self._upper(head)
        over = self._names.get(upper) == RESULT or upper in self._outcomes
        return over or head.lower in self._outcomes


def folded(words: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """What each word stands for, by the word as it is compared."""
    return {marked(word): key for key, every in words.items() for word in every}


def marked(text: str) -> str:
    """A text as it is compared: folded; a sign that is no word as it stands, and whoever asks
    a question says nothing."""
    return "?" if "?" in text else fold(text) or "".join(text.split())
