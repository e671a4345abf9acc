"""The database itself refuses what no code of ours should ever try.

A state, since when it is and its term may only change together with a history row of the new
version, and whoever waits does so with the term of the subject; history, the log and its
checkpoints may neither be updated nor deleted. No number of a register is given twice, skipped
or taken back, and a paper stays as it was drafted, with the number it was issued with and every
file it had; so do what was handed out before an issue and what is to be done after one. The same
promises on both databases.
"""

from __future__ import annotations

from engine import kept
from engine.kept import Guard, Kept, altered, either

DRAFTED = (
    *("id", "kind", "authority_id", "code"),
    *('"values"::text', "values_digest", "template_digest", "drafted_at"),
)
ISSUED = ("number", "number_text", "issued_on")
"""The columns of a paper that come with its draft, and with its issue."""

ANNOUNCED = ("paper_id", "authority_id", "year", "number_text", "begun_at")
MADE = ("digest", "at", "until")
"""The columns of a statement handed out that come with its announcement, and with itself."""

SQLITE = (
    """
    CREATE TRIGGER subjects_begin_nowhere BEFORE INSERT ON subjects
    WHEN NEW.state <> '' OR NEW.version <> 0
    BEGIN SELECT RAISE(ABORT, 'a subject begins with no state'); END
    """,
    """
    CREATE TRIGGER subjects_move_with_history BEFORE UPDATE ON subjects
    WHEN (NEW.state IS NOT OLD.state OR NEW.version IS NOT OLD.version
          OR NEW.definition_id IS NOT OLD.definition_id
          OR NEW.definition_digest IS NOT OLD.definition_digest
          OR NEW.entered_at IS NOT OLD.entered_at OR NEW.due_at IS NOT OLD.due_at)
     AND (NEW.version <> OLD.version + 1 OR NOT EXISTS (
        SELECT 1 FROM history WHERE subject_id = NEW.id AND version = NEW.version
           AND from_state = OLD.state AND to_state = NEW.state
           AND definition_id = NEW.definition_id
           AND definition_digest = NEW.definition_digest))
    BEGIN SELECT RAISE(ABORT, 'a state changes only with its history row'); END
    """,
    """
    CREATE TRIGGER subjects_stay_the_same BEFORE UPDATE ON subjects
    WHEN NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind
    BEGIN SELECT RAISE(ABORT, 'a subject stays the same'); END
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
    # Also against INSERT OR REPLACE, which deletes without asking the triggers of DELETE.
    """
    CREATE TRIGGER log_leaves_follow BEFORE INSERT ON log_leaves
    WHEN NEW."index" <> (SELECT COALESCE(MAX("index") + 1, 0) FROM log_leaves)
      OR EXISTS (SELECT 1 FROM log_leaves WHERE version_id = NEW.version_id)
      OR EXISTS (SELECT 1 FROM log_leaves WHERE paper_id = NEW.paper_id AND act = NEW.act)
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END
    """,
    """
    CREATE TRIGGER checkpoints_follow BEFORE INSERT ON checkpoints
    WHEN NEW.size <= (SELECT COALESCE(MAX(size), 0) FROM checkpoints)
    BEGIN SELECT RAISE(ABORT, 'the log only grows'); END
    """,
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
      ELSIF NEW.id IS DISTINCT FROM OLD.id OR NEW.kind IS DISTINCT FROM OLD.kind THEN
        RAISE EXCEPTION 'a subject stays the same';
      ELSIF (NEW.state IS DISTINCT FROM OLD.state OR NEW.version IS DISTINCT FROM OLD.version
             OR NEW.definition_id IS DISTINCT FROM OLD.definition_id
             OR NEW.definition_digest IS DISTINCT FROM OLD.definition_digest
             OR NEW.entered_at IS DISTINCT FROM OLD.entered_at
             OR NEW.due_at IS DISTINCT FROM OLD.due_at)
        AND (NEW.version <> OLD.version + 1 OR NOT EXISTS (
          SELECT 1 FROM history WHERE subject_id = NEW.id AND version = NEW.version
             AND from_state = OLD.state AND to_state = NEW.state
             AND definition_id = NEW.definition_id
             AND definition_digest = NEW.definition_digest)) THEN
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
    CREATE FUNCTION log_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW."index" <> (SELECT COALESCE(MAX("index") + 1, 0) FROM log_leaves) THEN
        RAISE EXCEPTION 'the log only grows';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION checkpoints_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.size <= (SELECT COALESCE(MAX(size), 0) FROM checkpoints) THEN
        RAISE EXCEPTION 'the log only grows';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER log_leaves_follow BEFORE INSERT ON log_leaves
    FOR EACH ROW EXECUTE FUNCTION log_follow()
    """,
    """
    CREATE TRIGGER checkpoints_follow BEFORE INSERT ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION checkpoints_follow()
    """,
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
)

STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}

GUARDS = (
    Guard("log_guard", "the log only grows", (Kept("log_leaves"), Kept("checkpoints"))),
    Guard(
        "registers_guard",
        "a number is given once",
        (
            Kept(
                "registers",
                changed=either(
                    altered("id", "authority_id", "series", "year"),
                    "NEW.last <> OLD.last + 1",
                ),
                keys=(("id",), ("authority_id", "series", "year")),
            ),
            Kept("register_entries", keys=(("id",), ("register_id", "number"), ("paper_id",))),
        ),
    ),
    Guard(
        "papers_guard",
        "a paper stays as it was drafted and issued",
        (
            Kept(
                "papers",
                changed=either(
                    altered(*DRAFTED), f"(OLD.number IS NOT NULL AND {altered(*ISSUED)})"
                ),
                keys=(("id",), ("code",)),
            ),
            Kept(
                "paper_versions",
                keys=(("id",), ("paper_id", "stage", "sha256")),
                once=((("paper_id", "stage"), "NEW.stage IN ('issued', 'annex_issued')"),),
            ),
            Kept("paper_stamps", keys=(("version_id",),)),
        ),
    ),
    # That a unit changes is lawful, by a hand-over: the history tells whether it was one.
    Guard(
        "belonging_guard",
        "where a subject belongs and what a paper lists stays",
        (
            Kept(
                "subject_scopes",
                changed=altered("subject_id", "scope"),
                keys=(("subject_id", "scope"),),
            ),
            Kept("links", keys=(("paper_id", "subject_id"),)),
        ),
    ),
    Guard(
        "outbox_guard",
        "what is to be done is not taken back",
        (
            Kept(
                "outbox",
                changed=altered("id", "name", "ids::text", "created_at"),
                keys=(("id",),),
            ),
        ),
    ),
    Guard(
        "handed_out_guard",
        "what was handed out stays known",
        (
            Kept(
                "handed_out",
                changed=either(
                    altered("id", "code", *ANNOUNCED),
                    f"(OLD.digest IS NOT NULL AND {altered(*MADE)})",
                    f"(OLD.withdrawn_at IS NOT NULL AND {altered('withdrawn_at')})",
                    f"(OLD.issued_at IS NOT NULL AND {altered('issued_at')})",
                ),
                keys=(("id",), ("code",)),
            ),
        ),
    ),
)


def attach() -> None:
    """Creates the triggers whenever the tables are created from the metadata."""
    kept.attach(STATEMENTS, *(guard.statements() for guard in GUARDS))
