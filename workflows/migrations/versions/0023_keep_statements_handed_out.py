"""Keep statements handed out before their issue

A file that was prepared for a seal already says under the statement key that it was issued;
what was handed out and never became an issue is told to those who check without a network. A
seal under way at this moment is begun anew: of it nothing was kept.

Revision 0023, after 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLE = "handed_out"

SQLITE = (
    """
    CREATE TRIGGER handed_out_stay_as_written BEFORE UPDATE ON handed_out
    WHEN (NEW.id, NEW.code, NEW.paper_id, NEW.authority_id, NEW.year, NEW.number_text, NEW.begun_at)
      IS NOT (OLD.id, OLD.code, OLD.paper_id, OLD.authority_id, OLD.year, OLD.number_text,
        OLD.begun_at)
      OR (OLD.digest IS NOT NULL AND (NEW.digest, NEW.at, NEW.until)
      IS NOT (OLD.digest, OLD.at, OLD.until))
      OR (OLD.withdrawn_at IS NOT NULL AND (NEW.withdrawn_at)
      IS NOT (OLD.withdrawn_at))
      OR (OLD.issued_at IS NOT NULL AND (NEW.issued_at)
      IS NOT (OLD.issued_at))
    BEGIN SELECT RAISE(ABORT, 'what was handed out stays known'); END
    """,
    """
    CREATE TRIGGER handed_out_stay BEFORE DELETE ON handed_out
    BEGIN SELECT RAISE(ABORT, 'what was handed out stays known'); END
    """,
    """
    CREATE TRIGGER handed_out_only_grow BEFORE INSERT ON handed_out
    WHEN EXISTS (SELECT 1 FROM handed_out WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM handed_out WHERE code = NEW.code)
    BEGIN SELECT RAISE(ABORT, 'what was handed out stays known'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION handed_out_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'what was handed out stays known';
    END $$
    """,
    """
    CREATE TRIGGER handed_out_stay_as_written BEFORE UPDATE ON handed_out
    FOR EACH ROW
    WHEN ((NEW.id, NEW.code, NEW.paper_id, NEW.authority_id, NEW.year, NEW.number_text,
      NEW.begun_at)
      IS DISTINCT FROM (OLD.id, OLD.code, OLD.paper_id, OLD.authority_id, OLD.year,
        OLD.number_text, OLD.begun_at)
      OR (OLD.digest IS NOT NULL AND (NEW.digest, NEW.at, NEW.until)
      IS DISTINCT FROM (OLD.digest, OLD.at, OLD.until))
      OR (OLD.withdrawn_at IS NOT NULL AND (NEW.withdrawn_at)
      IS DISTINCT FROM (OLD.withdrawn_at))
      OR (OLD.issued_at IS NOT NULL AND (NEW.issued_at)
      IS DISTINCT FROM (OLD.issued_at))) EXECUTE FUNCTION handed_out_guard()
    """,
    """
    CREATE TRIGGER handed_out_stay BEFORE DELETE ON handed_out
    FOR EACH ROW EXECUTE FUNCTION handed_out_guard()
    """,
    """
    CREATE TRIGGER handed_out_no_truncate BEFORE TRUNCATE ON handed_out
    FOR EACH STATEMENT EXECUTE FUNCTION handed_out_guard()
    """,
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number_text", sa.String(length=40), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=True)
            for name in ("at", "until", "withdrawn_at", "issued_at")
        ),
        sa.CheckConstraint(
            "(digest IS NULL) = (at IS NULL) AND (digest IS NULL) = (until IS NULL)",
            name=op.f("ck_handed_out_handed_out_whole"),
        ),
        sa.CheckConstraint(
            "issued_at IS NULL OR (digest IS NOT NULL AND withdrawn_at IS NULL)",
            name=op.f("ck_handed_out_issued_as_handed_out"),
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_handed_out_paper_id_papers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handed_out")),
        sa.UniqueConstraint("code", name=op.f("uq_handed_out_code")),
    )
    op.create_index("ix_handed_out_digest", TABLE, ["digest"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table(TABLE)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION handed_out_guard()")
