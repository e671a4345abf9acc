"""Numbers and papers stay as they were given and drafted: the database itself holds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from engine.kept import Guard, Kept, altered
from tests.engine.log import shelf

SUBJECT = """INSERT INTO subjects (id, kind, definition_id, definition_digest, state, version,
    entered_at) SELECT {id}, kind, definition_id, definition_digest, state, version, entered_at
    FROM subjects WHERE id = 1"""
DRAFT = """INSERT INTO papers (id, kind, authority_id, code, "values", values_digest,
    template_digest, drafted_at) SELECT {id}, kind, authority_id, 'code{id}', "values",
    values_digest, template_digest, drafted_at FROM papers WHERE id = 1"""
ANNOUNCED = """INSERT INTO handed_out (id, code, paper_id, authority_id, year, number_text,
    begun_at) VALUES ({id}, 'c{id}', 3, 1, 2026, '03/QD', '2026-11-05 00:00:00+00')"""
MADE = "UPDATE handed_out SET digest = 'd', at = begun_at, until = begun_at WHERE id = {id}"

ENTRY = """INSERT INTO register_entries (register_id, number, issued_on, void_reason)
    VALUES (7, {number}, '2026-11-05', 'spoiled')"""

LAWFUL = (
    "INSERT INTO registers (id, authority_id, series, year, last) VALUES (7, 1, 'd', 2026, 0)",
    ENTRY.format(number=1),
    "UPDATE registers SET last = last + 1 WHERE id = 7",
    ENTRY.format(number=2),
    "UPDATE registers SET last = last + 1 WHERE id = 7",
    *(made.format(id=number) for number in (2, 3) for made in (SUBJECT, DRAFT)),
    "UPDATE papers SET number = 2, number_text = '02/QD', issued_on = '2026-11-05' WHERE id = 2",
    "INSERT INTO subject_scopes (subject_id, scope, unit_id) VALUES (1, 'commune', 1)",
    "UPDATE subject_scopes SET unit_id = 2",
    "INSERT INTO links (paper_id, subject_id, position) VALUES (2, 1, 1)",
    "INSERT INTO paper_stamps (version_id, paper_id, stamped_at, until, authority, algorithms)"
    " SELECT id, paper_id, at, at, 'x', 'y' FROM paper_versions WHERE stage = 'issued'",
    *(ANNOUNCED.format(id=number) for number in (1, 2)),
    *(MADE.format(id=number) for number in (1, 2)),
    "INSERT INTO outbox (id, name, ids, created_at, due_at, attempts)"
    " SELECT 1, 'render', '{}', begun_at, begun_at, 0 FROM handed_out WHERE id = 1",
    "UPDATE outbox SET attempts = 1, last_error = 'x', done_at = created_at",
    "UPDATE handed_out SET withdrawn_at = begun_at WHERE id = 1",
    "UPDATE handed_out SET issued_at = begun_at WHERE id = 2",
)

UNLAWFUL = (
    "INSERT INTO registers (id, authority_id, series, year, last) VALUES (8, 1, 'd', 2027, 9)",
    "UPDATE registers SET last = last - 1",
    "UPDATE registers SET last = last + 1",
    *(ENTRY.format(number=number) for number in (0, 4, 99)),
    "UPDATE registers SET last = last + 2",
    "UPDATE registers SET year = 2027, last = last + 1",
    "UPDATE registers SET authority_id = 2, last = last + 1",
    "UPDATE registers SET series = 'e', last = last + 1",
    "DELETE FROM register_entries",
    *(
        f"UPDATE register_entries SET {change}"  # noqa: S608
        for change in ("number = 9", "issued_on = '2026-11-06'", "void_reason = NULL")
    ),
    *(
        f"UPDATE papers SET {change} WHERE id = 3"  # noqa: S608
        for change in (
            "kind = 'x'",
            "authority_id = 99",
            "code = 'x'",
            """ "values" = '{}' """,
            "values_digest = 'x'",
            "template_digest = 'x'",
            "drafted_at = '2026-01-01 00:00:00+00'",
        )
    ),
    *(
        f"UPDATE papers SET {change} WHERE id = 2"  # noqa: S608
        for change in ("number = 3", "number = NULL", "number_text = 'x'", "issued_on = NULL")
    ),
    "DELETE FROM papers WHERE id = 3",
    "UPDATE paper_versions SET sha256 = 'x'",
    "UPDATE paper_versions SET stage = 'x'",
    "DELETE FROM paper_versions",
    "UPDATE paper_stamps SET until = '2999-01-01 00:00:00+00'",
    "DELETE FROM paper_stamps",
    "UPDATE subject_scopes SET subject_id = 2",
    "UPDATE subject_scopes SET scope = 'x'",
    "DELETE FROM subject_scopes",
    "UPDATE links SET subject_id = 3",
    "UPDATE links SET position = 4",
    "DELETE FROM links",
    *(
        f"UPDATE handed_out SET {change}"  # noqa: S608
        for change in (
            "number_text = 'x'",
            "digest = 'x'",
            "until = '2027-01-01 00:00:00+00'",
            "withdrawn_at = NULL, issued_at = NULL",
        )
    ),
    "UPDATE handed_out SET withdrawn_at = NULL, issued_at = begun_at WHERE id = 1",
    "UPDATE handed_out SET withdrawn_at = begun_at, issued_at = NULL WHERE id = 2",
    "DELETE FROM handed_out",
    "DELETE FROM outbox",
    *(
        f"UPDATE outbox SET {change}"  # noqa: S608
        for change in ("id = 9", "name = 'x'", """ids = '{"x": 1}'""", "created_at = NULL")
    ),
    "INSERT INTO paper_versions (id, paper_id, stage, sha256, size, at)"
    " SELECT 77, paper_id, stage, 'x', size, at FROM paper_versions WHERE stage = 'issued'",
)

AT_ONCE = {
    "sqlite": "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    "postgresql": "TRUNCATE {table} CASCADE",
}
TOLD = (
    "a number is given once",
    "a paper stays as it was drafted and issued",
    "a result is not changed",
    "an act on a result is never changed",
    "where a subject belongs and what a paper lists stays",
    "what was handed out stays known",
    "what is to be done is not taken back",
    "what papers rest on stays",
    "ix_paper_versions_issued",
    "ck_results_counting_days_ordered",
    "uq_results_area_id_year_counts_from",
)
TABLES = (
    *("registers", "register_entries", "papers", "paper_versions", "paper_stamps"),
    *("subject_scopes", "links", "handed_out", "outbox"),
)


def passed(connection: Connection, statements: Iterable[str]) -> Iterator[str]:
    """Those that the database lets through; none of them stays done."""
    for statement in statements:
        held = connection.begin_nested()
        try:
            if connection.execute(text(statement)).rowcount:
                yield statement
        except DatabaseError as refused:
            if not any(told in str(refused) for told in TOLD):
                raise
        held.rollback()


def test_numbers_and_papers_stay_as_written(session: Session) -> None:
    shelf.put(session, 1)
    connection = session.connection()
    for statement in LAWFUL:
        assert connection.execute(text(statement)).rowcount == 1, statement
    at_once = [AT_ONCE[connection.dialect.name].format(table=table) for table in TABLES]
    assert [*passed(connection, [*UNLAWFUL, *at_once])] == []


def test_conditions_are_spelled_for_each_database() -> None:
    guard = Guard("g", "no", (Kept("t", changed=altered("a", "b::text"), keys=(("a", "b"),)),))
    told = {
        name: [" ".join(one.split()) for one in texts] for name, texts in guard.statements().items()
    }
    assert told["sqlite"] == [
        "CREATE TRIGGER t_stay_as_written BEFORE UPDATE ON t"
        " WHEN (NEW.a, NEW.b) IS NOT (OLD.a, OLD.b) BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE TRIGGER t_stay BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE TRIGGER t_only_grow BEFORE INSERT ON t"
        " WHEN EXISTS (SELECT 1 FROM t WHERE a = NEW.a AND b = NEW.b)"
        " BEGIN SELECT RAISE(ABORT, 'no'); END",
    ]
    assert told["postgresql"][1:] == [
        "CREATE TRIGGER t_stay_as_written BEFORE UPDATE ON t FOR EACH ROW"
        " WHEN ((NEW.a, NEW.b::text) IS DISTINCT FROM (OLD.a, OLD.b::text))"
        " EXECUTE FUNCTION g()",
        "CREATE TRIGGER t_stay BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION g()",
        "CREATE TRIGGER t_no_truncate BEFORE TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION g()",
    ]
