"""Issue a paper once, and find it by its number or data

No second issued file of a paper, nor of its annex.

Revision 0022, after 0021.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INDEX = "ix_paper_versions_issued"
ONCE = "stage IN ('issued', 'annex_issued')"
FOUND_BY = ("number_text", "values_digest")
DROP = "DROP TRIGGER paper_versions_only_grow"
BEFORE = """
    CREATE TRIGGER paper_versions_only_grow BEFORE INSERT ON paper_versions
    WHEN EXISTS (SELECT 1 FROM paper_versions WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM paper_versions WHERE paper_id = NEW.paper_id AND stage =
        NEW.stage AND sha256 = NEW.sha256)
    BEGIN SELECT RAISE(ABORT, 'a paper stays as it was drafted and issued'); END
    """
SINCE = """
    CREATE TRIGGER paper_versions_only_grow BEFORE INSERT ON paper_versions
    WHEN EXISTS (SELECT 1 FROM paper_versions WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM paper_versions WHERE paper_id = NEW.paper_id AND stage =
        NEW.stage AND sha256 = NEW.sha256)
      OR (NEW.stage IN ('issued', 'annex_issued') AND EXISTS (SELECT 1 FROM paper_versions
        WHERE paper_id = NEW.paper_id AND stage = NEW.stage))
    BEGIN SELECT RAISE(ABORT, 'a paper stays as it was drafted and issued'); END
    """


def upgrade() -> None:
    op.create_index(
        INDEX,
        "paper_versions",
        ["paper_id", "stage"],
        unique=True,
        sqlite_where=text(ONCE),
        postgresql_where=text(ONCE),
    )
    _replace(SINCE)
    for column in FOUND_BY:
        op.create_index(f"ix_papers_{column}", "papers", [column])


def downgrade() -> None:
    for column in FOUND_BY:
        op.drop_index(f"ix_papers_{column}", "papers")
    _replace(BEFORE)
    op.drop_index(INDEX, "paper_versions")


def _replace(trigger: str) -> None:
    """Only SQLite puts a row in another's place without asking its index first."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(DROP)
        op.execute(trigger)
