"""Keep what became of results taken over

A result that was taken over from elsewhere can be revoked or corrected by an act of somebody:
the act ends the days on which the row counts, and writes a row of its own.

Revision 0027, after 0024.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0024"
branch_labels = None
depends_on = None

ACTS, RESTING, RESULTS = "result_acts", "resting_on_acts", "results"

ACTS_KEPT = {
    "sqlite": (
        """
    CREATE TRIGGER result_acts_stay_as_written BEFORE UPDATE ON result_acts
    BEGIN SELECT RAISE(ABORT, 'an act on a result is never changed'); END
    """,
        """
    CREATE TRIGGER result_acts_stay BEFORE DELETE ON result_acts
    BEGIN SELECT RAISE(ABORT, 'an act on a result is never changed'); END
    """,
        """
    CREATE TRIGGER result_acts_only_grow BEFORE INSERT ON result_acts
    WHEN EXISTS (SELECT 1 FROM result_acts WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'an act on a result is never changed'); END
    """,
    ),
    "postgresql": (
        """
    CREATE FUNCTION result_acts_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'an act on a result is never changed';
    END $$
    """,
        """
    CREATE TRIGGER result_acts_guard BEFORE UPDATE OR DELETE ON result_acts
    FOR EACH ROW EXECUTE FUNCTION result_acts_guard()
    """,
    ),
}
RESULTS_KEPT = {
    "sqlite": (
        """
    CREATE TRIGGER results_stay_as_written BEFORE UPDATE ON results
    WHEN (NEW.id, NEW.area_id, NEW.year, NEW.source, NEW.made_by_id)
      IS NOT (OLD.id, OLD.area_id, OLD.year, OLD.source, OLD.made_by_id)
      OR OLD.nomination_id IS NOT NULL AND NEW.nomination_id IS NULL
      OR NEW.nomination_id IS NULL AND ((NEW.recognised, NEW.level, NEW.counts_from)
      IS NOT (OLD.recognised, OLD.level, OLD.counts_from)
      OR (NEW.counts_until, NEW.ended_by_id)
      IS NOT (OLD.counts_until, OLD.ended_by_id)
      AND (OLD.counts_until IS NOT NULL OR NEW.counts_until IS NULL OR NEW.ended_by_id IS NULL)
      OR OLD.decision_number IS NOT NULL AND (NEW.decision_number)
      IS NOT (OLD.decision_number)
      OR OLD.decided_on IS NOT NULL AND (NEW.decided_on)
      IS NOT (OLD.decided_on))
    BEGIN SELECT RAISE(ABORT, 'a result is not changed'); END
    """,
        """
    CREATE TRIGGER results_stay BEFORE DELETE ON results
    WHEN OLD.nomination_id IS NULL
    BEGIN SELECT RAISE(ABORT, 'a result is not changed'); END
    """,
        """
    CREATE TRIGGER results_only_grow BEFORE INSERT ON results
    WHEN EXISTS (SELECT 1 FROM results WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM results WHERE area_id = NEW.area_id AND year = NEW.year AND
        counts_from = NEW.counts_from)
    BEGIN SELECT RAISE(ABORT, 'a result is not changed'); END
    """,
    ),
    "postgresql": (
        """
    CREATE TRIGGER results_stay_as_written BEFORE UPDATE ON results
    FOR EACH ROW
    WHEN ((NEW.id, NEW.area_id, NEW.year, NEW.source, NEW.made_by_id)
      IS DISTINCT FROM (OLD.id, OLD.area_id, OLD.year, OLD.source, OLD.made_by_id)
      OR OLD.nomination_id IS NOT NULL AND NEW.nomination_id IS NULL
      OR NEW.nomination_id IS NULL AND ((NEW.recognised, NEW.level, NEW.counts_from)
      IS DISTINCT FROM (OLD.recognised, OLD.level, OLD.counts_from)
      OR (NEW.counts_until, NEW.ended_by_id)
      IS DISTINCT FROM (OLD.counts_until, OLD.ended_by_id)
      AND (OLD.counts_until IS NOT NULL OR NEW.counts_until IS NULL OR NEW.ended_by_id IS NULL)
      OR OLD.decision_number IS NOT NULL AND (NEW.decision_number)
      IS DISTINCT FROM (OLD.decision_number)
      OR OLD.decided_on IS NOT NULL AND (NEW.decided_on)
      IS DISTINCT FROM (OLD.decided_on))) EXECUTE FUNCTION results_guard()
    """,
    ),
}
RESULTS_BEFORE = {
    "sqlite": (
        """
    CREATE TRIGGER results_stay_as_written BEFORE UPDATE ON results
    WHEN (NEW.id, NEW.area_id, NEW.year, NEW.source)
      IS NOT (OLD.id, OLD.area_id, OLD.year, OLD.source)
      OR OLD.nomination_id IS NOT NULL AND NEW.nomination_id IS NULL
      OR NEW.nomination_id IS NULL AND ((NEW.recognised, NEW.level, NEW.counts_from,
        NEW.counts_until)
      IS NOT (OLD.recognised, OLD.level, OLD.counts_from, OLD.counts_until)
      OR OLD.decision_number IS NOT NULL AND (NEW.decision_number)
      IS NOT (OLD.decision_number)
      OR OLD.decided_on IS NOT NULL AND (NEW.decided_on)
      IS NOT (OLD.decided_on))
    BEGIN SELECT RAISE(ABORT, 'a result is not changed'); END
    """,
        """
    CREATE TRIGGER results_stay BEFORE DELETE ON results
    WHEN OLD.nomination_id IS NULL
    BEGIN SELECT RAISE(ABORT, 'a result is not changed'); END
    """,
        """
    CREATE TRIGGER results_only_grow BEFORE INSERT ON results
    WHEN EXISTS (SELECT 1 FROM results WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM results WHERE area_id = NEW.area_id AND year = NEW.year AND
        counts_from = NEW.counts_from)
    BEGIN SELECT RAISE(ABORT, 'a result is not changed'); END
    """,
    ),
    "postgresql": (
        """
    CREATE TRIGGER results_stay_as_written BEFORE UPDATE ON results
    FOR EACH ROW
    WHEN ((NEW.id, NEW.area_id, NEW.year, NEW.source)
      IS DISTINCT FROM (OLD.id, OLD.area_id, OLD.year, OLD.source)
      OR OLD.nomination_id IS NOT NULL AND NEW.nomination_id IS NULL
      OR NEW.nomination_id IS NULL AND ((NEW.recognised, NEW.level, NEW.counts_from,
        NEW.counts_until)
      IS DISTINCT FROM (OLD.recognised, OLD.level, OLD.counts_from, OLD.counts_until)
      OR OLD.decision_number IS NOT NULL AND (NEW.decision_number)
      IS DISTINCT FROM (OLD.decision_number)
      OR OLD.decided_on IS NOT NULL AND (NEW.decided_on)
      IS DISTINCT FROM (OLD.decided_on))) EXECUTE FUNCTION results_guard()
    """,
    ),
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    _create_acts()
    op.create_table(
        RESTING,
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_resting_on_acts_paper_id_papers")
        ),
        sa.ForeignKeyConstraint(
            ["act_id"], [f"{ACTS}.id"], name=op.f("fk_resting_on_acts_act_id_result_acts")
        ),
        sa.PrimaryKeyConstraint("paper_id", "act_id", name=op.f("pk_resting_on_acts")),
    )
    for statement in ACTS_KEPT[dialect]:
        op.execute(statement)
    _leave(dialect)
    with op.batch_alter_table(RESULTS) as batch:
        for name in ("made_by_id", "ended_by_id"):
            batch.add_column(sa.Column(name, sa.Integer(), nullable=True))
            batch.create_foreign_key(
                op.f(f"fk_results_{name}_result_acts"), ACTS, [name], ["id"], ondelete="RESTRICT"
            )
    for statement in RESULTS_KEPT[dialect]:
        op.execute(statement)


def _create_acts() -> None:
    op.create_table(
        ACTS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("recognised", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("authority", sa.String(length=160), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("office", sa.JSON(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('revocation', 'correction')", name=op.f("ck_result_acts_kind_known")
        ),
        sa.CheckConstraint(
            "reason <> '' AND authority <> ''", name=op.f("ck_result_acts_reason_told")
        ),
        sa.CheckConstraint(
            "kind = 'correction' OR (NOT recognised AND number <> '' AND decided_on IS NOT NULL)",
            name=op.f("ck_result_acts_revoked_by_a_decision"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{other}.id"],
                name=op.f(f"fk_{ACTS}_{column}_{other}"),
                ondelete="RESTRICT",
            )
            for column, other in (("area_id", "units"), ("entered_by", "people"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_acts")),
    )
    op.create_index("ix_result_acts_area_id_year", ACTS, ["area_id", "year"])


def _leave(dialect: str) -> None:
    """The triggers of results are made anew: with their table, or with what they keep."""
    if dialect == "postgresql":
        op.execute("DROP TRIGGER results_stay_as_written ON results")
        return
    for name in ("results_stay_as_written", "results_stay", "results_only_grow"):
        op.execute(f"DROP TRIGGER {name}")


def downgrade() -> None:
    """Acts are lost with their table, so what they ended counts again."""
    dialect = op.get_bind().dialect.name
    op.drop_table(RESTING)
    if dialect == "postgresql":
        op.execute("ALTER TABLE results DISABLE TRIGGER results_stay")
    _leave(dialect)
    op.execute("DELETE FROM results WHERE made_by_id IS NOT NULL AND nomination_id IS NULL")
    op.execute("UPDATE results SET counts_until = NULL WHERE ended_by_id IS NOT NULL")
    if dialect == "postgresql":
        op.execute("ALTER TABLE results ENABLE TRIGGER results_stay")
    with op.batch_alter_table(RESULTS) as batch:
        for name in ("made_by_id", "ended_by_id"):
            batch.drop_constraint(op.f(f"fk_results_{name}_result_acts"), type_="foreignkey")
            batch.drop_column(name)
    for statement in RESULTS_BEFORE[dialect]:
        op.execute(statement)
    op.drop_table(ACTS)
    if dialect == "postgresql":
        op.execute("DROP FUNCTION result_acts_guard()")
