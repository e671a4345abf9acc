"""The database itself refuses that a record be changed or deleted, on both databases."""

from __future__ import annotations

from sqlalchemy import DDL, event

from engine.db import Base

TABLES = ("records", "record_measures")

SQLITE = tuple(
    f"""
    CREATE TRIGGER {table}_{rule} BEFORE {act} ON {table}
    BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END
    """
    for table in TABLES
    for rule, act in (("stay_as_written", "UPDATE"), ("stay", "DELETE"))
)
POSTGRESQL = (
    """
    CREATE FUNCTION records_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'a record is never changed';
    END $$
    """,
    *(
        f"""
    CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION records_guard()
    """
        for table in TABLES
    ),
)


def attach() -> None:
    """Creates the triggers whenever the tables are created from the metadata."""
    for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
        for statement in statements:
            ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(Base.metadata, "after_create", ddl)
