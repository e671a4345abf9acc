"""The history: chained, complete, and closed to every hand, the database's own included."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from engine.commands import perform
from engine.history import canonical, kept_data, told_in, verify
from engine.move import Command, Opening
from tests.engine import procedure
from tests.unguarded import unguard


@pytest.fixture
def lived(session: Session) -> Session:
    """Two subjects with three moves and one."""
    house = procedure.house()
    for count in (2, 4):
        subject = perform(
            session, house, Opening(1, "request", "begin", {"place": procedure.PLACE})
        ).subject_id
        perform(session, house, Command(1, subject, "ask", 1, {"count": count}))
    perform(session, house, Command(2, 1, "send_back", 2, {"reason": "because"}))
    session.close()
    return session


FORBIDDEN = [
    "UPDATE history SET action = 'review' WHERE subject_id = 1",
    "DELETE FROM history WHERE subject_id = 1",
    "UPDATE subjects SET state = 'granted' WHERE id = 1",
    "UPDATE subjects SET state = 'granted', version = version + 1 WHERE id = 1",
    "UPDATE subjects SET version = version + 1 WHERE id = 1",
    "UPDATE subjects SET definition_digest = 'another' WHERE id = 1",
    "UPDATE subjects SET definition_id = 'another' WHERE id = 1",
    "UPDATE subjects SET kind = 'paper' WHERE id = 1",
    "UPDATE subjects SET id = 42 WHERE id = 1",
    "UPDATE subjects SET due_at = '2999-01-01 00:00:00+00' WHERE id = 1",
    "UPDATE subjects SET entered_at = '2999-01-01 00:00:00+00' WHERE id = 1",
    "UPDATE waiting SET due_at = NULL WHERE subject_id = 1",
    "UPDATE waiting SET since = '2999-01-01 00:00:00+00' WHERE subject_id = 1",
    "INSERT INTO waiting (subject_id, role, unit_id, due_at, since)"
    " VALUES (1, 'x', 1, NULL, '2026-01-01 00:00:00+00')",
    "DELETE FROM subjects WHERE id = 1",
    "INSERT INTO subjects (kind, definition_id, definition_digest, state, version, entered_at)"
    " VALUES ('nomination', 'request', 'x', 'granted', 1, '2026-01-01')",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_refuses_to_rewrite(lived: Session, engine: Engine, statement: str) -> None:
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.execute(text(statement))
    assert verify(lived) == []


REPLACING = {
    "sqlite": "INSERT OR REPLACE INTO",
    "postgresql": "INSERT INTO",
}


@pytest.mark.parametrize("table", ["history", "subjects"])
def test_no_row_can_be_replaced_by_another(lived: Session, engine: Engine, table: str) -> None:
    statement = f"{REPLACING[engine.dialect.name]} {table} SELECT * FROM {table} WHERE id = 1"  # noqa: S608
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.execute(text(statement))
    assert verify(lived) == []


def test_a_subject_cannot_take_another_id_even_without_foreign_keys(
    lived: Session, engine: Engine
) -> None:
    replacing = " OR REPLACE" if engine.dialect.name == "sqlite" else ""
    with engine.connect() as connection:
        _free_keys(connection)
        for id_ in (2, 42):
            with pytest.raises(DatabaseError):
                connection.execute(text(f"UPDATE{replacing} subjects SET id = {id_} WHERE id = 1"))
            connection.rollback()
        connection.invalidate()
    assert verify(lived) == []


def _free_keys(connection: Connection) -> None:
    """Lets SQLite forget the foreign keys on this connection: before a transaction only."""
    if connection.dialect.name == "sqlite":
        raw = connection.connection.dbapi_connection
        assert raw
        raw.execute("PRAGMA foreign_keys = OFF")
        assert raw.execute("PRAGMA foreign_keys").fetchone() == (0,)


MOVED = """
    INSERT INTO history (subject_id, version, at, action, from_state, to_state, data,
        definition_id, definition_digest, form, previous_hash, hash)
    SELECT id, version + 1, '2026-01-01 00:00:00', 'x', state, 'granted', '{}',
        :id, :digest, 1, '', '' FROM subjects WHERE id = 1
