"""Keep records from being replaced

A record and its figures are corrected by another record. SQLite puts a row in the place of
another without asking the triggers that keep rows from being changed or deleted, and PostgreSQL
empties a table without asking them.

Revision 0033, after 0031.
"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0031"
branch_labels = None
depends_on = None

EMPTIED = {"records": "records", "record_measures": "records", "result_acts": "result_acts"}
"""Tables that PostgreSQL let be emptied at once, and whose guard now refuses it."""

UP = (
    """
    CREATE TRIGGER records_only_grow BEFORE INSERT ON records
    WHEN EXISTS (SELECT 1 FROM records WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM records WHERE supersedes_id = NEW.supersedes_id)
    BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END
    """,
    """
    CREATE TRIGGER record_measures_only_grow BEFORE INSERT ON record_measures
    WHEN EXISTS (SELECT 1 FROM record_measures
      WHERE record_id = NEW.record_id AND measure = NEW.measure)
    BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END
    """,
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in UP:
            op.execute(statement)
        return
    for table, guard in EMPTIED.items():
        op.execute(f"""
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION {guard}_guard()
    """)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER record_measures_only_grow")
        op.execute("DROP TRIGGER records_only_grow")
        return
    for table in EMPTIED:
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
