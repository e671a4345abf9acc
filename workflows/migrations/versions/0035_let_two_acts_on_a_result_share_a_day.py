"""Let two acts on a result share a day

A result that was taken over may be corrected and revoked on one day. What the first act wrote
then counts on no day: a row may end on its own first day if an act ended it, and the first day
names a row only among those that count on one.

Revision 0035, after 0034.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

RESULTS = "results"
NAME, KEY = "uq_results_area_id_year_counts_from", ("area_id", "year", "counts_from")
CHECK = "ck_results_counting_days_ordered"
BEFORE = "counts_until IS NULL OR counts_from < counts_until"
AFTER = f"{BEFORE} OR (counts_from = counts_until AND ended_by_id IS NOT NULL)"

KEPT = (
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
        counts_from = NEW.counts_from{among})
    BEGIN SELECT RAISE(ABORT, 'a result is not changed'); END
    """,
)
"""Of SQLite, whose triggers go with the table that is made anew; those of PostgreSQL stay."""


def upgrade() -> None:
    sqlite = _leave()
    with op.batch_alter_table(RESULTS) as batch:
        batch.drop_constraint(op.f(NAME), type_="unique")
        _check(batch, AFTER)
    where = sa.text(BEFORE)
    op.create_index(NAME, RESULTS, KEY, unique=True, sqlite_where=where, postgresql_where=where)
    _keep(sqlite, f" AND ({BEFORE})")


def downgrade() -> None:
    """What counted on no day is lost: what ended it tells no more of what it was."""
    sqlite = _leave()
    if not sqlite:
        op.execute("ALTER TABLE results DISABLE TRIGGER results_stay")
    op.execute("DELETE FROM results WHERE counts_from = counts_until")
    if not sqlite:
        op.execute("ALTER TABLE results ENABLE TRIGGER results_stay")
    op.drop_index(NAME, table_name=RESULTS)
    with op.batch_alter_table(RESULTS) as batch:
        _check(batch, BEFORE)
        batch.create_unique_constraint(op.f(NAME), KEY)
    _keep(sqlite, "")


def _check(batch: BatchOperations, condition: str) -> None:
    batch.drop_constraint(op.f(CHECK), type_="check")
    batch.create_check_constraint(op.f(CHECK), condition)


def _leave() -> bool:
    """Whether this is SQLite, where the triggers of results are made anew with their table."""
    if op.get_bind().dialect.name != "sqlite":
        return False
    for name in ("results_stay_as_written", "results_stay", "results_only_grow"):
        op.execute(f"DROP TRIGGER {name}")
    return True


def _keep(sqlite: bool, among: str) -> None:
    for statement in KEPT if sqlite else ():
        op.execute(statement.format(among=among))
