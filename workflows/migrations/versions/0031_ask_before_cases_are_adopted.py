"""Ask before cases are adopted

Who asked that live cases come under a newer definition, so that another person brings them
there. What was asked is never changed.

Revision 0031, after 0030.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLE = "adoption_requests"

SQLITE = (
    """
    CREATE TRIGGER adoption_requests_stay_as_written BEFORE UPDATE ON adoption_requests
    BEGIN SELECT RAISE(ABORT, 'what somebody asked for stays'); END
    """,
    """
    CREATE TRIGGER adoption_requests_stay BEFORE DELETE ON adoption_requests
    BEGIN SELECT RAISE(ABORT, 'what somebody asked for stays'); END
    """,
    """
    CREATE TRIGGER adoption_requests_only_grow BEFORE INSERT ON adoption_requests
    WHEN EXISTS (SELECT 1 FROM adoption_requests WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what somebody asked for stays'); END
    """,
)

POSTGRESQL = (
    """
    CREATE FUNCTION adoption_requests_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'what somebody asked for stays';
    END $$
    """,
    """
    CREATE TRIGGER adoption_requests_guard BEFORE UPDATE OR DELETE ON adoption_requests
    FOR EACH ROW EXECUTE FUNCTION adoption_requests_guard()
    """,
    """
    CREATE TRIGGER adoption_requests_no_truncate BEFORE TRUNCATE ON adoption_requests
    FOR EACH STATEMENT EXECUTE FUNCTION adoption_requests_guard()
    """,
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_digest", sa.String(length=64), nullable=False),
        sa.Column("to_digest", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["people.id"],
            name=op.f("fk_adoption_requests_asked_by_people"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adoption_requests")),
    )
    op.create_index(op.f("ix_adoption_requests_from_digest"), TABLE, ["from_digest"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table(TABLE)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION adoption_requests_guard()")
