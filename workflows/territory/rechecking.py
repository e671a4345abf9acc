"""The past of units told again: each day of a unit in one span, and the unit as its last one.

Names, codes, parents and ends are columns that acts change, so no trigger keeps them. They decide
whose commune's offices may act, and what an area was called when it was recognised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.history import Break
from workflows.lineage import UnitAct
from workflows.units import Unit, UnitSpan

UNIT = "unit"
"""Code: a unit is not what its past tells, or its past leaves a day out or has no act for it."""

_BORNE = ("name", "form", "code", "parent_id", "category", "ends_on")


def units(session: Session) -> Iterator[Break]:
    """A ``Break`` (``unit``, with the unit in its detail) for each unit whose row is not that of
    its last span, whose spans leave a day out or overlap, or change on a day of no act."""
    past = {
        unit: list(spans)
        for unit, spans in groupby(session.execute(_SPANS), key=attrgetter("unit_id"))
    }
    for row in session.execute(_UNITS, execution_options={"yield_per": 2000}):
        if fault := _fault(row, past.get(row.id, ())):
            yield Break(0, 0, UNIT, f"{row.id} {row.name}: {fault}")


_SPANS = (
    select(
        UnitSpan.unit_id,
        UnitSpan.starts_on,
        UnitSpan.kind,
        *(getattr(UnitSpan, name) for name in _BORNE),
        UnitAct.effective_on,
    )
    .outerjoin(UnitAct, UnitAct.id == UnitSpan.act_id)
    .order_by(UnitSpan.unit_id, UnitSpan.starts_on)
)
_UNITS = select(
    Unit.id, Unit.kind, Unit.starts_on, *(getattr(Unit, name) for name in _BORNE)
).order_by(Unit.id)


def _fault(unit: Any, spans: Sequence[Any]) -> str:
    """The first thing that does not fit, as ``what: one ≠ other``."""
    if not spans:
        return "–"
    for name in _BORNE:
        if getattr(unit, name) != getattr(spans[-1], name):
            return f"{name}: {getattr(unit, name)} ≠ {getattr(spans[-1], name)}"
    if unit.starts_on != spans[0].starts_on:
        return f"starts_on: {unit.starts_on} ≠ {spans[0].starts_on}"
    for before, after in pairwise(spans):
        if before.ends_on is None or before.ends_on + timedelta(days=1) != after.starts_on:
            return f"{before.ends_on} … {after.starts_on}"
        if after.effective_on != after.starts_on:
            return f"{after.starts_on}: {after.effective_on}"
    return "" if all(span.kind == unit.kind for span in spans) else f"kind: {unit.kind}"
