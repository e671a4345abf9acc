"""Keep numbers, papers and results as they were written

Revision 0018, after 0017.
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SQLITE = (
    """
    CREATE TRIGGER registers_stay_as_written BEFORE UPDATE ON registers
    WHEN (NEW.id, NEW.authority_id, NEW.series, NEW.year)
      IS NOT (OLD.id, OLD.authority_id, OLD.series, OLD.year)
      OR NEW.last <> OLD.last + 1
    BEGIN SELECT RAISE(ABORT, 'a number is given once'); END
    """,
    """
    CREATE TRIGGER registers_stay BEFORE DELETE ON registers
    BEGIN SELECT RAISE(ABORT, 'a number is given once'); END
    """,
    """
    CREATE TRIGGER registers_only_grow BEFORE INSERT ON registers
    WHEN EXISTS (SELECT 1 FROM registers WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM registers WHERE authority_id = NEW.authority_id AND series =
        NEW.series AND year = NEW.year)
    BEGIN SELECT RAISE(ABORT, 'a number is given once'); END
    """,
    """
    CREATE TRIGGER register_entries_stay_as_written BEFORE UPDATE ON register_entries
    BEGIN SELECT RAISE(ABORT, 'a number is given once'); END
    """,
    """
    CREATE TRIGGER register_entries_stay BEFORE DELETE ON register_entries
    BEGIN SELECT RAISE(ABORT, 'a number is given once'); END
    """,
    """
    CREATE TRIGGER register_entries_only_grow BEFORE INSERT ON register_entries
    WHEN EXISTS (SELECT 1 FROM register_entries WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM register_entries WHERE register_id = NEW.register_id AND number =
        NEW.number)
      OR EXISTS (SELECT 1 FROM register_entries WHERE paper_id = NEW.paper_id)
    BEGIN SELECT RAISE(ABORT, 'a number is given once'); END
    """,
    """
    CREATE TRIGGER papers_stay_as_written BEFORE UPDATE ON papers
    WHEN (NEW.id, NEW.kind, NEW.authority_id, NEW.code, NEW."values", NEW.values_digest,
      NEW.template_digest, NEW.drafted_at)
      IS NOT (OLD.id, OLD.kind, OLD.authority_id, OLD.code, OLD."values", OLD.values_digest,
        OLD.template_digest, OLD.drafted_at)
      OR (OLD.number IS NOT NULL AND (NEW.number, NEW.number_text, NEW.issued_on)
      IS NOT (OLD.number, OLD.number_text, OLD.issued_on))
    BEGIN SELECT RAISE(ABORT, 'a paper stays as it was drafted and issued'); END
    """,
    """
    CREATE TRIGGER papers_stay BEFORE DELETE ON papers
    BEGIN SELECT RAISE(ABORT, 'a paper stays as it was drafted and issued'); END
    """,
    """
    CREATE TRIGGER papers_only_grow BEFORE INSERT ON papers
    WHEN EXISTS (SELECT 1 FROM papers WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM papers WHERE code = NEW.code)
    BEGIN SELECT RAISE(ABORT, 'a paper stays as it was drafted and issued'); END
    """,
    """
    CREATE TRIGGER paper_versions_stay_as_written BEFORE UPDATE ON paper_versions
    BEGIN SELECT RAISE(ABORT, 'a paper stays as it was drafted and issued'); END
    """,
    """
    CREATE TRIGGER paper_versions_stay BEFORE DELETE ON paper_versions
    BEGIN SELECT RAISE(ABORT, 'a paper stays as it was drafted and issued'); END
    """,
    """
    CREATE TRIGGER paper_versions_only_grow BEFORE INSERT ON paper_versions
    WHEN EXISTS (SELECT 1 FROM paper_versions WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM paper_versions WHERE paper_id = NEW.paper_id AND stage =
        NEW.stage AND sha256 = NEW.sha256)
    BEGIN SELECT RAISE(ABORT, 'a paper stays as it was drafted and issued'); END
    """,
    """
    CREATE TRIGGER results_stay_as_written BEFORE UPDATE ON results
    WHEN (NEW.id, NEW.area_id, NEW.year, NEW.source)
      IS NOT (OLD.id, OLD.area_id, OLD.year, OLD.source)
      OR OLD.nomination_id IS NOT NULL AND NEW.nomination_id IS NULL
      OR NEW.nomination_id IS NULL AND ((NEW.recognised, NEW.level, NEW.counts_from,
        NEW.counts_until)
      IS NOT (OLD.recognised, OLD.level, OLD.counts_from, OLD.counts_until)
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
        counts_from = NEW.counts_from)
    BEGIN SELECT RAISE(ABORT, 'a result is not changed'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION registers_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'a number is given once';
    END $$
    """,
    """
    CREATE TRIGGER registers_stay_as_written BEFORE UPDATE ON registers
    FOR EACH ROW
    WHEN ((NEW.id, NEW.authority_id, NEW.series, NEW.year)
      IS DISTINCT FROM (OLD.id, OLD.authority_id, OLD.series, OLD.year)
      OR NEW.last <> OLD.last + 1) EXECUTE FUNCTION registers_guard()
    """,
    """
    CREATE TRIGGER registers_stay BEFORE DELETE ON registers
    FOR EACH ROW EXECUTE FUNCTION registers_guard()
    """,
    """
    CREATE TRIGGER registers_no_truncate BEFORE TRUNCATE ON registers
    FOR EACH STATEMENT EXECUTE FUNCTION registers_guard()
    """,
    """
    CREATE TRIGGER register_entries_guard BEFORE UPDATE OR DELETE ON register_entries
    FOR EACH ROW EXECUTE FUNCTION registers_guard()
    """,
    """
    CREATE TRIGGER register_entries_no_truncate BEFORE TRUNCATE ON register_entries
    FOR EACH STATEMENT EXECUTE FUNCTION registers_guard()
    """,
    """
    CREATE FUNCTION papers_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'a paper stays as it was drafted and issued';
    END $$
    """,
    """
    CREATE TRIGGER papers_stay_as_written BEFORE UPDATE ON papers
    FOR EACH ROW
    WHEN ((NEW.id, NEW.kind, NEW.authority_id, NEW.code, NEW."values"::text, NEW.values_digest,
      NEW.template_digest, NEW.drafted_at)
      IS DISTINCT FROM (OLD.id, OLD.kind, OLD.authority_id, OLD.code, OLD."values"::text,
        OLD.values_digest, OLD.template_digest, OLD.drafted_at)
      OR (OLD.number IS NOT NULL AND (NEW.number, NEW.number_text, NEW.issued_on)
      IS DISTINCT FROM (OLD.number, OLD.number_text, OLD.issued_on))) EXECUTE FUNCTION
        papers_guard()
    """,
    """
    CREATE TRIGGER papers_stay BEFORE DELETE ON papers
    FOR EACH ROW EXECUTE FUNCTION papers_guard()
    """,
    """
    CREATE TRIGGER papers_no_truncate BEFORE TRUNCATE ON papers
    FOR EACH STATEMENT EXECUTE FUNCTION papers_guard()
    """,
    """
    CREATE TRIGGER paper_versions_guard BEFORE UPDATE OR DELETE ON paper_versions
    FOR EACH ROW EXECUTE FUNCTION papers_guard()
    """,
    """
    CREATE TRIGGER paper_versions_no_truncate BEFORE TRUNCATE ON paper_versions
    FOR EACH STATEMENT EXECUTE FUNCTION papers_guard()
    """,
    """
    CREATE FUNCTION results_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'a result is not changed';
    END $$
    """,
    """
    CREATE TRIGGER results_stay_as_written BEFORE UPDATE ON results
    FOR EACH ROW
    WHEN ((NEW.id, NEW.area_id, NEW.year, NEW.source)
      IS DISTINCT FROM (OLD.id, OLD.area_id, OLD.year, OLD.source)
      OR OLD.nomination_id IS NOT NULL AND NEW.nomination_id IS NULL
      OR NEW.nomination_id IS NULL AND ((NEW.recognised, NEW.level, NEW.counts_from,
        NEW.counts_until)
      IS DISTINCT FROM (OLD.recognised, OLD.level, OLD.counts_from, OLD.counts_until)
      OR OLD.decision_number IS NOT NULL AND (NEW.decision_number)
      IS DISTINCT FROM (OLD.decision_number)
      OR OLD.decided_on IS NOT NULL AND (NEW.decided_on)
      IS DISTINCT FROM (OLD.decided_on))) EXECUTE FUNCTION results_guard()
    """,
    """
    CREATE TRIGGER results_stay BEFORE DELETE ON results
    FOR EACH ROW
    WHEN (OLD.nomination_id IS NULL) EXECUTE FUNCTION results_guard()
    """,
    """
    CREATE TRIGGER results_no_truncate BEFORE TRUNCATE ON results
    FOR EACH STATEMENT EXECUTE FUNCTION results_guard()
    """,
)
TRIGGERS = {
    "sqlite": (
        ("registers_stay_as_written", "registers"),
        ("registers_stay", "registers"),
        ("registers_only_grow", "registers"),
        ("register_entries_stay_as_written", "register_entries"),
        ("register_entries_stay", "register_entries"),
        ("register_entries_only_grow", "register_entries"),
        ("papers_stay_as_written", "papers"),
        ("papers_stay", "papers"),
        ("papers_only_grow", "papers"),
        ("paper_versions_stay_as_written", "paper_versions"),
        ("paper_versions_stay", "paper_versions"),
        ("paper_versions_only_grow", "paper_versions"),
        ("results_stay_as_written", "results"),
        ("results_stay", "results"),
        ("results_only_grow", "results"),
    ),
    "postgresql": (
        ("registers_stay_as_written", "registers"),
        ("registers_stay", "registers"),
        ("registers_no_truncate", "registers"),
        ("register_entries_guard", "register_entries"),
        ("register_entries_no_truncate", "register_entries"),
        ("papers_stay_as_written", "papers"),
        ("papers_stay", "papers"),
        ("papers_no_truncate", "papers"),
        ("paper_versions_guard", "paper_versions"),
        ("paper_versions_no_truncate", "paper_versions"),
        ("results_stay_as_written", "results"),
        ("results_stay", "results"),
        ("results_no_truncate", "results"),
    ),
}
FUNCTIONS = ("registers_guard", "papers_guard", "results_guard")


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for name, table in TRIGGERS[dialect]:
        op.execute(f"DROP TRIGGER {name}" + ("" if dialect == "sqlite" else f" ON {table}"))
    if dialect == "postgresql":
        for function in FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}()")