"""


@pytest.mark.parametrize(
    ("told", "kept", "good"),
    [("new", "new", True), ("told", "evil", False), ("other", None, False)],
)
def test_a_subject_takes_the_definition_of_its_history_row_only(
    lived: Session, engine: Engine, told: str, kept: str | None, good: bool
) -> None:
    definition = "another" if kept is None else "request"
    move = text(
        "UPDATE subjects SET state = 'granted', version = version + 1,"
        " definition_digest = COALESCE(:kept, definition_digest) WHERE id = 1"
    )
    with engine.connect() as connection:
        connection.execute(text(MOVED), {"id": definition, "digest": told})
        if good:
            connection.execute(move, {"kept": kept})
        else:
            with pytest.raises(DatabaseError):
                connection.execute(move, {"kept": kept})
        connection.rollback()


def test_a_whole_history_has_no_break(lived: Session) -> None:
    assert verify(lived) == []


Tamper = Callable[[Connection], None]


def _run(*statements: str) -> Tamper:
    def tamper(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    return tamper


@pytest.mark.parametrize(
    ("tamper", "codes"),
    [
        (_run("UPDATE history SET person_id = 9 WHERE subject_id = 1 AND version = 2"), {"hash"}),
        (
            _run("DELETE FROM history WHERE subject_id = 1 AND version = 2"),
            {"gap", "chain", "jump"},
        ),
        (_run("DELETE FROM history WHERE subject_id = 1 AND version = 3"), {"state"}),
        (_run("DELETE FROM history WHERE subject_id = 2"), {"no_history"}),
        (_run("UPDATE subjects SET state = 'granted' WHERE id = 2"), {"state"}),
        (
            _run("UPDATE history SET at = '2020-01-01 00:00:00' WHERE subject_id = 2"),
            {"hash"},
        ),
        (_run("DELETE FROM subjects WHERE id = 2"), {"no_subject"}),
        (_run("UPDATE subjects SET definition_id = 'x' WHERE id = 2"), {"definition"}),
        (_run("UPDATE subjects SET definition_digest = 'x' WHERE id = 2"), {"definition"}),
        (_run("UPDATE subjects SET entered_at = '2020-01-01 00:00:00+00'"), {"since"}),
        (_run("UPDATE subject_scopes SET unit_id = 9 WHERE subject_id = 2"), {"scopes"}),
        (_run("INSERT INTO links (paper_id, subject_id, position) VALUES (1, 2, 1)"), {"links"}),
    ],
    ids=[
        *("edit", "middle", "tail", "all", "state", "time", "gone", "definition", "digest"),
        *("since", "unit", "list"),
    ],
)
def test_a_rewritten_history_is_found_even_without_the_triggers(
    lived: Session, engine: Engine, tamper: Tamper, codes: set[str]
) -> None:
    with engine.connect() as connection:
        _free_keys(connection)
        unguard(connection, "history", "subjects")
        tamper(connection)
        connection.commit()
        connection.invalidate()
    assert {found.code for found in verify(lived)} == codes


def test_one_canonical_form() -> None:
    assert canonical({"b": 1, "a": {"ế": [True, None]}}) == '{"a":{"ế":[true,null]},"b":1}'.encode()
    with pytest.raises(TypeError):
        canonical({"a": object()})


def test_what_an_effect_puts_over_an_input_does_not_hide_it() -> None:
    kept = kept_data({"count": 2, "note": None}, {"count": 3, "more": 1})
    assert (kept["count"], kept["more"]) == (3, 1)
    assert told_in(kept)["count"] == 2
    assert kept_data({"count": 2}, {"count": 2}) == {"count": 2}
