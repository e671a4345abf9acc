"""What a benchmark stands on: a folder, databases that keep every commit, and its size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

from engine.db import tune
from tests.databases import Databases, sweep


@dataclass(frozen=True, slots=True)
class Ground:
    """``tiny`` only shows that a benchmark runs: its figures mean nothing."""

    folder: Path
    databases: Databases
    tiny: bool = False

    def rounds(self, wanted: int) -> int:
        """How often to measure."""
        return 1 if self.tiny else wanted

    @contextmanager
    def engine(self, kind: str) -> Iterator[Engine]:
        """A new database with all tables and no row, reached as in production."""
        url = self.databases.copy(kind)
        made = tune(create_engine(url))
        try:
            yield made
        finally:
            made.dispose()
            self.databases.drop(url)


@contextmanager
def ground(folder: Path, *, tiny: bool = False) -> Iterator[Ground]:
    """The ground in an empty folder."""
    run = f"bxbench{os.getpid()}"
    made = Databases(run=run, shared=folder, own=folder, server=folder / "pg", durable=not tiny)
    try:
        yield Ground(folder, made, tiny)
    finally:
        made.close()
        sweep(run)
