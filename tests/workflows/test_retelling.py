"""Numbers and results are told again from the papers; each row rewritten is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.databases import Databases, opened
from tests.unguarded import unguard
from tests.workflows.amending import amend, certify, decided
from tests.workflows.staging import Stage, stage
from tests.workflows.test_amendments_properties import reopen
from workflows import retelling

RESULTS = (
    "UPDATE results SET recognised = FALSE, level = NULL",
    "UPDATE results SET level = 'province' WHERE recognised",
    "UPDATE results SET decision_number = '1/QĐ-UBND'",
    "UPDATE results SET counts_from = '2011-01-01' WHERE recognised",
    "UPDATE results SET counts_until = '2999-01-01' WHERE recognised",
    "DELETE FROM results WHERE recognised",
)
NUMBERS = (
    "UPDATE papers SET number_text = '9/QĐ-UBND' WHERE number = 1",
    "UPDATE papers SET issued_on = '2001-01-01' WHERE number = 1",
)
REGISTERS = (
    "UPDATE register_entries SET number = number + 7",
    "UPDATE register_entries SET issued_on = '2001-01-01'",
    "UPDATE registers SET year = 2001",
    "UPDATE registers SET authority_id = authority_id + 7",
    "UPDATE registers SET last = last + 1",
    "DELETE FROM register_entries",
)
ABOUTS = (
    "UPDATE nominations SET area_id = area_id + 1 WHERE id = (SELECT max(id) FROM nominations)",
    "UPDATE nominations SET year = year + 1",
    "UPDATE nominations SET title = 'culture'",
)
DETAILED = ("about", "number", "register", "result")
TAMPERINGS = (
    *((statement, "about") for statement in ABOUTS),
    *((statement, "result") for statement in RESULTS),
    *((statement, "number") for statement in NUMBERS),
    *((statement, "register") for statement in REGISTERS),
)


def build(engine: Engine) -> None:
    """Two areas recognised and certified; one commune decision is revoked from a later day."""
    with Session(engine) as session:
        play = stage(session)
        paper, subjects = decided(play)
        certify(play, subjects[:1])
        ends = play.today.replace(year=play.today.year + 1)
        amend(play, "revocation", paper, effect_on=ends.isoformat())


@pytest.fixture(scope="module")
def lived(databases: Databases) -> Iterator[Session]:
    """One database for all: what each test changes is rolled back."""
    url = databases.copy("sqlite", build)
    with opened(url) as engine, Session(engine) as session:
        with engine.begin() as connection:
            unguard(connection, "nominations", "results", "papers", "registers", "register_entries")
        yield session
    databases.drop(url)


@pytest.mark.parametrize(("statement", "code"), TAMPERINGS)
def test_a_rewritten_number_or_result_is_named(lived: Session, statement: str, code: str) -> None:
    play: Stage = reopen(lived)
    with play.now():
        assert retelling.verify(lived, play.house) == []
        lived.execute(text(statement))
        found = retelling.verify(lived, play.house)
        lived.rollback()
    assert code in {one.code for one in found}
    assert all(one.detail for one in found if one.code in DETAILED)


def test_a_nomination_that_is_gone_is_named(lived: Session) -> None:
    play = reopen(lived)
    for table in ("results", "nominations"):
        lived.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names of ours
    with play.now():
        found = {one.subject_id for one in retelling.abouts(lived)}
    lived.rollback()
    assert len(found) == 2


@pytest.mark.parametrize(
    "statement", [*ABOUTS, "UPDATE nominations SET id = id + 700", "DELETE FROM nominations"]
)
def test_the_database_keeps_what_a_nomination_is_about(session: Session, statement: str) -> None:
    stage(session).to_submitted()
    with pytest.raises(DBAPIError, match="what a nomination is about is never changed"):
        session.execute(text(statement))
    session.rollback()
