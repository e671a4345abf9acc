"""What papers still need of the worker, told from themselves and not from the outbox.

Each need leaves a task in the transaction that made it. A task that came off the list all the
same, by whatever hand, would leave a paper without its first bytes, or out of the log, for ever.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.db import after_commit, writing
from engine.history import Event
from engine.house import House
from engine.log.book import Leaf
from engine.outbox import Task
from engine.papers.book import Paper, PaperVersion
from workflows.logbook import INSIDE, MOVES, TASK, Source
from workflows.standing import ACT_OF

RENDER = "render"
_VERSION_LOGGED = select(Leaf.position).where(Leaf.version_id == PaperVersion.id).exists()
_MOVE_LOGGED = (
    select(Leaf.position)
    .where(Leaf.paper_id == Event.subject_id, Leaf.act == Event.version)
    .exists()
)
_LAID_OUT = (
    select(PaperVersion.id)
    .where(PaperVersion.paper_id == Paper.id, PaperVersion.stage == "rendered")
    .exists()
)


# Open and not put off for ever, or given up and with its reason in the list of what failed, where
# people decide.
_LISTED = select(Task.name, Task.ids).where(
    Task.name.in_((RENDER, TASK)),
    Task.done_at.is_(None),
    or_(
        and_(Task.failed_at.is_(None), Task.due_at <= bindparam("latest")),
        Task.last_error.is_not(None),
    ),
)


def to_log(session: Session, *, unlogged: bool = False) -> dict[Source, int]:
    """Everything that must be logged, and its paper; ``unlogged``: what is not yet."""
    versions = select(PaperVersion.id, PaperVersion.paper_id).where(
        PaperVersion.stage.not_in(INSIDE), *([~_VERSION_LOGGED] if unlogged else [])
    )
    # A paper corrected again stays where it is, and is logged all the same.
    moved = or_(Event.from_state != Event.to_state, Event.action.in_(ACT_OF))
    moves = (
        select(Event.subject_id, Event.version)
        .join(Paper, Paper.id == Event.subject_id)
        .where(Event.to_state.in_(MOVES), moved, *([~_MOVE_LOGGED] if unlogged else []))
    )
    owed: dict[Source, int] = {(id_, 0, 0): paper for id_, paper in session.execute(versions)}
    return owed | {(0, paper, act): paper for paper, act in session.execute(moves)}


def forgotten(session: Session) -> list[tuple[str, dict[str, int]]]:
    """The tasks that nobody is at: papers not laid out yet, and what is not logged. Time stamps
    are looked after by ``workflows.renewal``."""
    papers = session.scalars(select(Paper.id).where(~_LAID_OUT).order_by(Paper.id))
    wanted = [(RENDER, {"paper": paper}) for paper in papers]
    wanted += [(TASK, _ids(source)) for source in sorted(to_log(session, unlogged=True))]
    latest = clock.now() + outbox.LONGEST_PAUSE
    listed = {_known(task.name, task.ids) for task in session.execute(_LISTED, {"latest": latest})}
    return [(name, ids) for name, ids in wanted if _known(name, ids) not in listed]


def remember(session: Session, house: House) -> int:
    """Leaves those tasks anew; how many."""
    with writing(session):
        tasks = [outbox.add(session, name, **ids) for name, ids in forgotten(session)]
        after_commit(session, lambda: house.wake(tasks))
    return len(tasks)


def _ids(source: Source) -> dict[str, int]:
    version, paper, act = source
    return {"version": version} if version else {"paper": paper, "act": act}


def _known(name: str, ids: Mapping[str, int]) -> tuple[str, frozenset[tuple[str, int]]]:
    return name, frozenset(ids.items())
