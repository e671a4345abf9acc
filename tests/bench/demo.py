"""How long the demonstration takes to build, and its histories to check."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from engine.history import HASHED, seal, verify
from tests.bench.ground import Ground
from tests.bench.measure import Figure, paired
from tests.databases import KINDS, opened
from web.settings import Settings
from workflows.demo import populate

ROOT = Path(__file__).resolve().parents[2]
YEAR = 2026
LIMIT = 20.0
ROUNDS = 5


def figures(ground: Ground) -> Iterator[Figure]:
    """The places and people alone, the whole with every paper, and the check of histories."""
    for kind in KINDS:
        with ground.engine(kind) as engine, Session(engine) as session:
            begun = time.perf_counter()
            populate(session, year=YEAR, on_progress=lambda *_: None)
            yield Figure(f"places, people and rolls, {kind}", time.perf_counter() - begun, "s")
    if not ground.tiny:
        yield from _whole(Settings(env="demo", var=ground.folder / "demo"))


def _whole(settings: Settings) -> Iterator[Figure]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("BINHXET_")}
    begun, worked = time.perf_counter(), _worked()
    subprocess.run(
        [sys.executable, "-m", "web.cli", "demo", "--no-serve", "--var", str(settings.var)],
        cwd=ROOT,
        env=own,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield Figure("the demonstration from nothing", time.perf_counter() - begun, "s", limit=LIMIT)
    yield Figure("the same, time of one processor", _worked() - worked, "s")
    yield _checked(settings.database_url)


def _worked() -> float:
    """Seconds of a processor that the programs started from here have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _checked(url: str) -> Figure:
    path = url.removeprefix("sqlite:///")
    with opened(url) as engine, Session(engine) as session:

        def check() -> None:
            session.rollback()
            if verify(session):
                raise RuntimeError("the demonstration's history does not hold")

        count = _read_and_hash(path)
        return paired(
            f"{count} events of history checked",
            check,
            "raw driver: read and hash them",
            lambda: _read_and_hash(path),
            rounds=ROUNDS,
            warm=1,
        )


def _read_and_hash(path: str) -> int:
    columns = ", ".join((*HASHED, "hash"))
    query = f"SELECT {columns} FROM history ORDER BY subject_id, version"  # noqa: S608
    count = 0
    connection = sqlite3.connect(path)
    try:
        for row in connection.execute(query):
            values = dict(zip((*HASHED, "hash"), row, strict=True))
            values["at"] = datetime.fromisoformat(f"{values['at']}+00:00")
            values["office"] = json.loads(values["office"]) if values["office"] else None
            values["data"] = json.loads(values["data"])
            if seal(values) != values["hash"]:
                raise RuntimeError("the demonstration's history does not hold")
            count += 1
    finally:
        connection.close()
    return count
