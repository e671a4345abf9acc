"""Alembic's entry point: connects, and runs the migrations in one transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, NullPool, create_engine, event, text

from engine.db import Instant, tune
from workflows.models import metadata

# Any number, the same in every process: it names the lock that migrations take.
LOCK = 7_291_054


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Writes our own types as the plain ones they are made of, so that a migration
    goes on meaning the same when our code changes."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrates the database of the configured address; two processes at once take turns."""
    engine = tune(create_engine(context.config.attributes["url"], poolclass=NullPool))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_foreign_keys)
    with engine.connect() as connection:
        connection.execution_options(writes=True)
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=context.config.attributes["batch"],
            render_item=render_item,
            # Our connections begin explicitly, so SQLite's tables change all or nothing too.
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            context.run_migrations()
            _check_foreign_keys(connection)
    engine.dispose()


def _leave_foreign_keys(connection: Any, _record: Any) -> None:
    # SQLite changes a table by copying and dropping it, which must not empty those that refer
    # to it; the switch does nothing inside a transaction.
    connection.execute("PRAGMA foreign_keys=OFF")


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if orphans:
        raise RuntimeError(f"the migration leaves references to nothing: {orphans[:5]}")


run()
