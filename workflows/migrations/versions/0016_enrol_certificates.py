"""Enrol certificates

Revision 0016, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLE = "certificate_enrolments"
PEOPLE = ("person_id", "entered_by", "confirmed_by", "ended_by")
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("issuer", sa.String(length=1000), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=1000), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (unit_id IS NULL)", name=op.f(f"ck_{TABLE}_one_holder")
        ),
        sa.CheckConstraint("confirmed_by <> entered_by", name=op.f(f"ck_{TABLE}_two_people")),
        sa.CheckConstraint("confirmed_by <> person_id", name=op.f(f"ck_{TABLE}_not_ones_own")),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)",
            name=op.f(f"ck_{TABLE}_confirmed_whole"),
        ),
        sa.CheckConstraint(
            "(ended_by IS NULL) = (ended_at IS NULL) AND (ended_at IS NULL) = (reason = '')",
            name=op.f(f"ck_{TABLE}_ended_whole"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["people.id"],
                name=op.f(f"fk_{TABLE}_{column}_people"),
                ondelete="RESTRICT",
            )
            for column in PEOPLE
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f(f"fk_{TABLE}_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.create_index(
            f"uq_{TABLE}_open",
            ["fingerprint"],
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        )


def downgrade() -> None:
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.drop_index(f"uq_{TABLE}_open")
    op.drop_table(TABLE)
