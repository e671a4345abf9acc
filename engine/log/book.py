"""The log as it is kept: leaves in one order for all, and the checkpoints that were signed.

A leaf's row keeps, besides its text, the hashes of the complete subtrees that end with it. So
adding a leaf, a root of any size and any proof read a few rows each, however long the log is.
Triggers (``engine.triggers``) let rows be added and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant, writing
from engine.errors import Conflict, Refusal
from engine.history import canonical
from engine.log import tree
from engine.log.note import Head, Signer
from engine.log.tree import Node

FORM = 1
"""Version of the canonical form of a leaf; a change of the form is a new number."""

LOCK = 9_162_001
"""Any number, the same in every process: it names the lock of who appends."""


class Leaf(Base):
    """One entry. It tells of a version of a paper's file (``version_id``) or of a move of the
    paper (``act``, a version of its history); ``leaf`` is the canonical text that is hashed."""

    __tablename__ = "log_leaves"

    position: Mapped[int] = mapped_column("index", primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    event: Mapped[str] = mapped_column(String(60))
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("paper_versions.id"))
    act: Mapped[int | None]
    leaf: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))
    nodes: Mapped[list[str]] = mapped_column(JSON)

    __table_args__ = (
        UniqueConstraint("version_id"),
        UniqueConstraint("paper_id", "act"),
        Index("ix_log_leaves_paper_id", "paper_id"),
    )


class Checkpoint(Base):
    """A signed head. There is one for a size at most: two would be two logs."""

    __tablename__ = "checkpoints"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be logged of a paper: the plain facts, and the row they come from."""

    event: str
    paper_id: int
    facts: Mapping[str, Any]
    version_id: int | None = None
    act: int | None = None


def append(session: Session, entries: Sequence[Entry]) -> list[int]:
    """Adds the entries that are not in the log yet, in this order; the index of each one added.

    Who appends holds one lock until the commit, so there is one order, without a gap. The
    text of a leaf tells its own index, when it was logged (never before the leaf in front of
    it), and the index of the entry before it about the same paper.
    """
    with writing(session):
        _lock(session)
        fresh = _not_logged(session, entries)
        edge = _edge(session)
        latest = _latest_of(session, {entry.paper_id for entry in fresh})
        at = _not_before(session, edge.size)
        rows = []
        for entry in fresh:
            index = edge.size
            told = _text(entry, index, at, latest.get(entry.paper_id))
            ended = edge.append(tree.leaf_hash(told.encode()))
            rows.append(_row(entry, index, at, told, ended))
            latest[entry.paper_id] = index
        if rows:
            session.execute(insert(Leaf), rows)
        return [row["position"] for row in rows]


def facts_of(leaf: str) -> dict[str, Any]:
    """What a leaf tells of its paper, without its place in the log."""
    told: dict[str, Any] = json.loads(leaf)
    return {name: told[name] for name in told.keys() - {"form", "index", "at", "previous"}}


def size(session: Session) -> int:
    """How many leaves there are."""
    last = session.scalar(select(func.max(Leaf.position)))
    return 0 if last is None else last + 1


def root(session: Session, size: int) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    nodes = tree.cover(0, size)
    found = _hashes(session, nodes)
    return tree.fold([found[node] for node in nodes])


def inclusion(session: Session, index: int, size: int) -> list[bytes]:
    """The inclusion proof of a leaf in the tree of that size (RFC 9162, 2.1.3)."""
    return _resolved(session, tree.inclusion(index, size))


def consistency(session: Session, first: int, second: int) -> list[bytes]:
    """The proof that the tree of one size continues that of another (RFC 9162, 2.1.4)."""
    return _resolved(session, tree.consistency(first, second))


def last_checkpoint(session: Session) -> Checkpoint | None:
    """The newest signed head."""
    return session.scalars(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).first()


