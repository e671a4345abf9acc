"""The past cases of a year, as rehearsals need them. Four queries, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine.history import Event
from engine.house import House
from engine.subjects import Subject, SubjectScope
from workflows.definitions.rehearsal import Recorded
from workflows.nominations import Nomination
from workflows.people import Person
from workflows.units import Unit


def years_with_cases(session: Session, definition_ids: Collection[str]) -> Sequence[int]:
    """The years that have nominations under those definitions, the latest first."""
    query = _nominations(definition_ids).with_only_columns(Nomination.year).distinct()
    return session.scalars(query.order_by(Nomination.year.desc())).all()


def recorded(
    session: Session, house: House, definition_ids: Collection[str], year: int, *, limit: int
) -> list[Recorded]:
    """The nominations of a year that are under one of those definitions, the first ``limit``."""
    wanted = _nominations(definition_ids).where(Nomination.year == year)
    wanted = wanted.order_by(Nomination.id).limit(limit)
    subjects = session.execute(
        wanted.with_only_columns(Subject.id, Subject.definition_digest, Subject.state)
    ).all()
    ids = wanted.with_only_columns(Subject.id)
    scopes: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in session.execute(
        select(SubjectScope.__table__).where(SubjectScope.subject_id.in_(ids))
    ):
        scopes[row.subject_id][row.scope] = row.unit_id
    events: defaultdict[int, list[Any]] = defaultdict(list)
    query = select(Event.__table__).where(Event.subject_id.in_(ids))
    for row in session.execute(query.order_by(Event.subject_id, Event.version)):
        events[row.subject_id].append(row)
    names = _names(session, ids)
    return [
        Recorded(
            row.id,
            house.definition(row.definition_digest),
            row.state,
            scopes[row.id],
            events[row.id],
            names,
        )
        for row in subjects
    ]


def _nominations(definition_ids: Collection[str]) -> Select[Any]:
    return (
        select(Nomination.id)
        .join(Subject, Subject.id == Nomination.id)
        .where(Subject.definition_id.in_(definition_ids))
    )


def _names(session: Session, ids: Select[Any]) -> dict[int, str]:
    people = select(Event.person_id).where(Event.subject_id.in_(ids))
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    return {row.id: row.name for row in rows}


def places(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The names of the units that nominations are about, by nomination."""
    query = select(Nomination.id, Unit).join(Unit, Unit.id == Nomination.area_id)
    return {
        row.id: row.Unit.heading for row in session.execute(query.where(Nomination.id.in_(ids)))
    }
