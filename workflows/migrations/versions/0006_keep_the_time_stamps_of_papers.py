"""Keep the time stamps of papers

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_stamps",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("algorithms", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_stamps_paper_id_papers")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["paper_versions.id"],
            name=op.f("fk_paper_stamps_version_id_paper_versions"),
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_paper_stamps")),
    )
    with op.batch_alter_table("paper_stamps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_stamps_paper_id"), ["paper_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("paper_stamps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_stamps_paper_id"))

    op.drop_table("paper_stamps")
