"""Lay the ground

Revision 0001, after .
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# The database itself refuses a state that changes without its history row, and any change
# to history.
SQLITE = (
    """
    CREATE TRIGGER subjects_begin_nowhere BEFORE INSERT ON subjects
    WHEN NEW.state <> '' OR NEW.version <> 0
    BEGIN SELECT RAISE(ABORT, 'a subject begins with no state'); END
    """,
    """
    CREATE TRIGGER subjects_move_with_history BEFORE UPDATE ON subjects
    WHEN (NEW.state IS NOT OLD.state OR NEW.version IS NOT OLD.version
          OR NEW.definition_digest IS NOT OLD.definition_digest)
     AND (NEW.version <> OLD.version + 1 OR NOT EXISTS (
        SELECT 1 FROM history WHERE subject_id = NEW.id AND version = NEW.version
           AND from_state = OLD.state AND to_state = NEW.state))
    BEGIN SELECT RAISE(ABORT, 'a state changes only with its history row'); END
    """,
    """
    CREATE TRIGGER subjects_stay BEFORE DELETE ON subjects
    BEGIN SELECT RAISE(ABORT, 'a subject is never deleted'); END
    """,
    """
    CREATE TRIGGER history_stays_as_written BEFORE UPDATE ON history
    BEGIN SELECT RAISE(ABORT, 'history is never changed'); END
    """,
    """
    CREATE TRIGGER history_stays BEFORE DELETE ON history
    BEGIN SELECT RAISE(ABORT, 'history is never deleted'); END
    """,
    """
    CREATE TRIGGER history_only_grows BEFORE INSERT ON history
    WHEN EXISTS (SELECT 1 FROM history WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM history
                 WHERE subject_id = NEW.subject_id AND version = NEW.version)
      OR EXISTS (SELECT 1 FROM history WHERE key = NEW.key)
    BEGIN SELECT RAISE(ABORT, 'history is never replaced'); END
    """,
    """
    CREATE TRIGGER subjects_only_grow BEFORE INSERT ON subjects
    WHEN EXISTS (SELECT 1 FROM subjects WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a subject is never replaced'); END
    """,
)

POSTGRESQL = (
    """
    CREATE FUNCTION subjects_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a subject is never deleted';
      ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> '' OR NEW.version <> 0 THEN
          RAISE EXCEPTION 'a subject begins with no state';
        END IF;
      ELSIF (NEW.state IS DISTINCT FROM OLD.state OR NEW.version IS DISTINCT FROM OLD.version
             OR NEW.definition_digest IS DISTINCT FROM OLD.definition_digest)
        AND (NEW.version <> OLD.version + 1 OR NOT EXISTS (
          SELECT 1 FROM history WHERE subject_id = NEW.id AND version = NEW.version
             AND from_state = OLD.state AND to_state = NEW.state)) THEN
        RAISE EXCEPTION 'a state changes only with its history row';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION history_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'history is never changed';
      END IF;
      RAISE EXCEPTION 'history is never deleted';
    END $$
    """,
    """
    CREATE TRIGGER subjects_guard BEFORE INSERT OR UPDATE OR DELETE ON subjects
    FOR EACH ROW EXECUTE FUNCTION subjects_guard()
    """,
    """
    CREATE TRIGGER history_guard BEFORE UPDATE OR DELETE ON history
    FOR EACH ROW EXECUTE FUNCTION history_guard()
    """,
    """
    CREATE TRIGGER history_no_truncate BEFORE TRUNCATE ON history
    FOR EACH STATEMENT EXECUTE FUNCTION history_guard()
    """,
)

TRIGGERS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def upgrade() -> None:
    op.create_table(
        "cycles",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=20), nullable=False),
        sa.Column("definition_id", sa.String(length=60), nullable=False),
        sa.Column("criteria_id", sa.String(length=60), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_cycles_dates_ordered")),
        sa.PrimaryKeyConstraint("year", "title", name=op.f("pk_cycles")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("ids", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_done_at_due_at", "outbox", ["done_at", "due_at"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_table(
        "registers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("series", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registers")),
        sa.UniqueConstraint(
            "authority_id", "series", "year", name=op.f("uq_registers_authority_id_series_year")
        ),
    )
    op.create_table(
        "subjects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("definition_id", sa.String(length=60), nullable=False),
        sa.Column("definition_digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subjects")),
    )
    op.create_index("ix_subjects_due_at", "subjects", ["due_at"], unique=False)
    op.create_index("ix_subjects_kind_state", "subjects", ["kind", "state"], unique=False)
    op.create_table(
        "units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("folded", sa.String(length=120), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('province', 'district', 'commune', 'area')", name=op.f("ck_units_kind_known")
        ),
        sa.CheckConstraint(
            "ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_units_dates_ordered")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["units.id"], name=op.f("fk_units_parent_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("kind", "code", "starts_on", name=op.f("uq_units_kind_code_starts_on")),
    )
    op.create_index("ix_units_parent_id_sort", "units", ["parent_id", "sort"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_accounts_person_id_people"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("person_id", name=op.f("uq_accounts_person_id")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
    )
    op.create_table(
        "appointments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("capacity", sa.String(length=10), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "capacity IN ('', 'TM.', 'Q.', 'KT.', 'TL.', 'TUQ.')",
            name=op.f("ck_appointments_capacity_known"),
        ),
        sa.CheckConstraint(
            "ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_appointments_dates_ordered")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_appointments_person_id_people"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["units.id"],
            name=op.f("fk_appointments_unit_id_units"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
    )
    op.create_index("ix_appointments_person_id", "appointments", ["person_id"], unique=False)
    op.create_index(
        "ix_appointments_unit_id_role", "appointments", ["unit_id", "role"], unique=False
    )
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
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("office", sa.JSON(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=True),
        sa.Column("from_state", sa.String(length=60), nullable=False),
        sa.Column("to_state", sa.String(length=60), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("definition_id", sa.String(length=60), nullable=False),
        sa.Column("definition_digest", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_history_subject_id_subjects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        sa.UniqueConstraint("key", name=op.f("uq_history_key")),
        sa.UniqueConstraint("subject_id", "version", name=op.f("uq_history_subject_id_version")),
    )
    op.create_index("ix_history_person_id", "history", ["person_id"], unique=False)
    op.create_table(
        "households",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("representative", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["area_id"], ["units.id"], name=op.f("fk_households_area_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_households")),
        sa.UniqueConstraint("area_id", "number", name=op.f("uq_households_area_id_number")),
    )
    op.create_table(
        "links",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["subjects.id"], name=op.f("fk_links_paper_id_subjects")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_links_subject_id_subjects")
        ),
        sa.PrimaryKeyConstraint("paper_id", "subject_id", name=op.f("pk_links")),
    )
    op.create_index("ix_links_subject_id", "links", ["subject_id"], unique=False)
    op.create_table(
        "nominations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id"],
            ["units.id"],
            name=op.f("fk_nominations_area_id_units"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["id"], ["subjects.id"], name=op.f("fk_nominations_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nominations")),
        sa.UniqueConstraint(
            "area_id", "year", "title", name=op.f("uq_nominations_area_id_year_title")
        ),
    )
    op.create_index("ix_nominations_year", "nominations", ["year"], unique=False)
    op.create_table(
        "papers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("values_digest", sa.String(length=64), nullable=False),
        sa.Column("template_digest", sa.String(length=64), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("number_text", sa.String(length=40), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["subjects.id"], name=op.f("fk_papers_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
        sa.UniqueConstraint("code", name=op.f("uq_papers_code")),
    )
    op.create_index(op.f("ix_papers_authority_id"), "papers", ["authority_id"], unique=False)
    op.create_table(
        "register_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("register_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("void_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["subjects.id"], name=op.f("fk_register_entries_paper_id_subjects")
        ),
        sa.ForeignKeyConstraint(
            ["register_id"],
            ["registers.id"],
            name=op.f("fk_register_entries_register_id_registers"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entries")),
        sa.UniqueConstraint("paper_id", name=op.f("uq_register_entries_paper_id")),
        sa.UniqueConstraint(
            "register_id", "number", name=op.f("uq_register_entries_register_id_number")
        ),
    )
    op.create_table(
        "subject_scopes",
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_subject_scopes_subject_id_subjects")
        ),
        sa.PrimaryKeyConstraint("subject_id", "scope", name=op.f("pk_subject_scopes")),
    )
    op.create_index(
        "ix_subject_scopes_unit_id_subject_id",
        "subject_scopes",
        ["unit_id", "subject_id"],
        unique=False,
    )
    op.create_table(
        "waiting",
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_waiting_subject_id_subjects")
        ),
        sa.PrimaryKeyConstraint("subject_id", "role", "unit_id", name=op.f("pk_waiting")),
    )
    op.create_index(
        "ix_waiting_unit_id_role_due_at", "waiting", ["unit_id", "role", "due_at"], unique=False
    )
    op.create_table(
        "paper_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_versions_paper_id_papers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_versions")),
        sa.UniqueConstraint(
            "paper_id", "stage", "sha256", name=op.f("uq_paper_versions_paper_id_stage_sha256")
        ),
    )
    op.create_index(op.f("ix_paper_versions_sha256"), "paper_versions", ["sha256"], unique=False)
    op.create_table(
        "results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("recognised", sa.Boolean(), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=True),
        sa.Column("nomination_id", sa.Integer(), nullable=True),
        sa.Column("decision_number", sa.String(length=60), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "level IS NULL OR level IN ('commune', 'district', 'province')",
            name=op.f("ck_results_level_known"),
        ),
        sa.CheckConstraint(
            "nomination_id IS NOT NULL OR source <> ''",
            name=op.f("ck_results_nominated_or_from_a_source"),
        ),
        sa.CheckConstraint(
            "recognised = (level IS NOT NULL)", name=op.f("ck_results_level_if_recognised")
        ),
        sa.ForeignKeyConstraint(
            ["area_id"], ["units.id"], name=op.f("fk_results_area_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["nomination_id"],
            ["nominations.id"],
            name=op.f("fk_results_nomination_id_nominations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results")),
        sa.UniqueConstraint("area_id", "year", name=op.f("uq_results_area_id_year")),
    )
    op.create_index(
        "ix_results_area_id_recognised_year",
        "results",
        ["area_id", "recognised", "year"],
        unique=False,
    )
    op.create_index("ix_results_nomination_id", "results", ["nomination_id"], unique=False)
    op.create_index("ix_results_year_recognised", "results", ["year", "recognised"], unique=False)
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_results_year_recognised", table_name="results")
    op.drop_index("ix_results_nomination_id", table_name="results")
    op.drop_index("ix_results_area_id_recognised_year", table_name="results")
    op.drop_table("results")
    op.drop_index(op.f("ix_paper_versions_sha256"), table_name="paper_versions")
    op.drop_table("paper_versions")
    op.drop_index("ix_waiting_unit_id_role_due_at", table_name="waiting")
    op.drop_table("waiting")
    op.drop_index("ix_subject_scopes_unit_id_subject_id", table_name="subject_scopes")
    op.drop_table("subject_scopes")
    op.drop_table("register_entries")
    op.drop_index(op.f("ix_papers_authority_id"), table_name="papers")
    op.drop_table("papers")
    op.drop_index("ix_nominations_year", table_name="nominations")
    op.drop_table("nominations")
    op.drop_index("ix_links_subject_id", table_name="links")
    op.drop_table("links")
    op.drop_table("households")
    op.drop_index("ix_history_person_id", table_name="history")
    op.drop_table("history")
    op.drop_table("grassroots_units")
    op.drop_index("ix_appointments_unit_id_role", table_name="appointments")
    op.drop_index("ix_appointments_person_id", table_name="appointments")
    op.drop_table("appointments")
    op.drop_table("accounts")
    op.drop_index("ix_units_parent_id_sort", table_name="units")
    op.drop_table("units")
    op.drop_index("ix_subjects_kind_state", table_name="subjects")
    op.drop_index("ix_subjects_due_at", table_name="subjects")
    op.drop_table("subjects")
    op.drop_table("registers")
    op.drop_table("people")
    op.drop_index("ix_outbox_done_at_due_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("cycles")
    if op.get_bind().dialect.name == "postgresql":
        # The triggers went with their tables.
        op.execute("DROP FUNCTION history_guard()")
        op.execute("DROP FUNCTION subjects_guard()")
