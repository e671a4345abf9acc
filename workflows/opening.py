"""Opening a year: under which regime, by whom, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows import regimes
from workflows.assessment import criteria_set, criteria_sets
from workflows.cycles import Cycle, CycleOpening, open_year, without_subjects, without_workflow
from workflows.library import law
from workflows.people import Person


@dataclass(frozen=True, slots=True)
class Opened:
    """The cycles of a year, one for each kind of unit, and what whoever opened it must know."""

    cycles: Sequence[Cycle]
    left_out: Sequence[Refusal]


@dataclass(frozen=True, slots=True)
class Row:
    """A cycle, and who opened it when; nobody is named where the system did."""

    cycle: Cycle
    person: str | None
    opened_at: datetime | None


def opened(
    session: Session,
    regime_id: str,
    year: int,
    *,
    added: Sequence[str] = (),
    kinds: Sequence[str] = (),
    vote: bool = False,
    person_id: int | None = None,
) -> Opened:
    """Opens a year under a regime, for these kinds of unit or for all that it knows.

    ``added`` are the ids of local criteria; with ``vote`` the households vote before the
    officers meet. Raises ``NotFound``, and ``Refused`` as ``open_year`` and ``with_vote`` do.
    """
    sets = [criteria_set(one) for one in added]
    known = {one.id for one in law().definitions}
    ruling = regimes.regime(regime_id)
    if vote:
        ruling = regimes.with_vote(ruling, known, year)
    made = open_year(session, ruling, year, sets, kinds, person_id)
    left_out = (*without_workflow(session, made, known), *without_subjects(session, made))
    return Opened(made, left_out)


def listed(session: Session) -> Sequence[Row]:
    """Every cycle, the latest year first, with who opened it."""
    query = (
        select(Cycle, Person.name, CycleOpening.opened_at)
        .outerjoin(
            CycleOpening,
            (CycleOpening.year == Cycle.year)
            & (CycleOpening.title == Cycle.title)
            & (CycleOpening.kind == Cycle.kind),
        )
        .outerjoin(Person, Person.id == CycleOpening.person_id)
        .order_by(Cycle.year.desc(), Cycle.title, Cycle.kind)
    )
    return [Row(*row) for row in session.execute(query)]


def local_sets() -> Sequence[str]:
    """The ids of criteria that a place adds to national ones."""
    return [one.id for one in criteria_sets().values() if one.extends]
