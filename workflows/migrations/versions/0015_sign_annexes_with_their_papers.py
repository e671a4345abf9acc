"""Sign annexes with their papers

A session keeps what was prepared of the annex that is signed in the same step.

Revision 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("signing_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("annex", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("signing_sessions", schema=None) as batch_op:
        batch_op.drop_column("annex")
