"""Keep definitions that were made here

Drafts of definitions, and releases, which never change. A subject may come under another
definition, with the history row that says so.

Revision 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOVES_SQLITE = """
    CREATE TRIGGER subjects_move_with_history BEFORE UPDATE ON subjects
    WHEN (NEW.state IS NOT OLD.state OR NEW.version IS NOT OLD.version
          {id_too}OR NEW.definition_digest IS NOT OLD.definition_digest)
     AND (NEW.version <> OLD.version + 1 OR NOT EXISTS (
        SELECT 1 FROM history WHERE subject_id = NEW.id AND version = NEW.version
           AND from_state = OLD.state AND to_state = NEW.state
           AND definition_id = NEW.definition_id
           AND definition_digest = NEW.definition_digest))
    BEGIN SELECT RAISE(ABORT, 'a state changes only with its history row'); END
    """
_STAYS_SQLITE = """
    CREATE TRIGGER subjects_stay_the_same BEFORE UPDATE ON subjects
    WHEN NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind
      {id_too}BEGIN SELECT RAISE(ABORT, 'a subject stays the same'); END
    """
_GUARD_POSTGRESQL = """
    CREATE OR REPLACE FUNCTION subjects_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a subject is never deleted';
      ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> '' OR NEW.version <> 0 THEN
          RAISE EXCEPTION 'a subject begins with no state';
        END IF;
      ELSIF NEW.id IS DISTINCT FROM OLD.id OR NEW.kind IS DISTINCT FROM OLD.kind{stays} THEN
        RAISE EXCEPTION 'a subject stays the same';
      ELSIF (NEW.state IS DISTINCT FROM OLD.state OR NEW.version IS DISTINCT FROM OLD.version
             {moves}OR NEW.definition_digest IS DISTINCT FROM OLD.definition_digest)
        AND (NEW.version <> OLD.version + 1 OR NOT EXISTS (
          SELECT 1 FROM history WHERE subject_id = NEW.id AND version = NEW.version
             AND from_state = OLD.state AND to_state = NEW.state
             AND definition_id = NEW.definition_id
             AND definition_digest = NEW.definition_digest)) THEN
        RAISE EXCEPTION 'a state changes only with its history row';
      END IF;
      RETURN NEW;
    END $$
    """
_OTHER_ID = "OR NEW.definition_id IS NOT OLD.definition_id\n          "
_KEPT_ID = "OR NEW.definition_id IS NOT OLD.definition_id\n    "

REBIND = {
    "sqlite": (
        "DROP TRIGGER subjects_move_with_history",
        "DROP TRIGGER subjects_stay_the_same",
        _MOVES_SQLITE.format(id_too=_OTHER_ID),
        _STAYS_SQLITE.replace("      {id_too}", "    "),
    ),
    "postgresql": (
        _GUARD_POSTGRESQL.format(
            stays="",
            moves="OR NEW.definition_id IS DISTINCT FROM OLD.definition_id\n             ",
        ),
    ),
}
BIND = {
    "sqlite": (
        "DROP TRIGGER subjects_move_with_history",
        "DROP TRIGGER subjects_stay_the_same",
        _MOVES_SQLITE.format(id_too=""),
        _STAYS_SQLITE.format(id_too=_KEPT_ID),
    ),
    "postgresql": (
        _GUARD_POSTGRESQL.format(
            stays="\n        OR NEW.definition_id IS DISTINCT FROM OLD.definition_id", moves=""
        ),
    ),
}

RELEASES = {
    "sqlite": (
        """
    CREATE TRIGGER definition_releases_stay_as_written BEFORE UPDATE ON definition_releases
    BEGIN SELECT RAISE(ABORT, 'a released definition never changes'); END
    """,
        """
    CREATE TRIGGER definition_releases_stay BEFORE DELETE ON definition_releases
    BEGIN SELECT RAISE(ABORT, 'a released definition never changes'); END
    """,
        """
    CREATE TRIGGER definition_releases_only_grow BEFORE INSERT ON definition_releases
    WHEN EXISTS (SELECT 1 FROM definition_releases WHERE id = NEW.id OR digest = NEW.digest
        OR (definition_id = NEW.definition_id AND effective_from >= NEW.effective_from))
    BEGIN SELECT RAISE(ABORT, 'a released definition never changes'); END
    """,
    ),
    "postgresql": (
        """
    CREATE FUNCTION definition_releases_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT 1 FROM definition_releases
          WHERE definition_id = NEW.definition_id AND effective_from >= NEW.effective_from) THEN
          RETURN NEW;
        END IF;
      END IF;
      RAISE EXCEPTION 'a released definition never changes';
    END $$
    """,
        """
    CREATE TRIGGER definition_releases_guard
    BEFORE INSERT OR UPDATE OR DELETE ON definition_releases
    FOR EACH ROW EXECUTE FUNCTION definition_releases_guard()
    """,
        """
    CREATE TRIGGER definition_releases_no_truncate BEFORE TRUNCATE ON definition_releases
    FOR EACH STATEMENT EXECUTE FUNCTION definition_releases_guard()
    """,
    ),
}


def upgrade() -> None:
    op.create_table(
        "definition_releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("released_by", sa.Integer(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_definition_releases"),
        sa.UniqueConstraint("digest", name="uq_definition_releases_digest"),
        sa.UniqueConstraint(
            "definition_id",
            "effective_from",
            name="uq_definition_releases_definition_id_effective_from",
        ),
    )
    op.create_table(
        "definition_drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.String(length=60), nullable=False),
        sa.Column("based_on", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("editors", sa.JSON(), nullable=False),
        sa.Column("saved_by", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_definition_drafts"),
        sa.ForeignKeyConstraint(
            ["saved_by"],
            ["people.id"],
            name="fk_definition_drafts_saved_by_people",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["definition_releases.id"],
            name="fk_definition_drafts_release_id_definition_releases",
        ),
    )
    dialect = op.get_bind().dialect.name
    for statement in (*REBIND[dialect], *RELEASES[dialect]):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("definition_drafts")
    op.drop_table("definition_releases")
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute("DROP FUNCTION definition_releases_guard()")
    for statement in BIND[dialect]:
        op.execute(statement)
