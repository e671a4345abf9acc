"""Which shape a database has, and which the code expects.

Apart from ``migrate``, which changes it: whoever only asks does not load what migrates.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import NullPool, create_engine, inspect, text

MIGRATIONS = Path(__file__).with_name("migrations")
_KEPT = "alembic_version"


@cache
def head() -> str:
    """The revision the code expects: each migration is named by its number, the newest last.

    Raises ``LookupError`` where there is none.
    """
    names = sorted(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    if not names:
        raise LookupError(f"no migration in {MIGRATIONS}")
    return names[-1].partition("_")[0]


def current(url: str) -> str | None:
    """The revision a database has; none if it was never migrated."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        if not inspect(connection).has_table(_KEPT):
            return None
        found: str | None = connection.scalar(text(f"SELECT version_num FROM {_KEPT}"))  # noqa: S608
        return found
