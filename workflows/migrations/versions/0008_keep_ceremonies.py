"""Keep ceremonies

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ceremonies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("halt", sa.String(length=40), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("action IN ('sign', 'issue')", name=op.f("ck_ceremonies_action_known")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_ceremonies_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremonies")),
        sa.UniqueConstraint("code", name=op.f("uq_ceremonies_code")),
        sa.UniqueConstraint("person_id", "key", name=op.f("uq_ceremonies_person_id_key")),
    )
    with op.batch_alter_table("ceremonies", schema=None) as batch_op:
        batch_op.create_index("ix_ceremonies_open", ["person_id", "ended_at"], unique=False)
    op.create_table(
        "ceremony_papers",
        sa.Column("ceremony_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("refusals", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'done', 'failed', 'left_out')",
            name=op.f("ck_ceremony_papers_outcome_known"),
        ),
        sa.ForeignKeyConstraint(
            ["ceremony_id"],
            ["ceremonies.id"],
            name=op.f("fk_ceremony_papers_ceremony_id_ceremonies"),
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_ceremony_papers_paper_id_papers")
        ),
        sa.PrimaryKeyConstraint("ceremony_id", "paper_id", name=op.f("pk_ceremony_papers")),
        sa.UniqueConstraint(
            "ceremony_id", "position", name=op.f("uq_ceremony_papers_ceremony_id_position")
        ),
    )
    with op.batch_alter_table("ceremony_papers", schema=None) as batch_op:
        batch_op.create_index("ix_ceremony_papers_paper_id", ["paper_id"], unique=False)
    with op.batch_alter_table("signing_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ceremony_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_signing_sessions_ceremony_id_ceremonies"),
            "ceremonies",
            ["ceremony_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("signing_sessions", schema=None) as batch_op:
        batch_op.drop_constraint(
            op.f("fk_signing_sessions_ceremony_id_ceremonies"), type_="foreignkey"
        )
        batch_op.drop_column("ceremony_id")

    with op.batch_alter_table("ceremony_papers", schema=None) as batch_op:
        batch_op.drop_index("ix_ceremony_papers_paper_id")

    op.drop_table("ceremony_papers")
    with op.batch_alter_table("ceremonies", schema=None) as batch_op:
        batch_op.drop_index("ix_ceremonies_open")

    op.drop_table("ceremonies")
