"""Date the category of a unit

Revision 0020, after 0017. What is known of a unit's category counts for all its days so far.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("unit_spans", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("category", sa.String(length=20), nullable=False, server_default="")
        )
    op.execute(
        "UPDATE unit_spans SET category = (SELECT category FROM units"
        " WHERE units.id = unit_spans.unit_id)"
        " WHERE unit_id IN (SELECT id FROM units WHERE category <> '')"
    )


def downgrade() -> None:
    with op.batch_alter_table("unit_spans", schema=None) as batch_op:
        batch_op.drop_column("category")
