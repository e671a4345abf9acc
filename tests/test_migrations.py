"""The migrations and the models tell the same, on both databases."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError

from tests.databases import opened
from workflows import migrate, revision
from workflows.models import metadata

ROOT = Path(__file__).resolve().parent.parent

ALEMBIC = "alembic_version"

TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace
    """,
}


def tables(connection: Connection) -> Mapping[str, Any]:
    """Everything the database knows of its tables, comparable."""
    inspector = inspect(connection)
    names = set(inspector.get_table_names()) - {ALEMBIC}
    return {name: _table(inspector, name, connection.dialect) for name in names}


def _table(inspector: Any, name: str, dialect: Any) -> Mapping[str, Any]:
    columns = [
        (c["name"], c["type"].compile(dialect), c["nullable"], c["default"])
        for c in inspector.get_columns(name)
    ]
    constraints = {
        "primary key": [inspector.get_pk_constraint(name)],
        "foreign keys": inspector.get_foreign_keys(name),
        "unique": inspector.get_unique_constraints(name),
        "checks": inspector.get_check_constraints(name),
        "indexes": [_index(one) for one in inspector.get_indexes(name)],
    }
    return {"columns": columns} | {k: sorted(map(repr, v)) for k, v in constraints.items()}


def _index(index: Mapping[str, Any]) -> Mapping[str, Any]:
    """With the condition of a partial index as its text."""
    options = index.get("dialect_options", {})
    return {**index, "dialect_options": {name: str(value) for name, value in options.items()}}


def triggers(connection: Connection) -> Mapping[str, str]:
    rows = connection.execute(text(TRIGGERS[connection.dialect.name]))
    return {name: " ".join(body.split()) for name, body in rows}


def shape(url: str) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    with opened(url) as engine, engine.connect() as connection:
        return tables(connection), triggers(connection)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations to spoil."""
    copy = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "MIGRATIONS", copy)
    return copy


def test_migrations_build_what_the_models_say(empty_database_url: str, database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    migrated, modelled = shape(empty_database_url), shape(database_url)
    assert migrated == modelled
    assert migrated[0], "no table at all"
    assert migrated[1], "no trigger at all"


def test_the_newest_migration_is_the_one_with_the_highest_number() -> None:
    folder = ScriptDirectory(str(migrate.MIGRATIONS))
    assert revision.head() == folder.get_current_head()


def test_alembic_finds_nothing_to_migrate(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    with opened(empty_database_url) as engine, engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_down_to_nothing_and_up_again(empty_database_url: str) -> None:
    assert revision.current(empty_database_url) is None
    migrate.upgrade(empty_database_url)
    assert revision.current(empty_database_url) == revision.head()
    first = shape(empty_database_url)
    migrate.downgrade(empty_database_url, "base")
    assert shape(empty_database_url) == ({}, {})
    migrate.upgrade(empty_database_url)
    migrate.upgrade(empty_database_url)
    assert shape(empty_database_url) == first


def test_a_migration_that_fails_leaves_nothing(empty_database_url: str, folder: Path) -> None:
    (folder / "versions" / "9999_broken.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision = '9999', {revision.head()!r}\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE half (id integer)')\n"
        "    op.execute('nonsense')\n"
    )
    with pytest.raises(DatabaseError, match="nonsense"):
        migrate.upgrade(empty_database_url)
    assert shape(empty_database_url) == ({}, {})
    assert revision.current(empty_database_url) is None


def test_two_processes_take_turns(empty_database_url: str) -> None:
    code = "import sys; from workflows import migrate; migrate.upgrade(sys.argv[1])"
    command = [sys.executable, "-W", "error", "-c", code, empty_database_url]
    both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert revision.current(empty_database_url) == revision.head()


def test_a_written_migration_builds_the_tables(
    empty_database_url: str, database_url: str, folder: Path
) -> None:
    for version in (folder / "versions").glob("[0-9]*.py"):
        version.unlink()
    migrate.write("All at once")
    assert [path.name for path in (folder / "versions").glob("[0-9]*.py")] == [
        "0001_all_at_once.py"
    ]
    migrate.upgrade(empty_database_url)
    assert shape(empty_database_url)[0] == shape(database_url)[0]


def test_migrations_import_nothing_of_ours() -> None:
    versions = list((migrate.MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert versions
    imported = {
        name.split(".")[0]
        for path in versions
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imports(node)
    }
    assert imported <= {"__future__", "alembic", "sqlalchemy"}


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
