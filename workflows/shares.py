"""The subjects under a commune: how many there are, registered and were recognised, by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.history import Event
from workflows.cycles import SECURITY, cycle
from workflows.nominations import Nomination
from workflows.regimes import KindRules, Share, rules_of_year, rules_under
from workflows.results import Result, counting
from workflows.units import Unit, UnitSpan, on_day

REGISTER = "register"


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one kind, or of all of them."""

    subjects: int
    registered: int
    recognised: int


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects of a commune by kind."""

    kinds: Mapping[str, Figures]

    @property
    def total(self) -> Figures:
        """All kinds together."""
        told = self.kinds.values()
        return Figures(
            sum(one.subjects for one in told),
            sum(one.registered for one in told),
            sum(one.recognised for one in told),
        )


def subjects_of(
    session: Session, commune_id: int, year: int, title: str, kinds: Sequence[str]
) -> Subjects:
    """The subjects directly under a commune in a year, of these kinds. A handful of
    queries.

    Counted are the units that are there at the end of the year, or on the commune's last day
    in it, and may be nominated: a small enterprise or a primary school is none, nor one of
    which it is not known.
    """
    ended = session.scalar(select(Unit.ends_on).where(Unit.id == commune_id))
    day = min(date(year, 12, 31), ended or date.max)
    rules = {kind: _rules(session, year, title, kind) for kind in kinds}
    rows = session.execute(
        select(Unit.id, Unit.kind, UnitSpan.category)
        .join(UnitSpan, UnitSpan.unit_id == Unit.id)
        .where(UnitSpan.parent_id == commune_id, Unit.kind.in_(kinds), on_day(day))
    ).all()
    found = {row.id: row.kind for row in rows if _eligible(rules[row.kind], row.category)}
    registered, recognised = _told(session, list(found), year, title)
    return Subjects(
        {
            kind: Figures(
                sum(one == kind for one in found.values()),
                sum(found[id_] == kind for id_ in registered),
                sum(found[id_] == kind for id_ in recognised),
            )
            for kind in kinds
        }
    )


def _rules(session: Session, year: int, title: str, kind: str) -> KindRules | None:
    """By the year opened here; else, for who may be nominated hangs on no opening, by the law
    of the year."""
    found = cycle(session, year, title, kind)
    if found:
        return rules_under(found.definition_id, kind)
    return rules_of_year(year, kind) if title == SECURITY else None


def _eligible(rules: KindRules | None, category: str) -> bool:
    return rules is None or rules.bar(category) is None


def _told(
    session: Session, units: Sequence[int], year: int, title: str
) -> tuple[set[int], set[int]]:
    """Which of these units registered that year, and which were recognised. A result taken
    over from elsewhere counts as registered."""
    registering = select(Event.id).where(
        Event.subject_id == Nomination.id, Event.action == REGISTER
    )
    nominated = select(Nomination.area_id).where(
        Nomination.area_id.in_(units),
        Nomination.year == year,
        Nomination.title == title,
        registering.exists(),
    )
    decided = select(Result.area_id).where(
        Result.area_id.in_(units), Result.year == year, Result.recognised, counting()
    )
    recognised = set(session.scalars(decided)) if title == SECURITY else set()
    return set(session.scalars(nominated)) | recognised, recognised


@dataclass(frozen=True, slots=True)
class Shared:
    """The subjects of a commune beside what its title needs of them."""

    subjects: Subjects
    share: Share

    @property
    def needed(self) -> int:
        """How many must be recognised."""
        return self.share.recognised.needs(self.subjects.total.subjects)

    @property
    def reached(self) -> bool:
        """Whether enough are recognised and, where that is asked, registered."""
        total = self.subjects.total
        return self.share.enough_registered(
            total.registered, total.subjects
        ) and self.share.recognised.reached(total.recognised, total.subjects)


def share_of(session: Session, commune_id: int, year: int, title: str) -> Shared | None:
    """What the title of a commune needs of its subjects, and where they stand; nothing where
    the regime of the year asks for no share."""
    rules = _rules(session, year, title, "commune")
    if rules is None or rules.share is None:
        return None
    told = subjects_of(session, commune_id, year, title, rules.share.of)
    return Shared(told, rules.share)
