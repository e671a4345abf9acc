"""Keep quoted figures and counting days

A result counts from a day until a day; what an old paper quotes is kept as it stands there.

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEX = "ix_results_area_id_recognised_year"


def upgrade() -> None:
    op.drop_index(INDEX, table_name="results")
    with op.batch_alter_table("results") as batch:
        # Rows from before count ever since.
        batch.add_column(
            sa.Column("counts_from", sa.Date(), nullable=False, server_default="0001-01-01")
        )
        batch.add_column(sa.Column("counts_until", sa.Date(), nullable=True))
        batch.drop_constraint(op.f("uq_results_area_id_year"), type_="unique")
    with op.batch_alter_table("results") as batch:
        batch.alter_column("counts_from", server_default=None)
        batch.create_check_constraint(
            op.f("ck_results_counting_days_ordered"),
            "counts_until IS NULL OR counts_from < counts_until",
        )
        batch.create_unique_constraint(
            op.f("uq_results_area_id_year_counts_from"), ["area_id", "year", "counts_from"]
        )
    op.create_index(
        INDEX,
        "results",
        ["area_id", "recognised", "year", "counts_from", "counts_until"],
        unique=False,
    )
    op.create_table(
        "quoted_figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("quoted", sa.String(length=20), nullable=False),
        sa.Column("denominator", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.CheckConstraint("what IN ('percent')", name=op.f("ck_quoted_figures_what_known")),
        sa.CheckConstraint("denominator > 0", name=op.f("ck_quoted_figures_denominator_counts")),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["units.id"],
            name=op.f("fk_quoted_figures_unit_id_units"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quoted_figures")),
        sa.UniqueConstraint(
            "unit_id", "year", "what", name=op.f("uq_quoted_figures_unit_id_year_what")
        ),
    )


def downgrade() -> None:
    op.drop_table("quoted_figures")
    op.execute("DELETE FROM results WHERE counts_from <> '0001-01-01'")
    op.drop_index(INDEX, table_name="results")
    with op.batch_alter_table("results") as batch:
        batch.drop_constraint(op.f("uq_results_area_id_year_counts_from"), type_="unique")
        batch.drop_constraint(op.f("ck_results_counting_days_ordered"), type_="check")
        batch.drop_column("counts_until")
        batch.drop_column("counts_from")
        batch.create_unique_constraint(op.f("uq_results_area_id_year"), ["area_id", "year"])
    op.create_index(INDEX, "results", ["area_id", "recognised", "year"], unique=False)
