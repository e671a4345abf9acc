"""Keep terms, numbers, tasks and grounds

Since when a subject is where it is, and until when, changes only with its history row, and who
waits does so with the same term: rows that a move had left behind take it over.

Revision 0030, after 0029.
"""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TAKEN_OVER = """
    UPDATE waiting SET
      due_at = (SELECT due_at FROM subjects WHERE id = waiting.subject_id),
      since = (SELECT entered_at FROM subjects WHERE id = waiting.subject_id)
    WHERE NOT EXISTS (SELECT 1 FROM subjects WHERE id = waiting.subject_id
      AND entered_at = waiting.since
      AND (due_at = waiting.due_at OR (due_at IS NULL AND waiting.due_at IS NULL)))
"""

SQLITE_MOVE = """
    CREATE TRIGGER subjects_move_with_history BEFORE UPDATE ON subjects
    WHEN (NEW.state IS NOT OLD.state OR NEW.version IS NOT OLD.version
          OR NEW.definition_id IS NOT OLD.definition_id
          OR NEW.definition_digest IS NOT OLD.definition_digest{also})
     AND (NEW.version <> OLD.version + 1 OR NOT EXISTS (
        SELECT 1 FROM history WHERE subject_id = NEW.id AND version = NEW.version
           AND from_state = OLD.state AND to_state = NEW.state
           AND definition_id = NEW.definition_id
           AND definition_digest = NEW.definition_digest))
    BEGIN SELECT RAISE(ABORT, 'a state changes only with its history row'); END
"""
POSTGRESQL_MOVE = """
    CREATE OR REPLACE FUNCTION subjects_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a subject is never deleted';
      ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> '' OR NEW.version <> 0 THEN
          RAISE EXCEPTION 'a subject begins with no state';
        END IF;
      ELSIF NEW.id IS DISTINCT FROM OLD.id OR NEW.kind IS DISTINCT FROM OLD.kind THEN
        RAISE EXCEPTION 'a subject stays the same';
      ELSIF (NEW.state IS DISTINCT FROM OLD.state OR NEW.version IS DISTINCT FROM OLD.version
             OR NEW.definition_id IS DISTINCT FROM OLD.definition_id
             OR NEW.definition_digest IS DISTINCT FROM OLD.definition_digest{also})
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
SQLITE_TERM = " OR NEW.entered_at IS NOT OLD.entered_at OR NEW.due_at IS NOT OLD.due_at"
POSTGRESQL_TERM = (
    " OR NEW.entered_at IS DISTINCT FROM OLD.entered_at OR NEW.due_at IS DISTINCT FROM OLD.due_at"
)

UP = {
    "sqlite": (
        TAKEN_OVER,
        "DROP TRIGGER subjects_move_with_history",
        SQLITE_MOVE.format(also=SQLITE_TERM),
        """
    CREATE TRIGGER waiting_follows_insert BEFORE INSERT ON waiting
    WHEN NOT EXISTS (SELECT 1 FROM subjects WHERE id = NEW.subject_id
        AND entered_at IS NEW.since AND due_at IS NEW.due_at)
    BEGIN SELECT RAISE(ABORT, 'whoever waits has the term of the subject'); END
    """,
        """
    CREATE TRIGGER waiting_follows_update BEFORE UPDATE ON waiting
    WHEN NOT EXISTS (SELECT 1 FROM subjects WHERE id = NEW.subject_id
        AND entered_at IS NEW.since AND due_at IS NEW.due_at)
    BEGIN SELECT RAISE(ABORT, 'whoever waits has the term of the subject'); END
    """,
        """
    CREATE TRIGGER registers_begin_at_none BEFORE INSERT ON registers
    WHEN NEW.last <> 0
    BEGIN SELECT RAISE(ABORT, 'a number is given once'); END
    """,
        """
    CREATE TRIGGER registers_follow BEFORE UPDATE ON registers
    WHEN NEW.last IS NOT (SELECT MAX(number) FROM register_entries WHERE register_id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a number is given once'); END
    """,
        """
    CREATE TRIGGER register_entries_follow BEFORE INSERT ON register_entries
    WHEN NEW.number IS NOT (SELECT last + 1 FROM registers WHERE id = NEW.register_id)
    BEGIN SELECT RAISE(ABORT, 'a number is given once'); END
    """,
    ),
    "postgresql": (
        TAKEN_OVER,
        POSTGRESQL_MOVE.format(also=POSTGRESQL_TERM),
        """
    CREATE FUNCTION waiting_follows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NOT EXISTS (SELECT 1 FROM subjects WHERE id = NEW.subject_id
          AND entered_at = NEW.since AND due_at IS NOT DISTINCT FROM NEW.due_at) THEN
        RAISE EXCEPTION 'whoever waits has the term of the subject';
      END IF;
      RETURN NEW;
    END $$
    """,
        """
    CREATE TRIGGER waiting_follows BEFORE INSERT OR UPDATE ON waiting
    FOR EACH ROW EXECUTE FUNCTION waiting_follows()
    """,
        """
    CREATE FUNCTION registers_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.last IS DISTINCT FROM (SELECT COALESCE(MAX(number), 0) FROM register_entries
          WHERE register_id = NEW.id) THEN
        RAISE EXCEPTION 'a number is given once';
      END IF;
      RETURN NEW;
    END $$
    """,
        """
    CREATE FUNCTION register_entries_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.number IS DISTINCT FROM (SELECT last + 1 FROM registers
          WHERE id = NEW.register_id) THEN
        RAISE EXCEPTION 'a number is given once';
      END IF;
      RETURN NEW;
    END $$
    """,
        """
    CREATE TRIGGER registers_follow BEFORE INSERT OR UPDATE ON registers
    FOR EACH ROW EXECUTE FUNCTION registers_follow()
    """,
        """
    CREATE TRIGGER register_entries_follow BEFORE INSERT ON register_entries
    FOR EACH ROW EXECUTE FUNCTION register_entries_follow()
    """,
    ),
}
DOWN = {
    "sqlite": (
        "DROP TRIGGER register_entries_follow",
        "DROP TRIGGER registers_follow",
        "DROP TRIGGER registers_begin_at_none",
        "DROP TRIGGER waiting_follows_insert",
        "DROP TRIGGER waiting_follows_update",
        "DROP TRIGGER subjects_move_with_history",
        SQLITE_MOVE.format(also=""),
    ),
    "postgresql": (
        "DROP FUNCTION register_entries_follow() CASCADE",
        "DROP FUNCTION registers_follow() CASCADE",
        "DROP FUNCTION waiting_follows() CASCADE",
        POSTGRESQL_MOVE.format(also=""),
    ),
}


def upgrade() -> None:
    for statement in UP[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN[op.get_bind().dialect.name]:
        op.execute(statement)
