"""Which papers need a new time stamp, and why: before the newest one can no longer be proved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.db import after_commit, writing
from engine.definition import Confidence, Frozen
from engine.outbox import Task
from engine.papers.book import LEVELS, Paper, PaperStamp, PaperVersion
from workflows.archive import FILES, TASK, part_of
from workflows.lawfiles import LAW, read
from workflows.papers import PaperDesk

AHEAD = timedelta(days=365)
"""A stamp that ends within a year is renewed at the next look: it is looked every night."""

Why = Literal["ends", "weak", "short"]


class Weak(Frozen):
    """An algorithm that is not relied on from a day on."""

    name: str
    since: date = Field(alias="from")


class Algorithms(Frozen):
    confidence: Confidence
    weak: tuple[Weak, ...]


@cache
def algorithms() -> Algorithms:
    """Raises ``DefinitionError`` on a malformed file."""
    return read(Algorithms, LAW / "rules" / "algorithms.toml")


@dataclass(frozen=True, slots=True)
class Renewal:
    """A paper to be stamped, and why: its newest stamp ``ends`` before the day, rests on an
    algorithm that is ``weak`` by then, or it is ``short`` of B-LTA. ``part`` says whether that
    is the paper or its annex; ``error`` is what the worker, which is at it, was told last."""

    paper_id: int
    version_id: int
    number: str
    level: str
    until: datetime | None
    why: Why
    part: str = "paper"
    error: str = ""

    def record(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "paper": self.paper_id,
            "part": self.part,
            "number": self.number,
            "level": self.level,
            "until": self.until.isoformat() if self.until else None,
            "why": self.why,
            "error": self.error,
        }


def due(session: Session, before: datetime | None = None) -> list[Renewal]:
    """Every issued paper that needs a new stamp or evidence as of ``before`` (by default a
    year from now) and that nobody is at, the most pressing first."""
    limit = before or clock.now() + AHEAD
    at_work = _at_work(session)
    return _pressing(one for one in _issued(session, limit) if _task(one) not in at_work)


def failing(session: Session, before: datetime | None = None) -> list[Renewal]:
    """Those that the worker is at and fails with, each with why it failed the last time."""
    limit = before or clock.now() + AHEAD
    at_work = _at_work(session)
    errors = ((one, at_work.get(_task(one))) for one in _issued(session, limit))
    return _pressing(replace(one, error=error) for one, error in errors if error)


def _pressing(found: Iterable[Renewal]) -> list[Renewal]:
    """What ends first, first; what has no stamp, last."""
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: (one.until or latest, one.paper_id, one.version_id))


def renew(session: Session, desk: PaperDesk, before: datetime | None = None) -> list[Renewal]:
    """Leaves a task for each paper that is ``due``; without a time source, none."""
    if desk.times.source is None:
        return []
    found = due(session, before)
    with writing(session):
        tasks = [outbox.add(session, TASK, paper=one.paper_id, **_after(one)) for one in found]
        after_commit(session, lambda: desk.house.wake(tasks))
    return found


def _after(one: Renewal) -> dict[str, int]:
    """A whole version is renewed once only; the steps up to it are made as ever."""
    beside = {"annex": 1} if one.part == "annex" else {}
    return beside | ({} if one.why == "short" else {"after": one.version_id})


def _issued(session: Session, limit: datetime) -> Iterator[Renewal]:
    for part in FILES:
        yield from _issued_part(session, limit, part)


def _issued_part(session: Session, limit: datetime, part: str) -> Iterator[Renewal]:
    last = select(func.max(PaperVersion.id)).where(PaperVersion.stage.in_(FILES[part]))
    rows = session.execute(
        select(PaperVersion, Paper.number_text, PaperStamp)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .outerjoin(PaperStamp, PaperStamp.version_id == PaperVersion.id)
        .where(PaperVersion.id.in_(last.group_by(PaperVersion.paper_id)))
    )
    for version, number, found in rows:
        stamp: PaperStamp | None = found
        if why := _why(version.stage, stamp, limit):
            level, until = LEVELS[version.stage], stamp.until if stamp is not None else None
            yield Renewal(version.paper_id, version.id, number or "", level, until, why, part)


def _why(stage: str, stamp: PaperStamp | None, limit: datetime) -> Why | None:
    # The end comes first: of what is short of B-LTA too, the stamp it has may be its last.
    if stamp is not None and stamp.until < limit:
        return "ends"
    if stamp is None or LEVELS[stage] != "B-LTA":
        return "short"
    return "weak" if _weak(stamp.algorithms.split("/"), limit) else None


def _weak(names: Sequence[str], limit: datetime) -> bool:
    day = clock.law_date(limit)
    return any(one.name in names and one.since <= day for one in algorithms().weak)


def _task(one: Renewal) -> tuple[int, str, int]:
    """The file and the version that its task is for; one that goes up the levels has none."""
    return one.paper_id, one.part, _after(one).get("after", 0)


def _at_work(session: Session) -> dict[tuple[int, str, int], str]:
    """The open tasks, each with what it failed with the last time."""
    open_tasks = session.execute(
        select(Task.ids, Task.last_error).where(
            Task.name == TASK, Task.done_at.is_(None), Task.failed_at.is_(None)
        )
    )
    return {
        (ids["paper"], part_of(ids), ids.get("after", 0)): error or "" for ids, error in open_tasks
    }
