"""What rests on a fallen decision, where the areas it lists went into others since."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from engine.history import Event
from engine.papers.book import Paper
from engine.subjects import Link, Subject
from tests.workflows.places import Country
from tests.workflows.test_streaks import NOON
from workflows import amendments, resting
from workflows.lineage import UnitLineage
from workflows.nominations import Nomination
from workflows.results import Result
from workflows.units import Unit


def _subject(session: Session, kind: str, state: str) -> int:
    """A subject in that state by the back door: only what rests on what is asked here."""
    table = Subject.__table__
    made = session.execute(
        insert(table).values(
            kind=kind,
            definition_id="any",
            definition_digest="0" * 64,
            state="",
            version=0,
            entered_at=NOON,
        )
    )
    (subject,) = made.inserted_primary_key or (0,)
    _move(session, subject, state)
    return int(subject)


def _move(session: Session, subject: int, state: str) -> None:
    told: dict[str, Any] = {
        "subject_id": subject,
        "version": 1,
        "at": NOON,
        "action": "any",
        "from_state": "",
        "to_state": state,
        "data": {},
        "definition_id": "any",
        "definition_digest": "0" * 64,
        "form": 1,
        "previous_hash": "",
        "hash": "",
    }
    session.execute(insert(Event).values(told))
    table = Subject.__table__
    session.execute(table.update().where(table.c.id == subject).values(state=state, version=1))


def nominated(session: Session, area: int, year: int, *, counted: bool = True) -> int:
    subject = _subject(session, "nomination", "recognised")
    session.add(Nomination(id=subject, area_id=area, year=year))
    if counted:
        told = {"recognised": True, "level": "commune", "nomination_id": subject}
        session.add(Result(area_id=area, year=year, **told))
    session.flush()
    return subject


def issued(session: Session, kind: str, authority: int, about: int, **values: Any) -> int:
    paper = _subject(session, "paper", "issued")
    session.add(
        Paper(
            id=paper,
            kind=kind,
            authority_id=authority,
            code=f"code{paper}",
            values=values,
            values_digest="0" * 64,
            template_digest="0" * 64,
            drafted_at=NOON,
            number=paper,
            number_text=f"{paper}/QĐ-UBND",
            issued_on=date(2026, 2, 2),
        )
    )
    session.flush()
    session.add(Link(paper_id=paper, subject_id=about, position=1))
    session.flush()
    return paper


def test_a_paper_over_a_successor_rests_on_its_predecessors_years(
    session: Session, country: Country
) -> None:
    old, heir, stranger = country.areas
    day = date(2024, 1, 1)
    session.get_one(Unit, heir).starts_on = day
    session.add(UnitLineage(predecessor_id=old, successor_id=heir, effective_on=day, kind="merge"))
    fallen = issued(session, "commune_decision", country.commune, nominated(session, old, 2023))
    nominated(session, heir, 2024)
    about, other = nominated(session, heir, 2025), nominated(session, stranger, 2025)
    district = country.district
    resting_on = issued(session, "district_decision", district, about, streak=3)
    issued(session, "district_decision", district, other, streak=3)
    found = resting.dependents(session, fallen)
    assert [(one.paper_id, one.areas) for one in found] == [(resting_on, ("Thôn 2",))]
    too_early = issued(session, "commune_decision", country.commune, nominated(session, old, 2022))
    assert resting.dependents(session, too_early) == []
    (loss,) = amendments.consequences(session, "revocation", fallen).lost
    assert [(one.area, one.streak, one.streak_after) for one in loss.heirs] == [("Thôn 2", 4, 2)]
