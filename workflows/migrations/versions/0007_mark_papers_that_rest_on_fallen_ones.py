"""Mark papers that rest on fallen ones

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resting_papers",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("fallen_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["fallen_id"], ["papers.id"], name=op.f("fk_resting_papers_fallen_id_papers")
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_resting_papers_paper_id_papers")
        ),
        sa.PrimaryKeyConstraint("paper_id", "fallen_id", name=op.f("pk_resting_papers")),
    )


def downgrade() -> None:
    op.drop_table("resting_papers")
