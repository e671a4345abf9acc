"""The subjects under a commune: how many there are, registered and were recognised, by kind.

Asked on a day, they are the units of that day. One that began within the year has registered, or
was recognised, as what it came out of was: see ``workflows.streaks.descent``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.history import Event
from workflows.cycles import SECURITY, cycle
from workflows.nominations import Nomination
from workflows.regimes import KindRules, Share, rules_of_year, rules_under
from workflows.streaks.reading import descent
from workflows.units import Unit, UnitSpan, on_day

REGISTER, WITHDRAWN = "register", "withdrawn"


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one kind, or of all of them."""

    subjects: int
    registered: int
    recognised: int


@dataclass(frozen=True, slots=True)
class Counted:
    """One subject, and by whose registration and whose result it counts: its own, or those of
    the units that it came out of within the year. Nobody's: it does not."""

    unit_id: int
    kind: str
    name: str
    registered: tuple[int, ...] = ()
    recognised: tuple[int, ...] = ()

    @property
    def former(self) -> tuple[int, ...]:
        """The units whose year this one has, itself not."""
        told = dict.fromkeys((*self.registered, *self.recognised))
        return tuple(one for one in told if one != self.unit_id)


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects of a commune by kind, each of them, and the names of the units before."""

    kinds: Mapping[str, Figures]
    counted: Sequence[Counted] = ()
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def total(self) -> Figures:
        """All kinds together."""
        told = self.kinds.values()
        return Figures(
            sum(one.subjects for one in told),
            sum(one.registered for one in told),
            sum(one.recognised for one in told),
        )

    def before(self, one: Counted) -> str:
        """The names of the units whose year a subject has."""
        return ", ".join(self.names[unit] for unit in one.former)


def subjects_of(
    session: Session,
    commune_id: int,
    year: int,
    title: str,
    kinds: Sequence[str],
    on: date | None = None,
) -> Subjects:
    """The subjects directly under a commune in a year, of these kinds, as of a day (today). A
    handful of queries.

    Counted are the units that are there on that day, at the latest at the end of the year or on
    the commune's last day in it, and may be nominated: a small enterprise or a primary school is
    none, nor one of which it is not known.
    """
    asked = on or clock.today()
    ended = session.scalar(select(Unit.ends_on).where(Unit.id == commune_id))
    day = min(date(year, 12, 31), ended or date.max, asked)
    rules = {kind: _rules(session, year, title, kind) for kind in kinds}
    here = UnitSpan.parent_id == commune_id, UnitSpan.kind.in_(kinds), on_day(day)
    spans = [
        span
        for span in session.scalars(select(UnitSpan).where(*here).order_by(UnitSpan.code))
        if _eligible(rules[span.kind], span.category)
    ]
    counted = _counted(session, spans, year, title, asked)
    former = {unit for one in counted for unit in one.former}
    names = select(Unit).where(Unit.id.in_(former))
    return Subjects(
        {kind: _figures([one for one in counted if one.kind == kind]) for kind in kinds},
        counted,
        {unit.id: unit.heading for unit in session.scalars(names)} if former else {},
    )


def _figures(counted: Sequence[Counted]) -> Figures:
    return Figures(
        len(counted),
        sum(bool(one.registered) for one in counted),
        sum(bool(one.recognised) for one in counted),
    )


def _counted(
    session: Session, spans: Sequence[UnitSpan], year: int, title: str, asked: date
) -> Sequence[Counted]:
    units = [span.unit_id for span in spans]
    line = descent(session, select(Unit.id).where(Unit.id.in_(units)), years=(year, year), on=asked)
    decided = line.decided(year, asked) if title == SECURITY else {}
    # A result taken over from elsewhere counts as registered.
    registered = {unit: True for unit, recognised in decided.items() if recognised}
    known = {*units, *(link.unit_id for links in line.origins.values() for link in links)}
    registered |= dict.fromkeys(_registered(session, known, year, title, asked), True)
    return [
        Counted(
            span.unit_id,
            span.kind,
            span.heading,
            line.bearers(span.unit_id, year, registered),
            line.bearers(span.unit_id, year, decided),
        )
        for span in spans
    ]


def _registered(
    session: Session, units: Collection[int], year: int, title: str, asked: date
) -> Sequence[int]:
    """Which of these units registered that year by that day, and had not withdrawn by then."""
    done = select(Event.id).where(
        Event.subject_id == Nomination.id,
        Event.at < clock.vietnam(asked + timedelta(days=1)),
    )
    nominated = select(Nomination.area_id).where(
        Nomination.area_id.in_(units),
        Nomination.year == year,
        Nomination.title == title,
        done.where(Event.action == REGISTER).exists(),
        ~done.where(Event.to_state == WITHDRAWN).exists(),
    )
    return session.scalars(nominated).all()


def _rules(session: Session, year: int, title: str, kind: str) -> KindRules | None:
    """By the year opened here; else, for who may be nominated hangs on no opening, by the law
    of the year."""
    found = cycle(session, year, title, kind)
    if found:
        return rules_under(found.definition_id, kind)
    return rules_of_year(year, kind) if title == SECURITY else None


def _eligible(rules: KindRules | None, category: str) -> bool:
    return rules is None or rules.bar(category) is None


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


def share_of(
    session: Session, commune_id: int, year: int, title: str, on: date | None = None
) -> Shared | None:
    """What the title of a commune needs of its subjects, and where they stand on a day (today);
    nothing where the regime of the year asks for no share."""
    rules = _rules(session, year, title, "commune")
    if rules is None or rules.share is None:
        return None
    told = subjects_of(session, commune_id, year, title, rules.share.of, on)
    return Shared(told, rules.share)
