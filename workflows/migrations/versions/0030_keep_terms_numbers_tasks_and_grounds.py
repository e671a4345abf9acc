"""Keep terms, numbers, tasks and grounds

Since when a subject is where it is, and until when, changes only with its history row, and
whoever waits does so with the same term: rows that a move had left behind take it over. A
register's counter is at the greatest number of its entries, which come one after the other. No
task is taken back before it was done. What papers rest on stays: the years, the past of units,
who held which office, whose certificates were believed, and what an earlier report was quoted
with.

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
        """
    CREATE TRIGGER outbox_stay_as_written BEFORE UPDATE ON outbox
    WHEN (NEW.id, NEW.name, NEW.ids, NEW.created_at)
      IS NOT (OLD.id, OLD.name, OLD.ids, OLD.created_at)
    BEGIN SELECT RAISE(ABORT, 'what is to be done is not taken back'); END
    """,
        """
    CREATE TRIGGER outbox_stay BEFORE DELETE ON outbox
    BEGIN SELECT RAISE(ABORT, 'what is to be done is not taken back'); END
    """,
        """
    CREATE TRIGGER outbox_only_grow BEFORE INSERT ON outbox
    WHEN EXISTS (SELECT 1 FROM outbox WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what is to be done is not taken back'); END
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
        """
    CREATE FUNCTION outbox_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'what is to be done is not taken back';
    END $$
    """,
        """
    CREATE TRIGGER outbox_stay_as_written BEFORE UPDATE ON outbox
    FOR EACH ROW
    WHEN ((NEW.id, NEW.name, NEW.ids::text, NEW.created_at)
      IS DISTINCT FROM (OLD.id, OLD.name, OLD.ids::text, OLD.created_at))
    EXECUTE FUNCTION outbox_guard()
    """,
        """
    CREATE TRIGGER outbox_stay BEFORE DELETE ON outbox
    FOR EACH ROW EXECUTE FUNCTION outbox_guard()
    """,
        """
    CREATE TRIGGER outbox_no_truncate BEFORE TRUNCATE ON outbox
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_guard()
    """,
    ),
}
DOWN = {
    "sqlite": (
        "DROP TRIGGER outbox_stay_as_written",
        "DROP TRIGGER outbox_stay",
        "DROP TRIGGER outbox_only_grow",
        "DROP TRIGGER register_entries_follow",
        "DROP TRIGGER registers_follow",
        "DROP TRIGGER registers_begin_at_none",
        "DROP TRIGGER waiting_follows_insert",
        "DROP TRIGGER waiting_follows_update",
        "DROP TRIGGER subjects_move_with_history",
        SQLITE_MOVE.format(also=""),
    ),
    "postgresql": (
        "DROP FUNCTION outbox_guard() CASCADE",
        "DROP FUNCTION register_entries_follow() CASCADE",
        "DROP FUNCTION registers_follow() CASCADE",
        "DROP FUNCTION waiting_follows() CASCADE",
        POSTGRESQL_MOVE.format(also=""),
    ),
}


GUARD = "grounds_guard"
TOLD = "what papers rest on stays"
FIXED = {
    "units": "id kind",
    "unit_spans": "id unit_id starts_on",
    "appointments": "id person_id role unit_id title capacity starts_on basis",
    "certificate_enrolments": "id fingerprint person_id unit_id issuer serial subject"
    " valid_until basis entered_by entered_at",
}
"""The columns that stay, of tables in which others may change; of the others all stay."""

LONGER = {
    "appointments": (
        "OLD.ends_on IS NOT NULL AND (NEW.ends_on IS NULL OR NEW.ends_on > OLD.ends_on)",
    )
}
"""An office only grows shorter."""

ONCE = {
    "certificate_enrolments": {
        "confirmed_at": "confirmed_by confirmed_at",
        "ended_at": "ended_by ended_at reason",
    }
}
"""Columns that stay once the first of them is set."""

KEYS = {
    "cycles": ("year title kind",),
    "units": ("id",),
    "unit_spans": ("id", "unit_id starts_on", "kind code starts_on"),
    "unit_acts": ("id", "fingerprint"),
    "unit_lineage": ("predecessor_id successor_id effective_on",),
    "appointments": ("id",),
    "appointment_endings": ("id",),
    "quoted_figures": ("id", "unit_id year what"),
    "resting_papers": ("paper_id fallen_id",),
    "certificate_enrolments": ("id",),
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for statement in (*UP[dialect], *(_sqlite() if dialect == "sqlite" else _postgresql())):
        op.execute(statement)


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute(f"DROP FUNCTION {GUARD}() CASCADE")
    else:
        for table in KEYS:
            for act in ("stay_as_written", "stay", "only_grow"):
                op.execute(f"DROP TRIGGER {table}_{act}")
    for statement in DOWN[dialect]:
        op.execute(statement)


def _sqlite() -> list[str]:
    found = []
    for table, keys in KEYS.items():
        changed = _changed(table, "IS NOT")
        taken = " OR ".join(_there(table, key.split()) for key in keys)
        acts = (
            ("stay_as_written", "UPDATE", f" WHEN {changed}" if changed else ""),
            ("stay", "DELETE", ""),
            ("only_grow", "INSERT", f" WHEN {taken}"),
        )
        found += [
            f"CREATE TRIGGER {table}_{name} BEFORE {act} ON {table}{when}"
            f" BEGIN SELECT RAISE(ABORT, '{TOLD}'); END"
            for name, act, when in acts
        ]
    return found


def _postgresql() -> list[str]:
    found = [
        f"CREATE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN RAISE EXCEPTION '{TOLD}'; END $$"
    ]
    for table in KEYS:
        acts = [("guard", "UPDATE OR DELETE", "ROW", "")]
        if changed := _changed(table, "IS DISTINCT FROM"):
            when = f" WHEN ({changed})"
            acts = [("stay_as_written", "UPDATE", "ROW", when), ("stay", "DELETE", "ROW", "")]
        acts.append(("no_truncate", "TRUNCATE", "STATEMENT", ""))
        found += [
            f"CREATE TRIGGER {table}_{name} BEFORE {act} ON {table}"
            f" FOR EACH {each}{when} EXECUTE FUNCTION {GUARD}()"
            for name, act, each, when in acts
        ]
    return found


def _changed(table: str, differs: str) -> str:
    parts = [_altered(FIXED[table], differs)] if table in FIXED else []
    parts += LONGER.get(table, ())
    for first, columns in ONCE.get(table, {}).items():
        parts.append(f"(OLD.{first} IS NOT NULL AND {_altered(columns, differs)})")
    return " OR ".join(parts)


def _altered(columns: str, differs: str) -> str:
    new, old = (", ".join(f"{row}.{name}" for name in columns.split()) for row in ("NEW", "OLD"))
    return f"({new}) {differs} ({old})"


def _there(table: str, key: list[str]) -> str:
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of ours
