"""What a year counts as, worked out anew from the papers in force.

A decision records its result when it is issued. When a paper falls, the results of all it
lists are folded again from what still stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from engine.papers.book import Paper
from engine.subjects import Link, Subject
from workflows import standing
from workflows.aftermath import FALLEN, IN_FORCE, LEVEL_OF, aftermath
from workflows.cycles import SECURITY
from workflows.nominations import Nomination
from workflows.results import Result
from workflows.streaks import LEVELS
from workflows.units import Unit


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper that decides about a nomination: ``number`` and ``day`` are its own while it
    stands, and those of the paper that felled it afterwards."""

    kind: str
    level: str
    stands: bool
    number: str
    day: date


@dataclass(frozen=True, slots=True)
class Counted:
    """What a year comes to, and by which paper."""

    recognised: bool
    level: str | None
    number: str
    day: date


def fold(sheets: Iterable[Sheet]) -> Counted | None:
    """The result that papers make together; none while nothing is decided.

    Recognised if the base decision stands, at the highest level whose decision stands; not
    recognised by a standing refusal of the base's level, or once the base has fallen. The base
    is the commune's decision; of a unit on which no commune decides, the lowest there is.
    """
    told, rules = list(sheets), aftermath().counts
    base = _base(told)
    lowest = min((sheet.level for sheet in told), key=LEVELS.index, default=LEVELS[0])
    deciding = {sheet.kind: sheet for sheet in told if sheet.kind in LEVEL_OF and sheet.stands}
    if base in deciding:
        highest = max(deciding.values(), key=lambda sheet: LEVELS.index(sheet.level))
        return Counted(True, highest.level, highest.number, highest.day)
    for sheet in told:
        if sheet.kind == rules.refusal and sheet.level == lowest and sheet.stands:
            return Counted(False, None, sheet.number, sheet.day)
    felled = [sheet for sheet in told if sheet.kind == base]
    if felled:
        last = max(felled, key=lambda sheet: sheet.day)
        return Counted(False, None, last.number, last.day)
    return None


def _base(told: Iterable[Sheet]) -> str:
    """The kind of decision without which the year does not count."""
    decisions = [sheet for sheet in told if sheet.kind in LEVEL_OF]
    lowest = min(decisions, key=lambda sheet: LEVELS.index(sheet.level), default=None)
    return lowest.kind if lowest else aftermath().counts.base


@dataclass(frozen=True, slots=True)
class Falling:
    """A paper that falls with the move under way, and the paper that fells it."""

    paper_id: int
    number: str
    day: date


def recount(
    session: Session, nomination_ids: Collection[int], falling: Falling | None = None
) -> None:
    """Writes the results of these nominations as their papers make them now."""
    sheets = sheets_of(session, nomination_ids, falling)
    query = select(Nomination).where(
        Nomination.id.in_(nomination_ids), Nomination.title == SECURITY
    )
    for nomination in session.scalars(query):
        _write(session, nomination, fold(sheets.get(nomination.id, ())))


def sheets_of(
    session: Session, nomination_ids: Collection[int], falling: Falling | None = None
) -> Mapping[int, list[Sheet]]:
    """The issued papers that decide about each nomination, standing or fallen."""
    rows = session.execute(
        select(
            Link.subject_id,
            Paper.id,
            Paper.kind,
            Paper.number_text,
            Paper.issued_on,
            Subject.state,
            Unit.kind.label("level"),
        )
        .join(Paper, Paper.id == Link.paper_id)
        .join(Subject, Subject.id == Paper.id)
        .join(Unit, Unit.id == Paper.authority_id)
        .where(
            Link.subject_id.in_(nomination_ids),
            Paper.kind.in_((*LEVEL_OF, aftermath().counts.refusal)),
            Subject.state.in_((*IN_FORCE, *FALLEN)),
        )
        .order_by(Paper.issued_on, Paper.id)
    ).all()
    felled = standing.changes_of(session, {row.id for row in rows if row.state in FALLEN})
    found: dict[int, list[Sheet]] = {}
    for row in rows:
        found.setdefault(row.subject_id, []).append(_sheet(row, felled, falling))
    return found


def _sheet(row: Any, felled: Mapping[int, Any], falling: Falling | None) -> Sheet:
    if falling and row.id == falling.paper_id:
        return Sheet(row.kind, row.level, False, falling.number, falling.day)
    if row.state in IN_FORCE:
        return Sheet(row.kind, row.level, True, row.number_text, row.issued_on)
    last = felled[row.id][-1]
    return Sheet(row.kind, row.level, False, last.number, last.issued_on)


def _write(session: Session, nomination: Nomination, counted: Counted | None) -> None:
    where = (Result.area_id == nomination.area_id, Result.year == nomination.year)
    if counted is None:
        session.execute(delete(Result).where(*where))
        return
    told = {
        "recognised": counted.recognised,
        "level": counted.level,
        "decision_number": counted.number,
        "decided_on": counted.day,
        "nomination_id": nomination.id,
    }
    changed = update(Result).where(*where).values(told).returning(Result.id)
    if session.execute(changed.execution_options(synchronize_session=False)).first() is None:
        place = {"area_id": nomination.area_id, "year": nomination.year, "source": ""}
        session.execute(insert(Result).values(told | place))
