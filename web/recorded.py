"""The recorded figures of a file's unit, beside the criteria of its forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from web.extensions import db, language
from workflows.assessment import criteria_sets
from workflows.cycles import cycle
from workflows.queries.cases import Case
from workflows.records.beside import Beside, beside
from workflows.records.numbers import Number, written


@dataclass(frozen=True, slots=True)
class Told:
    """A figure of this year and of the year before, as people read them; and those of each
    unit that this one came out of."""

    label: str
    now: str
    before: str
    kind: str
    theirs: Sequence[Whose] = ()


@dataclass(frozen=True, slots=True)
class Whose:
    """The same figures of another unit, and the last day on which it was there as it was."""

    unit: str
    until: date
    now: str
    before: str


def recorded(case: Case) -> Mapping[str, Sequence[Told]]:
    """By the row of the criterion; nothing for a paper, or where nothing was recorded."""
    if case.year is None or not case.places:
        return {}
    found = cycle(db.session(), case.year)
    if found is None or found.criteria_id not in criteria_sets():
        return {}
    told = beside(db.session(), found.criteria_id, case.places[0].id, case.year)
    return {row: [_told(one) for one in rows] for row, rows in told.items()}


def _told(one: Beside) -> Told:
    measure = one.kind.measure(one.measure)
    label = measure.label[language()] if measure else one.measure
    parts = [one.kind.label[language()], one.kind.named(one.name, language()), label]
    decimals = measure.decimals if measure else 0
    return Told(
        " · ".join(part for part in parts if part),
        _number(one.now, decimals),
        _number(one.before, decimals),
        one.kind.id,
        [
            Whose(it.unit, it.until, _number(it.now, decimals), _number(it.before, decimals))
            for it in one.theirs
        ],
    )


def _number(number: Number | None, decimals: int) -> str:
    return written(number, decimals, language=language()) if number else "–"
