"""Keep what a nomination is about

Whose year a decision recognises is read from the nomination that it lists: no row is changed.

Revision 0029, after 0027.
"""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None

TOLD = "what a nomination is about is never changed"
SQLITE = {
    "nominations_stay_as_written": "UPDATE ON nominations",
    "nominations_stay": "DELETE ON nominations",
    "nominations_only_grow": """INSERT ON nominations
    WHEN EXISTS (SELECT 1 FROM nominations WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM nominations WHERE area_id = NEW.area_id AND year = NEW.year"""
    """ AND title = NEW.title)""",
}
POSTGRESQL = (
    f"""
    CREATE FUNCTION nominations_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '{TOLD}';
    END $$
    """,
    """
    CREATE TRIGGER nominations_guard BEFORE UPDATE OR DELETE ON nominations
    FOR EACH ROW EXECUTE FUNCTION nominations_guard()
    """,
    """
    CREATE TRIGGER nominations_no_truncate BEFORE TRUNCATE ON nominations
    FOR EACH STATEMENT EXECUTE FUNCTION nominations_guard()
    """,
)


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
    for statement in POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in SQLITE:
            op.execute(f"DROP TRIGGER {name}")
        return
    op.execute("DROP FUNCTION nominations_guard() CASCADE")
