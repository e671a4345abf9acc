"""The demonstration from an empty folder: migrate, populate, drive, export, verify."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from sqlalchemy import create_engine, inspect, or_, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import tune
from engine.papers.book import Paper
from engine.signing import cage
from engine.subjects import Link
from workflows import annexing, logbook, migrate
from workflows.bureau import Bureau
from workflows.checked import Checked
from workflows.demo import populate
from workflows.demo.data import Progress
from workflows.demo.drive import Done, Drive, drive_commune, drive_one, drive_others
from workflows.demo.keys import make_keys
from workflows.demo.schedule import plan
from workflows.demo.together import drive_together
from workflows.offline import check_file
from workflows.papers import PaperDesk
from workflows.trust import Bundle, export
from workflows.units import Unit
from workflows.verification import Verification, verify

MARK, BEGUN = "built.json", "begun"
PAPERS, RECORDS = "papers", "records"
TRUST = "trust.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """A signed paper written to disk, and what an outsider's check says of it: with the
    register, and with nothing but the trust bundle that lies beside it."""

    path: Path
    verification: Verification
    offline: Checked

    @property
    def ok(self) -> bool:
        return self.verification.ok and self.offline.ok


class NotEmpty(Exception):
    """The database has units that no demonstration in this folder brought there."""


class UnderWay(Exception):
    """Another process is building the demonstration in this folder."""


@contextmanager
def begun(database_url: str, folder: Path) -> Iterator[None]:
    """Makes the folder ready for a build, unless there is one in it, and keeps others out
    meanwhile. What a build that was cut short left there is removed, half a demonstration
    being none; what was there before it stays.

    Raises ``UnderWay``, and ``NotEmpty`` where the database holds units all the same: it is
    somebody's, or one beside the folder, and not removed.
    """
    mark = folder / BEGUN
    if (folder / MARK).exists():
        yield
        return
    if not mark.exists():
        before = [one.name for one in folder.iterdir()]
        if _has_units(database_url):
            raise NotEmpty
        mark.write_text(json.dumps(before), encoding="utf-8")
    with mark.open("r+") as held:
        _take(held)
        if (folder / MARK).exists():  # who held it was done meanwhile
            yield
            return
        _leave_only(json.loads(held.read() or "[]"), folder)
        if _has_units(database_url):
            raise NotEmpty
        yield


def _take(held: IO[str]) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UnderWay from None


def _leave_only(before: Sequence[str], folder: Path) -> None:
    for left in folder.iterdir():
        if left.name not in (BEGUN, *before):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _has_units(database_url: str) -> bool:
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            known = inspect(connection).has_table(Unit.__tablename__)
            return known and connection.scalar(select(Unit.id).limit(1)) is not None
    finally:
        engine.dispose()


def run(
    database_url: str,
    folder: Path,
    bureau: Bureau,
    *,
    say: Callable[[Done], None],
    on_progress: Progress,
) -> list[Exported]:
    """Builds the demonstration in ``folder`` (see ``begun``) if it is not there yet, then
    verifies every paper it wrote, as it lies on disk.

    The year judged is the one whose
    window holds the day on which the story begins, so that all of it lies in the past.
    """
    mark = folder / MARK
    engine = tune(create_engine(database_url))
    try:
        with Session(engine) as session:
            if not mark.exists():
                built = _build(session, database_url, folder, bureau, say, on_progress)
                mark.write_text(json.dumps(built, ensure_ascii=False, indent=1), encoding="utf-8")
                (folder / BEGUN).unlink(missing_ok=True)
            return list(_checked(session, bureau.desk, folder))
    finally:
        engine.dispose()


def _checked(session: Session, desk: PaperDesk, folder: Path) -> Iterator[Exported]:
    told = json.dumps(export(session, desk), ensure_ascii=False, indent=1).encode()
    (folder / TRUST).write_bytes(told)
    bundle = Bundle.read(told)
    files = {path: path.read_bytes() for path in sorted((folder / PAPERS).glob("*.pdf"))}
    found = {path: verify(session, desk, content) for path, content in files.items()}
    papers = {one.code: files[path] for path, one in found.items() if one.part == "paper"}
    for path, content in files.items():
        paper = papers.get(found[path].code)  # asked for where the file is an annex
        offline = check_file(content, bundle, paper=paper, ask=cage.answer)  # made here: no trap
        yield Exported(path, found[path], offline)


def _build(
    session: Session,
    database_url: str,
    folder: Path,
    bureau: Bureau,
    say: Callable[[Done], None],
    on_progress: Progress,
) -> dict[str, Any]:
    until = clock.today()
    schedule = plan(until)
    migrate.upgrade(database_url)
    world = populate(session, year=schedule.year, latest=schedule.begins, on_progress=on_progress)
    make_keys(session, bureau.desk.keys, date(schedule.begins.year - 1, 1, 1), on_progress)
    drive = drive_one(session, bureau, world.commune_id, until, say)
    decision = drive_together(session, bureau, until, on_progress)
    drive_commune(session, bureau, world.commune_id, until)
    drive_others(session, bureau, world.commune_id, world.area_id, until, on_progress)
    logbook.record(session, bureau.desk.keys)
    _export(session, bureau, drive, decision, folder)
    return {"built_on": until.isoformat(), "year": world.year, "nomination": drive.nomination}


def _export(session: Session, bureau: Bureau, drive: Drive, decision: int, folder: Path) -> None:
    """The signed papers of the story and the decision over many, with its annex, into one
    folder; those to be signed by hand into another."""
    own = select(Link.paper_id).where(Link.subject_id == drive.nomination)
    listed: Sequence[Paper] = session.scalars(
        select(Paper).where(or_(Paper.id.in_(own), Paper.id == decision)).order_by(Paper.id)
    ).all()
    for paper in listed:
        content, name = bureau.desk.export(session, paper.id)
        target = folder / (PAPERS if paper.number is not None else RECORDS)
        target.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
        if annex := annexing.export(session, bureau.desk, paper):
            (target / annex[1]).write_bytes(annex[0])
