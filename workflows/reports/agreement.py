"""Figures that should agree: told where they do not, and never mended silently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

from engine.definition import Confidence, Frozen, Words
from workflows.lawfiles import LAW, read
from workflows.records.kinds import Kind, Measure, kind
from workflows.records.listing import Line
from workflows.records.numbers import Number


class Place(Frozen):
    """A figure: a kind of record, its name, its measure."""

    kind: str
    name: str = ""
    measure: str


class Check(Frozen):
    """Two figures that should agree: a share that is stated of a part of a whole, or the same
    thing stated twice."""

    id: str
    label: Words
    rule: Literal["share", "same"]
    part: Place
    whole: Place | None = None
    stated: Place


class Order(Frozen):
    """Steps of one record, none of which comes to more than the one before it."""

    kind: str
    measures: tuple[str, ...]


class CheckFile(Frozen):
    """The checks, and how sure it is that they are right to make."""

    confidence: Confidence
    checks: tuple[Check, ...]
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A check that fails: the line and figure that state it, and what others come to."""

    label: Words
    stated: Line
    stated_number: Number
    decimals: int
    part: Line
    computed: str
    """``16.06`` percent of a share, or the other figure, unformatted when it is a number."""
    other: Number | None = None


@cache
def checks() -> CheckFile:
    """The checks on file; raises ``DefinitionError``."""
    return read(CheckFile, LAW / "rules" / "agreement.toml")


def disagreements(lines: Mapping[str, Sequence[Line]]) -> Iterator[Disagreement]:
    """The checks that fail among these lines; one that lacks a figure says nothing."""
    for check in checks().checks:
        part, stated = _find(lines, check.part), _find(lines, check.stated)
        if part is None or stated is None:
            continue
        told = stated.measures[check.stated.measure]
        count = part.measures[check.part.measure]
        measure = kind(check.stated.kind).measure(check.stated.measure)
        decimals = measure.decimals if measure else 0
        if check.rule == "same":
            if told != count:
                yield Disagreement(check.label, stated, told, decimals, part, "", count)
            continue
        whole = _find(lines, check.whole) if check.whole else None
        if whole is None or check.whole is None:
            continue
        of = whole.measures[check.whole.measure].value
        if of and not holds(told, count.value, of, decimals):
            computed = hundredths(count.value, of)
            yield Disagreement(check.label, stated, told, decimals, part, computed)
    for order in checks().orders:
        for line in lines.get(order.kind, ()):
            yield from _out_of_order(order, line)


def _out_of_order(order: Order, line: Line) -> Iterator[Disagreement]:
    """The steps of a record that come to more than the last one stated before them."""
    told = kind(order.kind)
    stated = [
        one for name in order.measures if (one := told.measure(name)) and name in line.measures
    ]
    for before, after in pairwise(stated):
        most, count = line.measures[before.id], line.measures[after.id]
        if count.value > (most.high or most.value) and most.mark != "over":
            label = Words(
                vi=_step(told, line, before, after, "vi"), en=_step(told, line, before, after, "en")
            )
            yield Disagreement(label, line, count, after.decimals, line, "", most)


def _step(told: Kind, line: Line, before: Measure, after: Measure, language: str) -> str:
    name = f" ({told.named(line.name, language)})" if line.name else ""
    return f"{told.label[language]}{name}: {after.label[language]} ≤ {before.label[language]}"


def holds(stated: Number, part: int, whole: int, decimals: int) -> bool:
    """Whether a stated percentage is that of ``part`` in ``whole``: half up to its places, or
    more than it where the source says "over". Whole numbers only."""
    scale: int = 100 * 10**decimals
    if stated.mark == "over":
        return part * scale > stated.value * whole
    return (2 * scale * part + whole) // (2 * whole) == stated.value


def hundredths(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent, half up to two places, with a point."""
    value = (20_000 * part + whole) // (2 * whole)
    return f"{value // 100}.{value % 100:02d}"


def _find(lines: Mapping[str, Sequence[Line]], place: Place) -> Line | None:
    """The newest line that states the figure."""
    told = [
        line
        for line in lines.get(place.kind, ())
        if line.name == place.name and place.measure in line.measures
    ]
    return told[-1] if told else None
