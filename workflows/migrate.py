"""Brings a database to the shape the code expects; ``revision`` tells which shape it has.

``python -m workflows.migrate MESSAGE`` writes a new migration from what the models have
and the migrations have not; read it, and add triggers by hand, before it is committed.
"""

from __future__ import annotations

import sys
import tempfile

from alembic import command
from alembic.config import Config

from workflows.revision import MIGRATIONS


def upgrade(url: str, revision: str = "head") -> None:
    """Runs the migrations up to ``revision``; all of them or, on failure, none."""
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Takes migrations back down to ``revision`` (``base``: to an empty database)."""
    command.downgrade(_config(url), revision)


def write(message: str) -> None:
    """Writes the next migration, numbered, from the difference to the models."""
    number = sum(1 for _ in (MIGRATIONS / "versions").glob("[0-9]*.py")) + 1
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/blank.sqlite"
        if number > 1:
            upgrade(url)
        config = _config(url)
        # SQLite changes a table only by making it anew ("batch"); the first has none to change.
        config.attributes["batch"] = number > 1
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")


def _config(url: str | None) -> Config:
    config = Config()
    # Alembic reads the value as a format, in which a percent sign must be doubled.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes |= {"url": url, "batch": True}
    return config


if __name__ == "__main__":
    write(" ".join(sys.argv[1:]))
