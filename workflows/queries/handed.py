"""Which nominations stand where the province, in the place of their district, has brought them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import bindparam, case, select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.belonging import HAND_OVER
from engine.definition import State
from engine.history import Event
from engine.subjects import Subject
from workflows.nominations import Nomination
from workflows.units import Unit, UnitSpan
from workflows.wording import awaits, of_province

_area, _commune, _above = aliased(Unit), aliased(Unit), aliased(Unit)
_OWN = (_area.kind == "commune", _area.id)
_HANDED = (
    select(Nomination.id, Event.action, Event.at, UnitSpan.starts_on)
    .join(Subject, Subject.id == Nomination.id)
    .join(Event, (Event.subject_id == Subject.id) & (Event.version == Subject.version))
    .join(_area, _area.id == Nomination.area_id)
    .join(_commune, _commune.id == case(_OWN, else_=_area.parent_id))
    .join(_above, (_above.id == _commune.parent_id) & (_above.kind == "province"))
    .join(UnitSpan, (UnitSpan.unit_id == _commune.id) & (UnitSpan.parent_id == _above.id))
    .where(Nomination.id.in_(bindparam("ids", expanding=True)))
    .order_by(UnitSpan.starts_on.desc())
)


def theirs(state: State, since: date, action: str, day: date) -> bool:
    """Whether a state is the province's: it was brought there by the province, or waits for
    it. ``action`` is the file's last, on that day; a hand-over brings it nowhere."""
    return awaits(state.label) or (action != HAND_OVER and day >= since)


def of_the_province(session: Session, states: Mapping[int, State]) -> frozenset[int]:
    """The ids of those, of nominations in these states; one query, and none where no state
    speaks of the district."""
    ids = [id for id, state in states.items() if of_province(state.label) != state.label]
    if not ids:
        return frozenset()
    rows = session.execute(_HANDED, {"ids": ids})
    since = {row.id: row for row in rows}  # the first day of each
    return frozenset(
        id
        for id, row in since.items()
        if theirs(states[id], row.starts_on, row.action, clock.law_date(row.at))
    )
