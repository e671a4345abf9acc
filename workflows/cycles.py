"""Cycles: a year of assessment for a title, with the definition and the criteria it runs under."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from engine import clock
from engine.db import Base, Instant, writing
from engine.errors import Refusal, Refused
from workflows.assessment import CriteriaSet
from workflows.regimes import KindRules, Regime, rules_under
from workflows.successions import latest
from workflows.units import KINDS, Unit, titled

SECURITY = "security"


class Cycle(Base):
    """One year of one title for one kind of unit; both law files are fixed for the whole of
    it. In ``definition_id``, ``{manager}`` stands for the level that manages the unit."""

    __tablename__ = "cycles"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(20), primary_key=True, default=SECURITY)
    definition_id: Mapped[str] = mapped_column(String(60))
    criteria_id: Mapped[str] = mapped_column(String(60))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    kind: Mapped[str] = mapped_column(
        String(10), primary_key=True, default="area", server_default="area"
    )

    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="dates_ordered"),
        CheckConstraint(
            "kind IN ('area', 'commune', 'school', 'agency', 'enterprise')", name="kind_known"
        ),
    )

    def definition_for(self, manager: str) -> str:
        """The workflow of a unit that this level manages."""
        return self.definition_id.format(manager=manager)


class CycleOpening(Base):
    """Who opened a cycle, and when; none where the system did."""

    __tablename__ = "cycle_openings"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    opened_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        ForeignKeyConstraint(
            ["year", "title", "kind"],
            ["cycles.year", "cycles.title", "cycles.kind"],
            ondelete="RESTRICT",
        ),
    )


def cycle(session: Session, year: int, title: str = SECURITY, kind: str = "area") -> Cycle | None:
    """The cycle of a year for a kind of unit, if one was opened."""
    return session.get(Cycle, (year, title, kind))


def years(session: Session, title: str = SECURITY) -> Sequence[int]:
    """The years that have a cycle, the latest first."""
    query = select(Cycle.year).where(Cycle.title == title).distinct().order_by(Cycle.year.desc())
    return session.scalars(query).all()


def open_year(
    session: Session,
    regime: Regime,
    year: int,
    added: Sequence[CriteriaSet] = (),
    kinds: Sequence[str] = (),
    person_id: int | None = None,
) -> list[Cycle]:
    """Opens a year under a regime, a cycle for each kind of unit it knows, or for these alone.

    ``added`` are local criteria that take the place of the sets they extend; the person is
    recorded as who opened it. Raises
    ``Refused``: ``year_not_of_regime``, ``cycle_exists``, ``criteria_extend_nothing``.
    """
    if not regime.years.hold(year):
        raise Refused(Refusal("year_not_of_regime", {"year": year, "regime": regime.id}))
    sets = {one.extends: one.id for one in added}
    for one in added:
        if one.extends not in {rules.criteria for rules in regime.kinds.values()}:
            raise Refused(Refusal("criteria_extend_nothing", {"id": one.id}))
    chosen = {kind: told for kind, told in regime.kinds.items() if not kinds or kind in kinds}
    with writing(session):
        for kind in chosen:
            if cycle(session, year, regime.award, kind):
                raise Refused(Refusal("cycle_exists", {"year": year}))
        made = [_opened(regime, year, kind, rules, sets) for kind, rules in chosen.items()]
        session.add_all(made)
        if person_id is not None:
            session.flush()
            session.add_all(_opening(one, person_id) for one in made)
    return made


def _opening(made: Cycle, person_id: int) -> CycleOpening:
    key = {"year": made.year, "title": made.title, "kind": made.kind}
    return CycleOpening(**key, person_id=person_id, opened_at=clock.now())


def without_workflow(
    session: Session, made: Iterable[Cycle], known: Collection[str]
) -> list[Refusal]:
    """What these years leave out: the units under a level for which the regime has no workflow
    among those known, as when schools still stand under a district in a year without any. One
    refusal for each unit they stand under; whoever opens the year is told."""
    found = []
    for one in made:
        above, below = aliased(Unit), aliased(Unit)
        levels = [kind for kind in KINDS if one.definition_for(kind) not in known]
        rows = session.execute(
            select(above.form, above.name, above.kind, func.count())
            .join(below, below.parent_id == above.id)
            .where(
                below.kind == one.kind,
                above.kind.in_(levels if "{manager}" in one.definition_id else ()),
                below.ends_on.is_(None) | (below.ends_on >= one.starts_on),
            )
            .group_by(above.id, above.form, above.name, above.kind)
            .order_by(above.id)
        )
        for form, name, kind, count in rows:
            params = {"parent": titled(kind, form, name), "count": count, "year": one.year}
            found.append(Refusal("units_without_workflow", params, field=one.kind))
    return found


def without_subjects(session: Session, made: Iterable[Cycle]) -> list[Refusal]:
    """The kinds of unit of which a commune's title needs a share and for which these years are
    not open: none of them can be nominated, so no share is reached. Whoever opens is told."""
    found = []
    for one in made:
        rules = rules_under(one.definition_id, one.kind)
        wanted = rules.share.of if rules and rules.share else ()
        missing = [kind for kind in wanted if cycle(session, one.year, one.title, kind) is None]
        if missing:
            params = {"year": one.year, "kinds": ", ".join(missing)}
            found.append(Refusal("share_without_cycle", params, field=one.kind))
    return found


def _opened(
    regime: Regime, year: int, kind: str, rules: KindRules, sets: Mapping[str | None, str]
) -> Cycle:
    window = rules.window(year)
    return Cycle(
        year=year,
        title=regime.award,
        kind=kind,
        definition_id=latest(rules.definition),
        criteria_id=sets.get(rules.criteria, rules.criteria),
        starts_on=window.starts_on,
        ends_on=window.ends_on,
    )
