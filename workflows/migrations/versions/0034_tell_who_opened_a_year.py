"""Tell who opened a year

A row beside each cycle that a person opened: who, and when. Those of before have none, and
what is told once stays.

Revision 0034, after 0033.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLE = "cycle_openings"
KEY = ("year", "title", "kind")
GUARD = "grounds_guard"  # of revision 0030
TOLD = "what papers rest on stays"
SAME = " AND ".join(f"{column} = NEW.{column}" for column in KEY)
SQLITE = {
    "stay_as_written": f"UPDATE ON {TABLE}",
    "stay": f"DELETE ON {TABLE}",
    "only_grow": f"INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE {SAME})",  # noqa: S608 - names of ours
}
POSTGRESQL = {
    "guard": f"UPDATE OR DELETE ON {TABLE} FOR EACH ROW",
    "no_truncate": f"TRUNCATE ON {TABLE} FOR EACH STATEMENT",
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            KEY,
            [f"cycles.{column}" for column in KEY],
            name=op.f(f"fk_{TABLE}_year_title_kind_cycles"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f(f"fk_{TABLE}_person_id_people"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint(*KEY, name=op.f(f"pk_{TABLE}")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, act in SQLITE.items():
            op.execute(
                f"CREATE TRIGGER {TABLE}_{name} BEFORE {act}"
                f" BEGIN SELECT RAISE(ABORT, '{TOLD}'); END"
            )
        return
    for name, act in POSTGRESQL.items():
        op.execute(f"CREATE TRIGGER {TABLE}_{name} BEFORE {act} EXECUTE FUNCTION {GUARD}()")


def downgrade() -> None:
    op.drop_table(TABLE)
