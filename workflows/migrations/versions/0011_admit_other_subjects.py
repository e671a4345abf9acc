"""Admit other subjects

Schools, agencies and enterprises beside the places, with the category that decides whether
one may be nominated; and a cycle for each kind of unit.

Revision 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PLACES = "kind IN ('province', 'district', 'commune', 'area')"
ALL = "kind IN ('province', 'district', 'commune', 'area', 'school', 'agency', 'enterprise')"
SUBJECTS = "kind IN ('area', 'commune', 'school', 'agency', 'enterprise')"


def upgrade() -> None:
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("category", sa.String(length=20), nullable=False, server_default="")
        )
        batch_op.drop_constraint(op.f("ck_units_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_units_kind_known"), ALL)
    with op.batch_alter_table("cycles", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=10), nullable=False, server_default="area")
        )
        batch_op.drop_constraint(op.f("pk_cycles"), type_="primary")
        batch_op.create_primary_key(op.f("pk_cycles"), ["year", "title", "kind"])
        batch_op.create_check_constraint(op.f("ck_cycles_kind_known"), SUBJECTS)


def downgrade() -> None:
    op.execute("DELETE FROM cycles WHERE kind <> 'area'")
    with op.batch_alter_table("cycles", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_cycles_kind_known"), type_="check")
        batch_op.drop_constraint(op.f("pk_cycles"), type_="primary")
        batch_op.create_primary_key(op.f("pk_cycles"), ["year", "title"])
        batch_op.drop_column("kind")
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_units_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_units_kind_known"), PLACES)
        batch_op.drop_column("category")