def sign(session: Session, signer: Signer, seen: Sequence[Head] = ()) -> str | None:
    """Signs the log as it is now and keeps the checkpoint; its note, or none for no leaves.

    The head must continue the last checkpoint and every other one that was ``seen``: raises
    ``Conflict`` (``log_inconsistent``) and signs nothing when it does not.
    """
    with writing(session):
        _lock(session)
        edge = _edge(session)
        last = last_checkpoint(session)
        before = [*seen, *([signer.verifier.open(last.note)] if last else [])]
        for head in before:
            _require_continued(session, head, edge)
        if edge.size == 0 or (last and last.size == edge.size):
            return last.note if last else None
        note = signer.sign(edge.size, edge.root)
        session.execute(
            insert(Checkpoint).values(
                size=edge.size, root=edge.root.hex(), at=clock.now(), note=note
            )
        )
        return note


def _require_continued(session: Session, head: Head, edge: tree.Edge) -> None:
    good = head.size <= edge.size
    if good and head.size:
        path = consistency(session, head.size, edge.size)
        good = tree.extends(head.size, edge.size, path, head.root, edge.root)
    if not good:
        raise Conflict(Refusal("log_inconsistent", {"size": head.size, "now": edge.size}))


def _lock(session: Session) -> None:
    """One at a time appends or signs; on SQLite whoever writes is alone already."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _not_logged(session: Session, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that are new, each once."""
    versions = {entry.version_id for entry in entries if entry.version_id is not None}
    papers = {entry.paper_id for entry in entries if entry.act is not None}
    known: set[tuple[int | None, int | None, int | None]] = set()
    for column, ids in ((Leaf.version_id, versions), (Leaf.paper_id, papers)):
        rows = session.execute(
            select(Leaf.version_id, Leaf.paper_id, Leaf.act).where(column.in_(ids))
        )
        known |= {_source(*row) for row in rows}
    fresh = {_source(entry.version_id, entry.paper_id, entry.act): entry for entry in entries}
    return [entry for source, entry in fresh.items() if source not in known]


def _source(
    version: int | None, paper: int, act: int | None
) -> tuple[int | None, int | None, int | None]:
    return (version, None, None) if version is not None else (None, paper, act)


def _text(entry: Entry, index: int, at: datetime, previous: int | None) -> str:
    place = {"form": FORM, "index": index, "at": at, "event": entry.event, "previous": previous}
    return canonical({**entry.facts, **place}).decode()


def _row(
    entry: Entry, index: int, at: datetime, told: str, ended: Sequence[bytes]
) -> dict[str, Any]:
    return {
        "position": index,
        "at": at,
        "event": entry.event,
        "paper_id": entry.paper_id,
        "version_id": entry.version_id,
        "act": entry.act,
        "leaf": told,
        "hash": ended[0].hex(),
        "nodes": [node.hex() for node in ended[1:]],
    }


def _edge(session: Session) -> tree.Edge:
    leaves = size(session)
    nodes = tree.cover(0, leaves)
    found = _hashes(session, nodes)
    return tree.Edge(leaves, [found[node] for node in nodes])


def _latest_of(session: Session, papers: Iterable[int]) -> dict[int, int]:
    rows = session.execute(
        select(Leaf.paper_id, func.max(Leaf.position))
        .where(Leaf.paper_id.in_(list(papers)))
        .group_by(Leaf.paper_id)
    ).all()
    return dict(rows)


def _not_before(session: Session, size: int) -> datetime:
    """Now, or the instant of the last leaf when the clock was set back since."""
    before = session.scalar(select(Leaf.at).where(Leaf.position == size - 1))
    now = clock.now()
    return max(before, now) if before else now


def _resolved(session: Session, path: Sequence[tree.Cover]) -> list[bytes]:
    return tree.resolve(path, _hashes(session, [node for each in path for node in each]))


def _hashes(session: Session, nodes: Iterable[Node]) -> dict[Node, bytes]:
    """The hashes of some nodes, in one query; raises ``Conflict`` (``log_broken``) when a row
    that must be there is not, or does not have them."""
    wanted = {node: node.last for node in nodes}
    rows = {
        row.position: [row.hash, *row.nodes]
        for row in session.execute(
            select(Leaf.position, Leaf.hash, Leaf.nodes).where(
                Leaf.position.in_(set(wanted.values()))
            )
        )
    }
    try:
        return {node: bytes.fromhex(rows[last][node.level]) for node, last in wanted.items()}
    except (LookupError, ValueError):
        raise Conflict(Refusal("log_broken")) from None
