"""What a year counts as, worked out anew from the papers in force.

A decision records its result when it is issued. When a paper falls, the results of all it
lists are folded again from what still stands, for today and for every later day on which a
paper is to fall.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.papers.book import Paper
from engine.subjects import Link, Subject
from workflows import standing
from workflows.aftermath import FALLEN, IN_FORCE, LEVEL_OF, aftermath
from workflows.cycles import SECURITY
from workflows.nominations import Nomination
from workflows.results import EVER, Result
from workflows.streaks import LEVELS
from workflows.units import Unit


@dataclass(frozen=True, slots=True)
class Ends:
    """From which day a paper no longer stands, by which paper of which day."""

    on: date
    number: str
    day: date


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper that decides about a nomination: ``number`` and ``day`` are its own while it
    stands, and those of the paper that felled it afterwards. ``ends``: from when it no longer
    stands, if that is still to come."""

    kind: str
    level: str
    stands: bool
    number: str
    day: date
    ends: Ends | None = None

    def on(self, day: date) -> Sheet:
        """The same as it is on that day."""
        if self.ends is None or day < self.ends.on:
            return self
        return Sheet(self.kind, self.level, False, self.ends.number, self.ends.day)


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
class Span:
    """What a year comes to from one day (None: from ever) until before another."""

    counted: Counted
    begins: date | None
    ends: date | None


def spans(sheets: Collection[Sheet], today: date) -> Iterator[Span]:
    """What papers make of a year, from today on; days on which nothing is decided are left
    out."""
    falls = sorted({one.ends.on for one in sheets if one.ends and one.ends.on > today})
    begins: date | None = None
    for day, ends in zip([today, *falls], [*falls, None], strict=True):
        counted = fold(sheet.on(day) for sheet in sheets)
        if counted:
            yield Span(counted, begins, ends)
        begins = ends


@dataclass(frozen=True, slots=True)
class Falling:
    """A paper that falls with the move under way, the paper that fells it, and from when."""

    paper_id: int
    number: str
    day: date
    effect: date


def recount(
    session: Session, nomination_ids: Collection[int], falling: Falling | None = None
) -> None:
    """Writes the results of these nominations as their papers make them now, and as they
    will on later days."""
    sheets = sheets_of(session, nomination_ids, falling)
    today = clock.today()
    query = select(Nomination).where(
        Nomination.id.in_(nomination_ids), Nomination.title == SECURITY
    )
    for nomination in session.scalars(query):
        _write(session, nomination, [*spans(sheets.get(nomination.id, ()), today)])


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
    own = Sheet(row.kind, row.level, True, row.number_text, row.issued_on)
    if falling and row.id == falling.paper_id:
        return replace(own, ends=Ends(falling.effect, falling.number, falling.day))
    if row.state in IN_FORCE:
        return own
    last = felled[row.id][-1]
    return replace(own, ends=Ends(last.effect_on or last.issued_on, last.number, last.issued_on))


def _write(session: Session, nomination: Nomination, told: Sequence[Span]) -> None:
    """The first row of the year is written over and the others are made anew. Nothing is left
    of a year of which no paper tells any more, but what was taken over from elsewhere."""
    its_own = (Result.area_id == nomination.area_id, Result.year == nomination.year)
    first = session.execute(
        select(Result.id, Result.source, Result.counts_from)
        .where(*its_own)
        .order_by(Result.nomination_id.is_(None), Result.counts_from)
        .limit(1)
    ).first()
    kept = first.id if first and told else None
    folded = (*its_own, Result.nomination_id.is_not(None), Result.id.is_distinct_from(kept))
    session.execute(delete(Result).where(*folded).execution_options(synchronize_session="fetch"))
    # What an act on a result taken over had ended before counts no further than that.
    ever = first.counts_from if first else EVER
    rows = [_row(nomination, span, ever) for span in told]
    if kept is not None:
        session.execute(update(Result).where(Result.id == kept).values(rows.pop(0)))
    if rows:
        source = first.source if first else ""
        session.execute(insert(Result), [row | {"source": source} for row in rows])


def _row(nomination: Nomination, span: Span, ever: date) -> dict[str, Any]:
    return {
        "area_id": nomination.area_id,
        "year": nomination.year,
        "recognised": span.counted.recognised,
        "level": span.counted.level,
        "decision_number": span.counted.number,
        "decided_on": span.counted.day,
        "nomination_id": nomination.id,
        "counts_from": span.begins or ever,
        "counts_until": span.ends,
    }
