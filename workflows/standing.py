"""Where an issued paper stands: what later papers did to it, and whether it is in force.

Its own history tells, written when the later paper was issued; a revocation may name a day,
until which the paper is still in force.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.history import Event
from engine.papers.book import Paper
from engine.subjects import Link, Subject
from workflows.aftermath import IN_FORCE

ACT_OF = {"correct": "correction", "replace": "replacement", "revoke": "revocation"}
"""What a move of an issued paper is, by its name."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a later paper did: which paper, on which day, why, and from when."""

    act: str
    paper_id: int
    code: str
    kind: str
    number: str
    issued_on: date
    reason: str = ""
    effect_on: date | None = None
    errata: Sequence[Mapping[str, str]] = ()
    """Of a correction: each place, what was printed there, and what it should be."""

    def record(self) -> dict[str, Any]:
        """The change as plain values, for JSON."""
        return {
            "act": self.act,
            "paper": self.code,
            "number": self.number,
            "issued_on": self.issued_on.isoformat(),
            "reason": self.reason,
            "effect_on": self.effect_on.isoformat() if self.effect_on else None,
            "errata": [dict(one) for one in self.errata],
        }


@dataclass(frozen=True, slots=True)
class Target:
    """The earlier paper that one acts on."""

    act: str
    paper_id: int
    code: str
    kind: str
    number: str
    issued_on: date | None
    errata: Sequence[Mapping[str, str]] = ()
    """What a correction says of it, as in ``Change``."""


def changes(session: Session, paper_id: int) -> Sequence[Change]:
    """What later papers did to a paper, the oldest first."""
    return changes_of(session, [paper_id]).get(paper_id, ())


def changes_of(session: Session, paper_ids: Collection[int]) -> Mapping[int, Sequence[Change]]:
    """The same for many papers; two queries, however many there are."""
    events = session.execute(
        select(Event.subject_id, Event.action, Event.data)
        .where(Event.subject_id.in_(paper_ids), Event.action.in_(ACT_OF))
        .order_by(Event.subject_id, Event.version)
    ).all()
    by = {event.data["by"] for event in events}
    query = select(Paper.id, Paper.code, Paper.kind).where(Paper.id.in_(by))
    codes = {row.id: row for row in session.execute(query)} if by else {}
    found: dict[int, list[Change]] = {}
    for event in events:
        later = codes[event.data["by"]]
        change = _change(event.action, event.data, later.code, later.kind)
        found.setdefault(event.subject_id, []).append(change)
    return found


def _change(action: str, data: Mapping[str, Any], code: str, kind: str) -> Change:
    effect = data.get("effect_on")
    return Change(
        ACT_OF[action],
        data["by"],
        code,
        kind,
        data["by_number"],
        date.fromisoformat(data["by_date"]),
        data.get("reason") or data.get("wrong") or "",
        date.fromisoformat(effect) if effect else None,
        _errata(data),
    )


def _errata(data: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    """The rows of a correction's form that were filled in."""
    return tuple(cells for cells in (data.get("errata") or {}).values() if cells["printed"])


def in_force(state: str, done: Sequence[Change], on: date | None = None) -> bool:
    """Whether an issued paper in that state is in force on a day (today)."""
    if state != "revoked":
        return state in IN_FORCE
    ends = done[-1].effect_on if done else None
    return ends is not None and (on or clock.today()) < ends


def target(session: Session, paper_id: int) -> Target | None:
    """The earlier paper that this one acts on, if it does."""
    row = session.execute(
        select(Paper.id, Paper.code, Paper.kind, Paper.number_text, Paper.issued_on)
        .join(Link, Link.subject_id == Paper.id)
        .where(Link.paper_id == paper_id)
    ).first()
    if row is None:
        return None
    told = session.scalars(
        select(Event.data).where(Event.subject_id == paper_id, Event.version == 1)
    ).one()
    number, errata = row.number_text or "", _errata(told)
    return Target(told["act"], row.id, row.code, row.kind, number, row.issued_on, errata)


def latest_decisions(
    session: Session, nomination_ids: Collection[int], kinds: Collection[str]
) -> Mapping[int, tuple[str, date]]:
    """Number and day of the newest decision of these kinds in force on each nomination."""
    rows = session.execute(
        select(Link.subject_id, Paper.number_text, Paper.issued_on)
        .join(Paper, Paper.id == Link.paper_id)
        .join(Subject, Subject.id == Paper.id)
        .where(
            Link.subject_id.in_(nomination_ids),
            Paper.kind.in_(kinds),
            Subject.state.in_(IN_FORCE),
        )
        .order_by(Paper.issued_on, Paper.id)
    )
    return {nomination: (number or "", day) for nomination, number, day in rows if day}
