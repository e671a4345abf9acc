"""What cannot be true of units on any day, whoever says so; nothing here knows of orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise

from engine.errors import Refusal
from workflows.territory.atlas import ONE_DAY, Atlas, Span

PARENTS: Mapping[str, tuple[str, ...]] = {
    "province": (),
    "district": ("province",),
    "commune": ("district", "province"),
    "area": ("commune",),
}
"""Under what each kind stands; any other (a school, an agency) under whatever manages it."""

ANY_PARENT = ("commune", "district", "province")

FOREVER = date.max


def faults(atlas: Atlas, units: Iterable[int]) -> Iterator[Refusal]:
    """Everything wrong about these units: gaps and overlaps, a parent that is missing, of the
    wrong kind or not there on every day, a code two units bear on one day, a lineage that
    comes back to where it began."""
    for unit in units:
        yield from _own(atlas, unit)
        for span in atlas.spans[unit]:
            yield from parent_faults(atlas, span)
            yield from code_faults(atlas, unit, span)
        if unit in atlas.comes_from(unit):
            yield Refusal("lineage_circle", {"unit": atlas.last(unit).name})


def _own(atlas: Atlas, unit: int) -> Iterator[Refusal]:
    spans = atlas.spans[unit]
    for span in spans:
        if span.ends_on and span.ends_on < span.starts_on:
            yield Refusal(
                "unit_ends_before_it_begins", {"unit": span.name, "on": _day(span.starts_on)}
            )
    for one, other in pairwise(spans):
        if one.ends_on is None or one.ends_on >= other.starts_on:
            yield Refusal("spans_overlap", {"unit": one.name, "on": _day(other.starts_on)})
        elif one.ends_on + ONE_DAY < other.starts_on:
            yield Refusal("spans_gap", {"unit": one.name, "on": _day(one.ends_on)})


def living_on(atlas: Atlas, before: int, after: int) -> Refusal | None:
    """Why one unit cannot have been merged into the other, if so: it must have ended the day
    before. Who only gave up a part was not merged, and goes on."""
    last, eve = atlas.last(before), atlas.branches[before, after].effective_on - ONE_DAY
    if last.ends_on is not None and last.ends_on <= eve:
        return None
    params = {"other": last.name, "unit": atlas.last(after).name, "code": last.code}
    return Refusal("predecessor_goes_on", params | {"on": _day(eve)})


def parent_faults(atlas: Atlas, span: Span) -> Iterator[Refusal]:
    """The parent is of a fitting kind and there on every day of the span."""
    fitting = PARENTS.get(span.kind, ANY_PARENT)
    if span.parent is None:
        if fitting:
            yield Refusal("parent_missing", {"unit": span.name})
        return
    above = atlas.spans.get(span.parent, ())
    if not above or above[0].kind not in fitting:
        yield Refusal("parent_of_wrong_kind", {"unit": span.name})
        return
    first, last = above[0].starts_on, above[-1].ends_on or FOREVER
    if span.starts_on < first or (span.ends_on or FOREVER) > last:
        on = span.starts_on if span.starts_on < first else last + ONE_DAY
        params = {"unit": span.name, "parent": above[-1].name, "on": _day(on)}
        yield Refusal("parent_not_there", params)


def code_faults(atlas: Atlas, unit: int, span: Span) -> Iterator[Refusal]:
    """Nobody else of its kind bears the code on any day of the span."""
    for other in atlas.ever_bearing(span.code) - {unit}:
        for theirs in atlas.spans[other]:
            same = (theirs.code, theirs.kind) == (span.code, span.kind)
            if same and _meet(span, theirs):
                on = max(span.starts_on, theirs.starts_on)
                params = {"code": span.code, "unit": theirs.name, "on": _day(on)}
                yield Refusal("code_in_use", params)
                return


def _meet(one: Span, other: Span) -> bool:
    return one.starts_on <= (other.ends_on or FOREVER) and other.starts_on <= (
        one.ends_on or FOREVER
    )


def _day(on: date) -> str:
    return on.isoformat()
