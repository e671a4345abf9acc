"""The atlas from the database and back: the one writer of units after their first day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, insert, or_, select, update
from sqlalchemy.orm import Session

from workflows.lineage import UnitAct, UnitLineage
from workflows.names import fold
from workflows.territory.atlas import Atlas, Branch, Span
from workflows.units import Unit, UnitSpan

UNITS = cast(Table, Unit.__table__)
SPANS = cast(Table, UnitSpan.__table__)

_COLUMNS = ("starts_on", "ends_on", "name", "form", "code", "kind", "category")
SHOWN = ("name", "form", "code", "parent_id", "category")
"""What a unit shows of the span of today."""


def read(session: Session) -> Atlas:
    """Everything that is recorded of all units."""
    spans: dict[int, list[Span]] = {}
    for row in session.execute(select(SPANS).order_by(SPANS.c.unit_id, SPANS.c.starts_on)):
        told = {name: getattr(row, name) for name in _COLUMNS}
        spans.setdefault(row.unit_id, []).append(Span(**told, parent=row.parent_id))
    branches = {
        (row.predecessor_id, row.successor_id): Branch(row.effective_on, row.kind)
        for row in session.execute(select(UnitLineage.__table__))
    }
    return Atlas.of(spans, branches)


def touched(before: Atlas, after: Atlas) -> list[int]:
    """The units of which the later atlas says something else, new ones as they came."""
    changed = [u for u, spans in after.spans.items() if before.spans.get(u) != spans]
    return sorted(changed, key=lambda unit: (unit < 0, abs(unit)))


def write(
    session: Session, before: Atlas, after: Atlas, acts: Sequence[Mapping[str, Any]], today: date
) -> dict[int, int]:
    """Writes what differs, and the papers it rests on, inside the caller's transaction.
    Returns the ids of new units by those they had on the atlas."""
    act_ids = [session.execute(insert(UnitAct).returning(UnitAct.id), a).scalar_one() for a in acts]
    ids: dict[int, int] = {}
    changed = touched(before, after)
    for unit in changed:
        if unit < 0:
            ids[unit] = _begin(session, after.spans[unit], ids, today)
    for closing in (True, False):  # who gives a code back does so before who takes it
        for unit in changed:
            _write_spans(session, before, after, unit, ids, act_ids, closing)
    _write_lineage(session, before, after, ids, act_ids)
    refresh(session, [ids.get(unit, unit) for unit in changed], today)
    session.expire_all()
    return ids


def _begin(session: Session, spans: Sequence[Span], ids: Mapping[int, int], today: date) -> int:
    shown = _shown(spans, today)
    # What stands above it may not be written yet: ``refresh`` says so in the end.
    values = _row(shown, ids) | {"starts_on": spans[0].starts_on, "ends_on": spans[-1].ends_on}
    values["parent_id"] = None
    values |= {"folded": fold(shown.name), "sort": _sort(shown.code)}
    return int(session.execute(insert(UNITS).returning(UNITS.c.id), values).scalar_one())


def _sort(code: str) -> int:
    """Official codes run as the lists of units do."""
    digits = "".join(c for c in code if c.isdigit())[-8:]
    return int(digits or 0)


def _row(span: Span, ids: Mapping[int, int]) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(span, name) for name in _COLUMNS}
    parent = span.parent
    return told | {"parent_id": ids.get(parent, parent) if parent is not None else None}


def _write_spans(
    session: Session,
    before: Atlas,
    after: Atlas,
    unit: int,
    ids: Mapping[int, int],
    act_ids: Sequence[int],
    closing: bool,
) -> None:
    old = {span.starts_on: span for span in before.spans.get(unit, ())}
    for span in after.spans[unit]:
        known = old.get(span.starts_on)
        if known == span or (known is not None) != closing:
            continue
        values = _row(span, ids)
        if span.act is not None and act_ids:
            values["act_id"] = act_ids[span.act]
        own = ids.get(unit, unit)
        if known is None:
            session.execute(insert(SPANS), values | {"unit_id": own})
        else:
            same = (SPANS.c.unit_id == own) & (SPANS.c.starts_on == span.starts_on)
            session.execute(update(SPANS).where(same).values(values))


def _write_lineage(
    session: Session, before: Atlas, after: Atlas, ids: Mapping[int, int], act_ids: Sequence[int]
) -> None:
    rows = [
        {
            "predecessor_id": ids.get(one, one),
            "successor_id": ids.get(other, other),
            "effective_on": branch.effective_on,
            "kind": branch.kind,
            "act_id": act_ids[branch.act] if branch.act is not None and act_ids else None,
        }
        for (one, other), branch in after.branches.items()
        if (one, other) not in before.branches
    ]
    if rows:
        session.execute(insert(cast(Table, UnitLineage.__table__)), rows)


def _shown(spans: Sequence[Any], today: date) -> Any:
    """What a unit shows today: what it is, or will be first, or was last."""
    begun = [span for span in spans if span.starts_on <= today]
    return begun[-1] if begun else spans[0]


def refresh(session: Session, unit_ids: Iterable[int], today: date) -> int:
    """Brings the columns of these units in step with their spans as of today; returns how
    many were not."""
    done = 0
    for start in range(0, len(ids := sorted(set(unit_ids))), 500):
        part = ids[start : start + 500]
        rows = session.execute(select(SPANS).where(SPANS.c.unit_id.in_(part))).all()
        spans: dict[int, list[Any]] = {}
        for row in sorted(rows, key=lambda row: row.starts_on):
            spans.setdefault(row.unit_id, []).append(row)
        for unit in session.execute(select(UNITS).where(UNITS.c.id.in_(part))):
            done += _refresh(session, unit, spans[unit.id], today)
    return done


def _refresh(session: Session, unit: Any, spans: Sequence[Any], today: date) -> bool:
    shown = _shown(spans, today)
    values = {name: getattr(shown, name) for name in SHOWN}
    values |= {"starts_on": spans[0].starts_on, "ends_on": spans[-1].ends_on}
    if all(getattr(unit, name) == value for name, value in values.items()):
        return False
    values["folded"] = fold(shown.name)
    session.execute(update(UNITS).where(UNITS.c.id == unit.id).values(values))
    return True


def begun(session: Session, today: date) -> Sequence[int]:
    """The units whose columns are not those of today's span: a day came on which what had
    been recorded before takes effect."""
    differs = or_(*(SPANS.c[name].is_distinct_from(UNITS.c[name]) for name in SHOWN))
    query = (
        select(UNITS.c.id)
        .join(SPANS, SPANS.c.unit_id == UNITS.c.id)
        .where(
            SPANS.c.starts_on <= today,
            (SPANS.c.ends_on.is_(None)) | (SPANS.c.ends_on >= today),
            differs,
        )
    )
    return session.scalars(query).all()
