"""A paper tells those it lists what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select

from engine.errors import Conflict, Refusal
from engine.move import Command, Move
from engine.papers.book import Paper
from engine.subjects import Link, Subject

Told = Row[int, str, str]
"""A subject with its state and the digest of its definition."""

CARRIED = ("number", "issued_on", "by", "by_number", "by_date", "effect_on")
"""What of a paper's move goes on into the history of those it lists."""


def tell(move: Move, subjects: Sequence[Told]) -> None:
    """Moves each subject by the transition that waits for this event; one that is closed
    hears nothing. Raises ``Conflict`` (``listed_not_ready``) for one that is elsewhere."""
    event = f"{kind_of(move)}:{move.transition.target}"
    for subject in subjects:
        definition = move.house.definition(subject.definition_digest)
        waiting = [t for t in definition.transitions if t.on == event]
        fitting = [t for t in waiting if subject.state in t.sources]
        closed = definition.by_state[subject.state].closed
        if waiting and not fitting and not closed:
            raise Conflict(
                Refusal("listed_not_ready", {"subject": subject.id, "state": subject.state})
            )
        for transition in fitting:
            paper = {"paper": move.subject_id, **_carried(move)}
            move.then(Command(None, subject.id, transition.id, evidence=paper))


def _carried(move: Move) -> dict[str, Any]:
    return {name: move.record[name] for name in CARRIED if name in move.record}


def kind_of(move: Move) -> str:
    """The kind of the paper that moves."""
    if "kind" in move.record:
        return str(move.record["kind"])
    kind = move.session.scalar(select(Paper.kind).where(Paper.id == move.subject_id))
    if kind is None:
        raise LookupError(f"paper {move.subject_id} has no row")
    return kind


def listed(move: Move, *, without: Collection[int] = ()) -> Sequence[Told]:
    """What the paper lists, in its order."""
    rows = move.session.execute(
        select(Subject.id, Subject.state, Subject.definition_digest)
        .join(Link, Link.subject_id == Subject.id)
        .where(Link.paper_id == move.subject_id, Link.position > 0)
        .order_by(Link.position)
    ).all()
    return [row for row in rows if row.id not in without]
