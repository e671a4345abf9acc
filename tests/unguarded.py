"""What a database's owner could do: the triggers out of the way."""

from __future__ import annotations

from sqlalchemy import Connection, text

_OF_TABLE = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"


def unguard(connection: Connection, *tables: str) -> None:
    """Lets rows of these tables be changed and deleted, whatever refers to them, in this
    database from now on."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL tests.unguarding = 'on'"))  # see ``lending``
    for table in tables:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            continue
        for name in connection.scalars(text(_OF_TABLE), {"table": table}).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
