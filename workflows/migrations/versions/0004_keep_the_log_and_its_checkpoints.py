"""Keep the log and its checkpoints

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


# The log and its checkpoints only grow.
SQLITE = (
    """
    CREATE TRIGGER log_leaves_follow BEFORE INSERT ON log_leaves
    WHEN NEW."index" <> (SELECT COALESCE(MAX("index") + 1, 0) FROM log_leaves)
      OR EXISTS (SELECT 1 FROM log_leaves WHERE version_id = NEW.version_id)
      OR EXISTS (SELECT 1 FROM log_leaves WHERE paper_id = NEW.paper_id AND act = NEW.act)
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END
    """,
    """
    CREATE TRIGGER checkpoints_follow BEFORE INSERT ON checkpoints
    WHEN NEW.size <= (SELECT COALESCE(MAX(size), 0) FROM checkpoints)
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END
    """,
    """
    CREATE TRIGGER log_leaves_stay_as_written BEFORE UPDATE ON log_leaves
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END
    """,
    """
    CREATE TRIGGER log_leaves_stay BEFORE DELETE ON log_leaves
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END
    """,
    """
    CREATE TRIGGER checkpoints_stay_as_written BEFORE UPDATE ON checkpoints
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END
    """,
    """
    CREATE TRIGGER checkpoints_stay BEFORE DELETE ON checkpoints
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END
    """,
)

POSTGRESQL = (
    """
    CREATE FUNCTION log_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the log only grows';
    END $$
    """,
    """
    CREATE FUNCTION log_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW."index" <> (SELECT COALESCE(MAX("index") + 1, 0) FROM log_leaves) THEN
        RAISE EXCEPTION 'the log only grows';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION checkpoints_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.size <= (SELECT COALESCE(MAX(size), 0) FROM checkpoints) THEN
        RAISE EXCEPTION 'the log only grows';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER log_leaves_follow BEFORE INSERT ON log_leaves
    FOR EACH ROW EXECUTE FUNCTION log_follow()
    """,
    """
    CREATE TRIGGER checkpoints_follow BEFORE INSERT ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION checkpoints_follow()
    """,
    """
    CREATE TRIGGER log_leaves_guard BEFORE UPDATE OR DELETE ON log_leaves
    FOR EACH ROW EXECUTE FUNCTION log_guard()
    """,
    """
    CREATE TRIGGER log_leaves_no_truncate BEFORE TRUNCATE ON log_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION log_guard()
    """,
    """
    CREATE TRIGGER checkpoints_guard BEFORE UPDATE OR DELETE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION log_guard()
    """,
    """
    CREATE TRIGGER checkpoints_no_truncate BEFORE TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION log_guard()
    """,
)

TRIGGERS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}

FUNCTIONS = ("log_guard", "log_follow", "checkpoints_follow")


def upgrade() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "log_leaves",
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.Integer(), nullable=True),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("nodes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_log_leaves_paper_id_papers")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["paper_versions.id"],
            name=op.f("fk_log_leaves_version_id_paper_versions"),
        ),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint("paper_id", "act", name=op.f("uq_log_leaves_paper_id_act")),
        sa.UniqueConstraint("version_id", name=op.f("uq_log_leaves_version_id")),
    )
    with op.batch_alter_table("log_leaves", schema=None) as batch_op:
        batch_op.create_index("ix_log_leaves_paper_id", ["paper_id"], unique=False)
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    _log_what_was_issued()


def _log_what_was_issued() -> None:
    """What was issued before there was a log is logged by the worker like anything new."""
    versions = sa.table("paper_versions", sa.column("id"), sa.column("stage"))
    outbox = sa.table(
        "outbox",
        sa.column("name", sa.String),
        sa.column("ids", sa.JSON),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("due_at", sa.DateTime(timezone=True)),
        sa.column("attempts", sa.Integer),
    )
    issued = sa.select(versions.c.id).where(versions.c.stage == "issued").order_by(versions.c.id)
    for id_ in op.get_bind().scalars(issued).all():
        op.execute(
            outbox.insert().values(
                name="log",
                ids={"version": id_},
                created_at=sa.func.current_timestamp(),
                due_at=sa.func.current_timestamp(),
                attempts=0,
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("log_leaves", schema=None) as batch_op:
        batch_op.drop_index("ix_log_leaves_paper_id")

    op.drop_table("log_leaves")
    op.drop_table("checkpoints")
    if op.get_bind().dialect.name == "postgresql":
        # The triggers went with their tables.
        for function in FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}()")
