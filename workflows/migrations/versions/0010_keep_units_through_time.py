"""Keep units through time

Revision 0010, after 0009. Every unit gets one span: what it is now, since its first day.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ACT_KINDS = "'create', 'merge', 'split', 'rename', 'move', 'recode', 'end', 'load'"


def upgrade() -> None:
    op.create_table(
        "unit_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("issuer", sa.String(length=160), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.CheckConstraint(f"kind IN ({ACT_KINDS})", name=op.f("ck_unit_acts_kind_known")),
        sa.CheckConstraint(
            "confidence IN ('text', 'secondary', 'assumed')",
            name=op.f("ck_unit_acts_confidence_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_acts")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_unit_acts_fingerprint")),
    )
    op.create_table(
        "unit_spans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("act_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_unit_spans_dates_ordered")
        ),
        sa.ForeignKeyConstraint(
            ["act_id"], ["unit_acts.id"], name=op.f("fk_unit_spans_act_id_unit_acts")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["units.id"],
            name=op.f("fk_unit_spans_parent_id_units"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_unit_spans_unit_id_units"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_spans")),
        sa.UniqueConstraint(
            "kind", "code", "starts_on", name=op.f("uq_unit_spans_kind_code_starts_on")
        ),
        sa.UniqueConstraint("unit_id", "starts_on", name=op.f("uq_unit_spans_unit_id_starts_on")),
    )
    op.create_index("ix_unit_spans_code", "unit_spans", ["code"], unique=False)
    op.create_index("ix_unit_spans_parent_id", "unit_spans", ["parent_id"], unique=False)
    op.create_table(
        "unit_lineage",
        sa.Column("predecessor_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("act_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('merge', 'split', 'replace')", name=op.f("ck_unit_lineage_kind_known")
        ),
        sa.CheckConstraint(
            "predecessor_id <> successor_id", name=op.f("ck_unit_lineage_not_itself")
        ),
        sa.ForeignKeyConstraint(
            ["act_id"], ["unit_acts.id"], name=op.f("fk_unit_lineage_act_id_unit_acts")
        ),
        sa.ForeignKeyConstraint(
            ["predecessor_id"],
            ["units.id"],
            name=op.f("fk_unit_lineage_predecessor_id_units"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"],
            ["units.id"],
            name=op.f("fk_unit_lineage_successor_id_units"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint(
            "predecessor_id", "successor_id", "effective_on", name=op.f("pk_unit_lineage")
        ),
    )
    op.create_index("ix_unit_lineage_successor_id", "unit_lineage", ["successor_id"], unique=False)
    op.execute(
        "INSERT INTO unit_spans"
        " (unit_id, starts_on, ends_on, name, form, code, kind, parent_id)"
        " SELECT id, starts_on, ends_on, name, form, code, kind, parent_id FROM units"
    )
    # A code that is given again makes two units with one first day and one latest code.
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_units_kind_code_starts_on"), type_="unique")
        batch_op.create_index("ix_units_code", ["code"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.drop_index("ix_units_code")
        batch_op.create_unique_constraint(
            op.f("uq_units_kind_code_starts_on"), ["kind", "code", "starts_on"]
        )
    op.drop_table("unit_lineage")
    op.drop_table("unit_spans")
    op.drop_table("unit_acts")
