"""Keep evidence about time stamps early

What time authorities' own authorities say is kept while they answer, for a renewal that may
come when they do not any more.

Revision 0019, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stamp_evidence",
        sa.Column("certificate", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("learnt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chain", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("certificate", name=op.f("pk_stamp_evidence")),
    )


def downgrade() -> None:
    op.drop_table("stamp_evidence")
