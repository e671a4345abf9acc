"""Which column of a heading is which, and what a mark in a column of results affirms.

A heading may take several lines, the upper ones merged over several columns or, where merging
was lost, written over the first of them. What stands below says which column it is; the upper
line alone says so only where it parts into nothing. A column holds results only if every line
over it speaks of results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from workflows.exchange.phrases import OUTCOMES, PLAIN, RECOGNISED, RESULT, Phrase, Phrases
from workflows.exchange.sheet import Cell, Row
from workflows.names import fold

HIGHER = 4
"""So many lines over the last one of a heading are looked at."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A column of results. ``says`` is the outcome that its heading names, empty where the
    heading leaves it to the cells; columns of one ``group`` answer one question together, as
    "Đạt | Chưa đạt" do. ``year`` is the one that the heading names, if it names one, and
    ``ticked`` whether it names another mark than an x."""

    column: int
    group: int
    says: str = ""
    year: int | None = None
    ticked: bool = False


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


def columns(over: Sequence[Row], row: Row, layout: Mapping[str, Any]) -> Columns:
    """The columns that this line names, with the lines over it, the nearest first."""
    heads = list(_heads(over[0] if over else None, row))
    known = names(layout)
    sure: dict[str, tuple[int, int]] = {}
    for head in heads:
        if found := head.name(known):
            rank, name = found
            sure[name] = min(sure.get(name, (rank, head.column)), (rank, head.column))
    named = {name: column for name, (_, column) in sure.items()}
    needed = [one for one in layout["needed"] if one in named and one != RESULT]
    if any(_holds_data(row.text(named[one]), known) for one in needed):
        return Columns(row.number, known, {})  # the first line under a heading
    if "results" not in layout:
        return Columns(row.number, known, named)
    places = {named[name] for name in needed}
    heads = [head for head in heads if head.column not in places]
    asked, unclear = _Results(layout, places, over, row).asked(heads)
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


def _adjoining(over: Sequence[Row]) -> Iterator[Row]:
    """The nearest line over a heading, and those over it up to the first blank one."""
    yield from over[:1]
    for below, row in pairwise(over[:HIGHER]):
        if row.number != below.number - 1:
            return
        yield row


@dataclass(frozen=True, slots=True)
class _Over:
    """What stands over a column in a line above its own, and over which other columns."""

    text: str
    over: frozenset[int]


class _Results:
    """The columns of results among the others of a heading."""

    def __init__(
        self, layout: Mapping[str, Any], places: set[int], over: Sequence[Row], row: Row
    ) -> None:
        self._names, self._places = names(layout), places
        self._answers = folded(layout["answers"])
        self._phrases = Phrases(layout, self._names)
        self._over = [(one, _spans(one, row)) for one in _adjoining(over)]
        self._row = row

    def asked(self, heads: Sequence[_Head]) -> tuple[Sequence[Asked], Sequence[Cell]]:
        """The columns, and the headings that do not say which result they are."""
        found: list[Asked] = []
        unclear: list[Cell] = []
        groups: dict[int, tuple[int, set[str]]] = {}
        for head in heads:
            over = [*self._uppers(head)]
            phrase = self._says(head, over)
            if not phrase.kind:
                unclear += [head.cell] if self._result_unsaid(head, over) else []
                continue
            group, says = head.column, phrase.kind if phrase.kind in OUTCOMES else ""
            if says:
                start = min(over[0].over) if over else -1
                group, told = groups.get(start, (head.column, {says}))
                if start in groups and says in told:
                    group, told = head.column, set()
                groups[start] = group, told | {says}
            found.append(
                Asked(head.column, group, says, next(iter(phrase.years), None), phrase.ticked)
            )
        return found, unclear

    def _uppers(self, head: _Head) -> Iterator[_Over]:
        """What stands over a sub-heading, the nearest first; a title over the whole sheet is
        none, and nothing above it is a heading."""
        below, covered = head.lower or head.upper, frozenset({head.column})
        for row, spans in self._over:
            if (start := spans.get(head.column)) is None:
                continue
            one = _Over(row.text(start), frozenset(at for at in spans if spans[at] == start))
            if one.over & self._places:
                return
            text = fold(one.text)
            same = text == below and one.over <= covered  # merged downwards
            if text and not same and not self._phrases.aside(text):
                yield one
            below, covered = text or below, one.over

    def _says(self, head: _Head, over: Sequence[_Over]) -> Phrase:
        """What a column of results says, ``RESULT`` if its cells do; of no kind for another,
        and for one of two years."""
        own = self._phrases.read(head.cell.text if head.lower else head.upper)
        found = self._under(head, own, over) if over else own
        if found.kind not in (RESULT, *OUTCOMES):
            return Phrase()
        every = (own, *(self._phrases.read(one.text) for one in over))
        years = found.years.union(*(one.years for one in every))
        ticked = found.ticked or any(one.ticked for one in every)
        return Phrase(found.kind, years, ticked) if len(years) < 2 else Phrase()

    def _under(self, head: _Head, own: Phrase, over: Sequence[_Over]) -> Phrase:
        """What a column says under other headings, all of which must speak of results."""
        text, nearest = head.lower or head.upper, over[0]
        above = " ".join(one.text for one in reversed(over))
        whole = self._phrases.read(f"{above} {text}")
        asks = self._ask(over, above)
        if asks and own.kind in OUTCOMES:
            return own
        if asks and self._answered(nearest):
            return Phrase(self._answers[text])
        if asks and RESULT in (own.kind, whole.kind):
            return Phrase(RESULT, whole.years)
        if len(nearest.over) > 1 or whole.kind or not asks:
            return whole if len(nearest.over) < 2 else Phrase()  # "Đạt" over "(x)"
        noted = self._phrases.read(nearest.text).kind == RESULT
        return Phrase(RESULT if noted and not self._phrases.elsewhere(text) else "")

    def _answered(self, nearest: _Over) -> bool:
        """Whether all that stands under a heading is yes or no: beside "có vi phạm" a "không"
        answers something else."""
        told = [fold(self._row.text(column)) for column in nearest.over]
        return all(text in self._answers for text in told)

    def _ask(self, over: Sequence[_Over], above: str) -> bool:
        """Whether headings over others ask for a result, together or each by itself."""
        asking = (RESULT, RECOGNISED, PLAIN)
        told = [self._phrases.read(one.text).kind for one in over]
        return self._phrases.read(above).kind in asking or all(one in asking for one in told)

    def _result_unsaid(self, head: _Head, over: Sequence[_Over]) -> bool:
        named = head.name(self._names)
        if named and named[1] != RESULT:
            return False
        told = (head.lower, *(one.text for one in over))
        return any(self._phrases.mentions(text) for text in told)


def folded(words: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """What each word stands for, by the word as it is compared."""
    return {marked(word): key for key, every in words.items() for word in every}


def marked(text: str) -> str:
    """A text as it is compared: folded; a sign that is no word as it stands, and whoever asks
    a question says nothing."""
    return "?" if "?" in text else fold(text) or "".join(text.split())
