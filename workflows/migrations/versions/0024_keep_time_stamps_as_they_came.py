"""Keep time stamps as they came

What is known of a stamp decides when it is renewed: no row of it is changed or deleted.

Revision 0024, after 0023.
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TOLD = "a paper stays as it was drafted and issued"
SQLITE = {
    "paper_stamps_stay_as_written": "UPDATE ON paper_stamps",
    "paper_stamps_stay": "DELETE ON paper_stamps",
    "paper_stamps_only_grow": """INSERT ON paper_stamps
    WHEN EXISTS (SELECT 1 FROM paper_stamps WHERE version_id = NEW.version_id)""",
}
POSTGRESQL = {
    "paper_stamps_guard": "UPDATE OR DELETE ON paper_stamps\n    FOR EACH ROW",
    "paper_stamps_no_truncate": "TRUNCATE ON paper_stamps\n    FOR EACH STATEMENT",
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, act in SQLITE.items():
            op.execute(
                f"""
    CREATE TRIGGER {name} BEFORE {act}
    BEGIN SELECT RAISE(ABORT, '{TOLD}'); END
    """
            )
        return
    for name, act in POSTGRESQL.items():
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} EXECUTE FUNCTION papers_guard()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in SQLITE:
            op.execute(f"DROP TRIGGER {name}")
        return
    for name in POSTGRESQL:
        op.execute(f"DROP TRIGGER {name} ON paper_stamps")
