"""What the register and the log say of a file by its bytes alone: which version it is of what.

A row of the register says what a file is; whether it was issued, the text of the log's entry
says, which nobody rewrites unseen. A row that the log contradicts counts as not logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.log import tree
from engine.log.book import Leaf, facts_of
from engine.outbox import Task
from engine.papers.book import ANNEXES, LEFT, Paper, PaperVersion
from engine.subjects import Subject
from workflows.logbook import TASK

LOGGED_WITHIN = timedelta(days=1)
"""The worker logs an issue within minutes. What is not in the log after this does not count as
issued: the log is what nobody can add to unseen."""

_SKEW = timedelta(minutes=5)
"""How far the clocks of our machines may be apart."""

_LATER = aliased(PaperVersion)


@dataclass(frozen=True, slots=True)
class Known:
    """A version of a paper's file, and the paper."""

    paper_id: int
    code: str
    number: str
    stage: str
    state: str
    authority_id: int
    log_index: int | None
    """Where the log tells of exactly these bytes, under this paper's code and number."""

    newest: bool
    """Whether no later version of the same file of its paper left the office."""

    unlogged: str
    """That a file which left the office is not in the log: as a reason, else nothing."""


def known(session: Session, digests: Sequence[str]) -> Known | None:
    """The newest version that has one of these digests (SHA-256), if any has."""
    row = session.execute(_QUERY.where(PaperVersion.sha256.in_(digests))).first()
    if row is None:
        return None
    logged = row.leaf is not None and _told_by(row)
    return Known(
        paper_id=row.id,
        code=row.code,
        number=row.number_text or "",
        stage=row.stage,
        state=row.state,
        authority_id=row.authority_id,
        log_index=row.position if logged else None,
        newest=row.newest,
        unlogged="" if logged or row.stage not in LEFT else _waiting(session, row),
    )


_QUERY = (
    select(
        Paper.id,
        Paper.code,
        Paper.number_text,
        Paper.authority_id,
        PaperVersion.id.label("version"),
        PaperVersion.stage,
        PaperVersion.sha256,
        Subject.state,
        Leaf.position,
        Leaf.leaf,
        Leaf.hash,
        (
            ~exists().where(
                _LATER.paper_id == PaperVersion.paper_id,
                _LATER.id > PaperVersion.id,
                _LATER.stage.in_(LEFT),
                _LATER.stage.in_(ANNEXES) == PaperVersion.stage.in_(ANNEXES),
            )
        ).label("newest"),
    )
    .join(PaperVersion, PaperVersion.paper_id == Paper.id)
    .join(Subject, Subject.id == Paper.id)
    .outerjoin(Leaf, Leaf.version_id == PaperVersion.id)
    .order_by(PaperVersion.id.desc())
    .limit(1)
)


def _told_by(row: Any) -> bool:
    """Whether the log's entry is whole and about these bytes, under this code and number."""
    if tree.leaf_hash(row.leaf.encode()).hex() != row.hash:
        return False
    facts = facts_of(row.leaf)
    told = (facts.get("sha256"), facts.get("paper"), facts.get("number"))
    return told == (row.sha256, row.code, row.number_text)


def _waiting(session: Session, row: Any) -> str:
    """``not_logged_yet`` while the task to log a version stands open and is young: an issue
    leaves one in its own transaction, so a row without it was never issued."""
    left_at: datetime | None = None
    if row.leaf is None:
        left_at = session.scalar(
            select(func.min(Task.created_at)).where(
                Task.name == TASK,
                Task.done_at.is_(None),
                Task.ids["version"].as_integer() == row.version,
            )
        )
    if left_at is None:
        return "not_logged"
    young = -_SKEW <= clock.now() - left_at <= LOGGED_WITHIN
    return "not_logged_yet" if young else "not_logged"
