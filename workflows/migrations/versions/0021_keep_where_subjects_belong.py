"""Keep where subjects belong and what papers list

Revision 0021, after 0020.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SQLITE = (
    """
    CREATE TRIGGER subject_scopes_stay_as_written BEFORE UPDATE ON subject_scopes
    WHEN (NEW.subject_id, NEW.scope)
      IS NOT (OLD.subject_id, OLD.scope)
    BEGIN SELECT RAISE(ABORT, 'where a subject belongs and what a paper lists stays'); END
    """,
    """
    CREATE TRIGGER subject_scopes_stay BEFORE DELETE ON subject_scopes
    BEGIN SELECT RAISE(ABORT, 'where a subject belongs and what a paper lists stays'); END
    """,
    """
    CREATE TRIGGER subject_scopes_only_grow BEFORE INSERT ON subject_scopes
    WHEN EXISTS (SELECT 1 FROM subject_scopes WHERE subject_id = NEW.subject_id AND scope =
        NEW.scope)
    BEGIN SELECT RAISE(ABORT, 'where a subject belongs and what a paper lists stays'); END
    """,
    """
    CREATE TRIGGER links_stay_as_written BEFORE UPDATE ON links
    BEGIN SELECT RAISE(ABORT, 'where a subject belongs and what a paper lists stays'); END
    """,
    """
    CREATE TRIGGER links_stay BEFORE DELETE ON links
    BEGIN SELECT RAISE(ABORT, 'where a subject belongs and what a paper lists stays'); END
    """,
    """
    CREATE TRIGGER links_only_grow BEFORE INSERT ON links
    WHEN EXISTS (SELECT 1 FROM links WHERE paper_id = NEW.paper_id AND subject_id = NEW.subject_id)
    BEGIN SELECT RAISE(ABORT, 'where a subject belongs and what a paper lists stays'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION belonging_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'where a subject belongs and what a paper lists stays';
    END $$
    """,
    """
    CREATE TRIGGER subject_scopes_stay_as_written BEFORE UPDATE ON subject_scopes
    FOR EACH ROW
    WHEN ((NEW.subject_id, NEW.scope)
      IS DISTINCT FROM (OLD.subject_id, OLD.scope)) EXECUTE FUNCTION belonging_guard()
    """,
    """
    CREATE TRIGGER subject_scopes_stay BEFORE DELETE ON subject_scopes
    FOR EACH ROW EXECUTE FUNCTION belonging_guard()
    """,
    """
    CREATE TRIGGER subject_scopes_no_truncate BEFORE TRUNCATE ON subject_scopes
    FOR EACH STATEMENT EXECUTE FUNCTION belonging_guard()
    """,
    """
    CREATE TRIGGER links_guard BEFORE UPDATE OR DELETE ON links
    FOR EACH ROW EXECUTE FUNCTION belonging_guard()
    """,
    """
    CREATE TRIGGER links_no_truncate BEFORE TRUNCATE ON links
    FOR EACH STATEMENT EXECUTE FUNCTION belonging_guard()
    """,
)
TRIGGERS = {
    "sqlite": (
        ("subject_scopes_stay_as_written", "subject_scopes"),
        ("subject_scopes_stay", "subject_scopes"),
        ("subject_scopes_only_grow", "subject_scopes"),
        ("links_stay_as_written", "links"),
        ("links_stay", "links"),
        ("links_only_grow", "links"),
    ),
    "postgresql": (
        ("subject_scopes_stay_as_written", "subject_scopes"),
        ("subject_scopes_stay", "subject_scopes"),
        ("subject_scopes_no_truncate", "subject_scopes"),
        ("links_guard", "links"),
        ("links_no_truncate", "links"),
    ),
}


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for name, table in TRIGGERS[dialect]:
        op.execute(f"DROP TRIGGER {name}" + ("" if dialect == "sqlite" else f" ON {table}"))
    if dialect == "postgresql":
        op.execute("DROP FUNCTION belonging_guard()")
