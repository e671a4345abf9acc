"""How much memory the processes of an installation hold.

The whole memory of a process counts here, also what it shares with others of its kind.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.house import House
from engine.outbox import Task
from engine.papers.book import Paper
from tests.bench.files import File, open_subjects
from tests.bench.ground import Ground
from tests.bench.measure import Figure
from tests.databases import opened
from web.settings import Settings
from workflows import migrate
from workflows.bureau import build

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "templates" / "papers" / "samples"
PAPERS = 20
WEB_LIMIT, WORKER_LIMIT = 150.0, 300.0
PATIENCE = 300.0
AUTHORITY = 1


def figures(ground: Ground) -> Iterator[Figure]:
    """A web process at rest, and a worker that has laid out papers."""
    settings = Settings(env="demo", var=ground.folder / "memory")
    settings.home.mkdir(parents=True)
    migrate.upgrade(settings.database_url)
    yield from _web(settings, rest=0 if ground.tiny else 1)
    yield from _worker(settings, 1 if ground.tiny else PAPERS)


def _web(settings: Settings, rest: float) -> Iterator[Figure]:
    port = _free_port()
    with running("serve", "--workers", "1", "--port", str(port), settings=settings) as leader:
        _until(partial(_answers, f"http://127.0.0.1:{port}/"))
        _until(partial(_answers, f"http://127.0.0.1:{port}/sign-in"))
        time.sleep(rest)
        held = sorted(map(held_by, group(leader)))
        yield Figure("an idle web process", held[-1], "MB", limit=WEB_LIMIT)
        yield Figure(f"all {len(held)} processes of a site with one of them", sum(held), "MB")


def _worker(settings: Settings, count: int) -> Iterator[Figure]:
    bureau = build(
        blob_folder=settings.blob_folder, keys_folder=settings.keys_folder, specimen=True
    )
    with opened(settings.database_url) as engine, Session(engine) as session:
        _ask_for_papers(session, bureau.house, count)
        with running("worker", settings=settings) as leader:
            _until(lambda: _open_tasks(session) == 0)
            held = max(map(held_by, group(leader)))
        yield Figure(f"a worker after {count} papers", held, "MB", limit=WORKER_LIMIT)


def _ask_for_papers(session: Session, house: House, count: int) -> None:
    """So many papers of every kind, to be laid out by whoever works on the outbox."""
    every = sorted(SAMPLES.glob("*.json"))
    samples = [one for one in every if one.name.partition(".")[0] in house.kinds]
    chosen = [samples[number % len(samples)] for number in range(count)]
    kinds = [house.kinds[sample.name.partition(".")[0]] for sample in chosen]
    files = []
    for kind in kinds:
        definition = house.named(kind.definition)
        files.append(
            File(definition, definition.states[0].id, {"authority": AUTHORITY}, clock.now())
        )
    with writing(session):
        ids = open_subjects(session.connection(), files)
        for i, kind, sample in zip(ids, kinds, chosen, strict=True):
            session.execute(
                insert(Paper).values(
                    id=i,
                    kind=kind.id,
                    authority_id=AUTHORITY,
                    code=clock.new_code(),
                    values=json.loads(sample.read_text(encoding="utf-8")),
                    values_digest="",
                    template_digest=house.template_digest(kind.id),
                    drafted_at=clock.now(),
                )
            )
        at = clock.now()
        task = {"name": "render", "created_at": at, "due_at": at, "attempts": 0}
        session.execute(insert(Task), [task | {"ids": {"paper": i}} for i in ids])


def _open_tasks(session: Session) -> int:
    session.rollback()
    wanted = select(func.count(), func.count(Task.last_error)).where(Task.done_at.is_(None))
    left, failed = session.execute(wanted).one()
    if failed:
        raise RuntimeError("a paper of the benchmark could not be laid out")
    return int(left)


@contextmanager
def running(*command: str, settings: Settings) -> Iterator[int]:
    """A command of the product in a process group of its own, ended at the end."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BINHXET_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", *command],
        cwd=ROOT,
        env=own | {"BINHXET_ENV": settings.env, "BINHXET_VAR": str(settings.var)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def group(leader: int) -> Sequence[int]:
    """The processes of a group."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = status.read_text()
        except OSError:  # gone meanwhile
            continue
        if int(told.rpartition(")")[2].split()[2]) == leader:
            found.append(int(status.parent.name))
    return found


def held_by(process: int) -> float:
    """The resident memory of a process in millions of bytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    resident = next(line for line in lines if line.startswith("VmRSS:"))
    return int(resident.split()[1]) * 1024 / 1e6


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=10) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("the product did not do what the benchmark waits for")
        time.sleep(0.1)
