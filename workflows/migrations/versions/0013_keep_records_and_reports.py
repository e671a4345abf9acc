"""Keep records and the paragraphs of reports

What surrounds the title, as counts with a source that are corrected and never changed. The
bodies of before become records; their table goes.

Revision 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("records", "record_measures")
SQLITE = tuple(
    f"""
    CREATE TRIGGER {table}_{rule} BEFORE {act} ON {table}
    BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END
    """
    for table in TABLES
    for rule, act in (("stay_as_written", "UPDATE"), ("stay", "DELETE"))
)
POSTGRESQL = (
    """
    CREATE FUNCTION records_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'a record is never changed';
    END $$
    """,
    *(
        f"""
    CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION records_guard()
    """
        for table in TABLES
    ),
)


def upgrade() -> None:
    _records()
    _passages()
    _take_over_bodies()
    op.drop_table("grassroots_units")
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("source_on", sa.Date(), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_records_dates_ordered")),
        sa.CheckConstraint(
            "confidence IN ('text', 'secondary', 'assumed')",
            name=op.f("ck_records_confidence_known"),
        ),
        sa.CheckConstraint("source <> ''", name=op.f("ck_records_has_a_source")),
        sa.CheckConstraint(
            "NOT withdrawn OR supersedes_id IS NOT NULL",
            name=op.f("ck_records_withdraws_something"),
        ),
        sa.ForeignKeyConstraint(
            ["entered_by"],
            ["people.id"],
            name=op.f("fk_records_entered_by_people"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"],
            ["records.id"],
            name=op.f("fk_records_supersedes_id_records"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["units.id"],
            name=op.f("fk_records_unit_id_units"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_records_supersedes_id")),
    )
    op.create_index(
        "ix_records_unit_id_kind_starts_on", "records", ["unit_id", "kind", "starts_on"]
    )
    op.create_table(
        "record_measures",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=True),
        sa.Column("mark", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "mark IN ('', 'over', 'nearly', 'about')",
            name=op.f("ck_record_measures_mark_known"),
        ),
        sa.CheckConstraint(
            "value >= 0 AND (high IS NULL OR high > value)",
            name=op.f("ck_record_measures_value_ordered"),
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["records.id"],
            name=op.f("fk_record_measures_record_id_records"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("record_id", "measure", name=op.f("pk_record_measures")),
    )


def _passages() -> None:
    op.create_table(
        "report_passages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["people.id"],
            name=op.f("fk_report_passages_author_id_people"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["units.id"],
            name=op.f("fk_report_passages_unit_id_units"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_passages")),
        sa.UniqueConstraint(
            "report",
            "unit_id",
            "first_year",
            "last_year",
            "section",
            "version",
            name="uq_passage",
        ),
    )


def _take_over_bodies() -> None:
    """Each row becomes a record of its year; a count nobody stated stays unstated."""
    connection = op.get_bind()
    dated = "year || '-01-01'", "year || '-12-31'"
    if connection.dialect.name == "postgresql":
        dated = "make_date(year, 1, 1)", "make_date(year, 12, 31)"
    op.execute(
        "INSERT INTO records (id, unit_id, kind, name, starts_on, ends_on, reference, source,"  # noqa: S608
        " confidence, note, entered_at, withdrawn)"
        f" SELECT id, unit_id, kind, name, {dated[0]}, {dated[1]}, '',"
        " COALESCE(NULLIF(note, ''), '–'), 'assumed', '', CURRENT_TIMESTAMP, FALSE"
        " FROM grassroots_units WHERE groups IS NOT NULL OR members IS NOT NULL"
        " OR kind = 'model'"
    )
    for measure in ("groups", "members"):
        op.execute(
            "INSERT INTO record_measures (record_id, measure, value, mark)"  # noqa: S608
            f" SELECT id, '{measure}', \"{measure}\", '' FROM grassroots_units"
            f' WHERE "{measure}" IS NOT NULL'
        )
    if connection.dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('records', 'id'),"
            " COALESCE((SELECT MAX(id) FROM records), 0) + 1, false)"
        )


def downgrade() -> None:
    op.create_table(
        "grassroots_units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=True),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "kind IN ('committee', 'subcommittee', 'protection_team', 'security_group', 'model')",
            name=op.f("ck_grassroots_units_kind_known"),
        ),
        sa.CheckConstraint(
            "groups >= 0 AND members >= 0", name=op.f("ck_grassroots_units_counts_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["units.id"],
            name=op.f("fk_grassroots_units_unit_id_units"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grassroots_units")),
        sa.UniqueConstraint(
            "unit_id",
            "kind",
            "name",
            "year",
            name=op.f("uq_grassroots_units_unit_id_kind_name_year"),
        ),
    )
    op.drop_table("report_passages")
    op.drop_table("record_measures")
    op.drop_index("ix_records_unit_id_kind_starts_on", table_name="records")
    op.drop_table("records")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION records_guard()")
