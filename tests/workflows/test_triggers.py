"""What was taken over from elsewhere stays as it was, until a decision takes its place."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.engine.test_kept import AT_ONCE, passed
from tests.workflows.places import Country
from tests.workflows.test_resting_lineage import issued, nominated
from workflows.recount import recount
from workflows.results import Result

YEAR = 2012

UNLAWFUL = (
    *(
        f"UPDATE results SET {change} WHERE nomination_id IS NULL"  # noqa: S608
        for change in (
            "recognised = FALSE, level = NULL",
            "level = 'district'",
            "counts_until = '2013-01-01'",
            "decision_number = 'x'",
            "decided_on = NULL",
        )
    ),
    "DELETE FROM results WHERE nomination_id IS NULL",
    *(
        f"UPDATE results SET {change} WHERE nomination_id IS NOT NULL"  # noqa: S608
        for change in ("year = 1999", "area_id = 1", "source = 'x'", "nomination_id = NULL")
    ),
)


def taken_over(session: Session, area: int) -> Result:
    row = Result(area_id=area, year=YEAR, recognised=True, level="commune", source="sổ cũ")
    session.add(row)
    session.flush()
    return row


def test_results_are_not_rewritten(session: Session, country: Country) -> None:
    nominated(session, country.areas[0], YEAR)
    row = taken_over(session, country.areas[1])
    filled = {"decision_number": "1/QĐ", "decided_on": date(YEAR, 11, 5)}
    session.execute(update(Result).where(Result.id == row.id).values(filled))
    connection = session.connection()
    at_once = AT_ONCE[connection.dialect.name].format(table="results")
    assert [*passed(connection, [*UNLAWFUL, at_once])] == []


def test_folding_anew_leaves_what_no_paper_told(session: Session, country: Country) -> None:
    own, known = country.areas[:2]
    row = taken_over(session, known)
    subjects = [
        nominated(session, own, YEAR),
        nominated(session, known, YEAR, counted=False),
    ]
    recount(session, subjects)
    assert session.scalars(select(Result.id)).all() == [row.id]
    issued(session, "commune_decision", country.commune, subjects[1])
    recount(session, subjects)
    session.refresh(row)
    assert (row.nomination_id, row.source) == (subjects[1], "sổ cũ")
    assert row.decision_number
    assert session.scalars(select(Result.id)).all() == [row.id]
