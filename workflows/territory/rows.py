"""A line of a sheet of units: what it says, and which cell is to blame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from engine.errors import Refusal
from engine.papers.letters import unprintable
from workflows.exchange import headings, values
from workflows.exchange.headings import Line
from workflows.names import fold
from workflows.territory import categories
from workflows.territory.rules import forms
from workflows.units import KINDS

_BETWEEN_CODES = re.compile(r"[\s,;+/]+")


@dataclass(frozen=True, slots=True)
class Row:
    """What a unit was from a day to a day, as a sheet tells it."""

    line: Line
    kind: str
    form: str
    code: str
    name: str
    parent: str
    starts_on: date | None
    ends_on: date | None
    predecessors: tuple[str, ...]
    category: str = ""

    def blame(self, column: str, code: str, /, **params: object) -> Refusal:
        return values.blame(self.line.cell(column), code, **params)


@cache
def _kinds() -> Mapping[str, tuple[str, str]]:
    """What is written for a kind: its form, or the kind itself; folded."""
    found: dict[str, tuple[str, str]] = {}
    for kind, known in forms().items():
        for form in known:
            found.setdefault(fold(form), (kind, form))
    for kind, known in headings.layouts()["history"]["kinds"].items():
        for form in () if kind in forms() else known:
            found.setdefault(fold(form), (kind, form))
    return found | {fold(kind): (kind, "") for kind in KINDS}


def read(line: Line) -> tuple[Row | None, list[Refusal]]:
    """The row, or every reason why the line says none."""
    wrong: list[Refusal] = []
    for column in ("kind", "code", "name"):
        if not line.text(column):
            wrong.append(values.blame(line.cell(column), "cell_empty"))
    kind, form = _kind(line)
    wrong += _not_printed(line)
    name, form = _named(line.text("name"), kind, form)
    if line.text("kind") and not (kind and (form or kind not in forms())):
        wrong.append(values.blame(line.cell("kind"), "unit_form_missing"))
    category = categories.meant(kind, line.text("category"))
    if line.text("category") and category is None:
        known = ", ".join(categories.names(kind).values()) or "–"
        told = {"category": line.text("category"), "known": known}
        wrong.append(values.blame(line.cell("category"), "unit_category_unknown", **told))
    days = {column: _day(line, column, wrong) for column in ("from", "to")}
    starts, ends = days["from"], days["to"]
    if starts and ends and ends < starts:
        wrong.append(values.blame(line.cell("to"), "dates_reversed"))
    if wrong:
        return None, wrong
    codes = tuple(filter(None, _BETWEEN_CODES.split(line.text("predecessors"))))
    code, parent = line.text("code"), line.text("parent_code")
    return Row(line, kind, form, code, name, parent, starts, ends, codes, category or ""), []


def _not_printed(line: Line) -> Iterator[Refusal]:
    """Names of units stand in papers."""
    for column in ("name", "code"):
        if letters := unprintable(line.text(column)):
            yield values.blame(line.cell(column), "unprintable", letters=" ".join(letters))


def _kind(line: Line) -> tuple[str, str]:
    kind, form = _kinds().get(fold(line.text("kind")), ("", ""))
    # A city stands under a province or is one; what stands above it tells.
    if form and kind == "province" and line.text("parent_code") and form in forms()["district"]:
        kind = "district"
    return kind, form


def _named(name: str, kind: str, form: str) -> tuple[str, str]:
    """The bare name and the form. Units above an area are written without their form; where
    only the kind is told, the form stands before the name."""
    for known in sorted(forms().get(kind, ()), key=len, reverse=True):
        first, rest = name[: len(known)], name[len(known) :].strip()
        if fold(first) == fold(known) and rest and name[len(known)] == " ":
            bare = name if kind == "area" else rest
            return bare, form or known
    return name, form


def _day(line: Line, column: str, wrong: list[Refusal]) -> date | None:
    if not line.text(column):
        return None
    try:
        return values.day(line.cell(column))
    except values.Unclear as unclear:
        wrong.append(unclear.refusal)
        return None


def read_all(lines: Sequence[Line]) -> tuple[list[Row], list[Refusal]]:
    """All rows, and every reason against any line."""
    rows: list[Row] = []
    wrong: list[Refusal] = []
    for line in lines:
        row, against = read(line)
        wrong += against
        if row:
            rows.append(row)
    first: dict[tuple[str, str, date | None], Row] = {}
    for row in rows:
        known = first.setdefault((row.kind, row.code, row.starts_on), row)
        if known is not row:
            wrong.append(row.blame("code", "row_twice", row=known.line.number))
    return list(first.values()), wrong
