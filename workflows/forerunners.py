"""The year of a unit that took the place of others: their files and results may be its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from engine.house import House
from engine.subjects import Subject
from workflows.nominations import Nomination
from workflows.results import Result, counting
from workflows.streaks.answers import one
from workflows.streaks.reading import descent, whole_line
from workflows.territory.succession import succeeds
from workflows.units import Unit


def case_going_on(
    session: Session, house: House, unit_id: int, year: int, title: str, on: date
) -> Iterator[Refusal]:
    """Why no file of a year may be opened beside those that came to this unit with what it took
    the place of: each that is still undecided and goes on here. Where a unit was split no rule
    says who goes on with its file, so it bars nobody. Nor does that of a unit which an older one
    took in: the older one's year is its own (``Descent.bearers``)."""
    own = session.get(Unit, unit_id)
    if own is None or own.starts_on <= date(year, 1, 1):
        return
    line = whole_line(one(unit_id))
    decided = select(Result.id).where(
        Result.area_id == Nomination.area_id, Result.year == Nomination.year, counting(on)
    )
    query = (
        select(Nomination.id, Unit, Subject.state, Subject.definition_digest)
        .join(Subject, Subject.id == Nomination.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .where(
            Unit.id.in_(select(line.c.id)),
            Unit.id != unit_id,
            Nomination.year == year,
            Nomination.title == title,
            ~decided.exists(),
        )
        .order_by(Nomination.id)
    )
    for case, former, state, digest in session.execute(query).all():
        ended = house.definition(digest).by_state[state].final
        if not ended and succeeds(session, unit_id, former.id, on):
            yield Refusal(
                "case_of_former_open", {"case": case, "unit": former.heading, "year": year}
            )


def recognised_as(session: Session, unit_id: int, year: int, on: date) -> Sequence[Unit]:
    """The former units by whose results of a year this one is recognised for it; none where it
    has a result of its own, or not all of them were."""
    line = descent(session, one(unit_id), years=(year, year), on=on)
    bearers = set(line.bearers(unit_id, year, line.decided(year, on))) - {unit_id}
    query = select(Unit).where(Unit.id.in_(bearers)).order_by(Unit.code)
    return session.scalars(query).all() if bearers else ()
