"""What areas were called and where they belonged in the years that rows of a list are of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from workflows.units import UnitSpan

Key = tuple[int, int]
"""A unit and a year."""


@dataclass(frozen=True, slots=True)
class Then:
    """A unit by the end of a year, or by its last day in it. ``parent`` is written as inside a
    sentence; blank where nothing stood above it."""

    title: str
    code: str
    parent: str


def then(session: Session, keys: Collection[Key]) -> Mapping[Key, Then]:
    """What these units were in these years, of those over: a year that lasts, and a unit that
    was not there yet, are missing, and today's serves. Two queries, however many there are;
    none where no year is over."""
    past = {key for key in keys if key[1] < clock.today().year}
    spans = _spans(session, {unit for unit, _ in past})
    held = {key: span for key in past if (span := _last(spans.get(key[0], ()), _end(key[1])))}
    above = _spans(session, {span.parent_id for span in held.values() if span.parent_id})
    found: dict[Key, Then] = {}
    for key, span in held.items():
        day = min(_end(key[1]), span.ends_on or date.max)
        parent = _last(above.get(span.parent_id or 0, ()), day)
        found[key] = Then(span.title, span.code, parent.title if parent else "")
    return found


def _end(year: int) -> date:
    return date(year, 12, 31)


def _last(spans: Sequence[UnitSpan], on: date) -> UnitSpan | None:
    begun = [span for span in spans if span.starts_on <= on]
    return begun[-1] if begun else None


def _spans(session: Session, units: Collection[int]) -> Mapping[int, list[UnitSpan]]:
    found: dict[int, list[UnitSpan]] = {}
    if not units:
        return found
    query = select(UnitSpan).where(UnitSpan.unit_id.in_(units)).order_by(UnitSpan.starts_on)
    for span in session.scalars(query):
        found.setdefault(span.unit_id, []).append(span)
    return found
