"""Close the subjects' row

A subject keeps its id, its kind and its definition, and a move of it carries the digest that
its history row carries.

Revision 0009, after 0008.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


CLOSED = {
    "sqlite": (
        "DROP TRIGGER subjects_move_with_history",
        """
    CREATE TRIGGER subjects_move_with_history BEFORE UPDATE ON subjects
    WHEN (NEW.state IS NOT OLD.state OR NEW.version IS NOT OLD.version
          OR NEW.definition_digest IS NOT OLD.definition_digest)
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
      OR NEW.definition_id IS NOT OLD.definition_id
    BEGIN SELECT RAISE(ABORT, 'a subject stays the same'); END
    """,
    ),
    "postgresql": (
        """
    CREATE OR REPLACE FUNCTION subjects_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a subject is never deleted';
      ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> '' OR NEW.version <> 0 THEN
          RAISE EXCEPTION 'a subject begins with no state';
        END IF;
      ELSIF NEW.id IS DISTINCT FROM OLD.id OR NEW.kind IS DISTINCT FROM OLD.kind
        OR NEW.definition_id IS DISTINCT FROM OLD.definition_id THEN
        RAISE EXCEPTION 'a subject stays the same';
      ELSIF (NEW.state IS DISTINCT FROM OLD.state OR NEW.version IS DISTINCT FROM OLD.version
             OR NEW.definition_digest IS DISTINCT FROM OLD.definition_digest)
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
    ),
}

OPEN = {
    "sqlite": (
        "DROP TRIGGER subjects_stay_the_same",
        "DROP TRIGGER subjects_move_with_history",
        """
    CREATE TRIGGER subjects_move_with_history BEFORE UPDATE ON subjects
    WHEN (NEW.state IS NOT OLD.state OR NEW.version IS NOT OLD.version
          OR NEW.definition_digest IS NOT OLD.definition_digest)
     AND (NEW.version <> OLD.version + 1 OR NOT EXISTS (
        SELECT 1 FROM history WHERE subject_id = NEW.id AND version = NEW.version
           AND from_state = OLD.state AND to_state = NEW.state))
    BEGIN SELECT RAISE(ABORT, 'a state changes only with its history row'); END
    """,
    ),
    "postgresql": (
        """
    CREATE OR REPLACE FUNCTION subjects_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
    ),
}


def upgrade() -> None:
    for statement in CLOSED[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for statement in OPEN[op.get_bind().dialect.name]:
        op.execute(statement)
