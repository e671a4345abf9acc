"""On whom one file waits now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from engine.house import House
from engine.subjects import Waiting
from workflows.decisions import awaited
from workflows.queries.cases import Case, Listed
from workflows.queries.holders import Holder, Post, holders


@dataclass(frozen=True, slots=True)
class Pending:
    """An office the subject waits on, and who holds it today."""

    role: str
    unit_id: int
    unit: str
    holder: Holder | None

    @property
    def post(self) -> Post:
        return self.role, self.unit_id


_ID: BindParameter[int] = bindparam("subject")
_WAITING = select(Waiting.role, Waiting.unit_id).where(Waiting.subject_id == _ID)


def pending(session: Session, subject_id: int) -> Sequence[Pending]:
    """On whom a subject waits now. An office that nobody holds anywhere else stays in, so
    that a vacancy is seen; roles an authority does not have fall out."""
    rows = session.execute(_WAITING, {"subject": subject_id})
    posts: list[Post] = [(role, unit) for role, unit in rows]
    held = holders(session, posts)
    shown = [post for post in posts if post in held] or posts
    found: dict[Post, Pending] = {}
    for role, unit in shown:
        holder = held.get((role, unit))
        called = holder.role if holder else role
        one = Pending(called, unit, holder.unit if holder else "", holder)
        found.setdefault(one.post, one)
    return list(found.values())


def in_hand(house: House, case: Case, papers: Sequence[Listed]) -> Listed | None:
    """The paper that a nomination waits for, of those that list it, the newest first: while it
    is drawn up the file waits on whom the paper waits on."""
    kinds = awaited(house.definition(case.digest), case.state)
    for paper in papers:
        done = house.definition(paper.digest).by_state[paper.state].final
        if paper.kind in kinds and not done:
            return paper
    return None
