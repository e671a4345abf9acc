"""The log of papers: what of a paper is logged, when, how it is proved and checked anew.

An issue leaves a task in the outbox, in its own transaction; the worker logs whatever tasks
wait, in one batch, and signs the new head. So an issue waits for nobody else's, and none is
forgotten: an issued file that is neither logged nor about to be is a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import NotFound, Refusal
from engine.history import Event
from engine.log import book, note, tree
from engine.log.book import Entry, Leaf
from engine.outbox import Task
from engine.papers.book import (
    ANNEX_ISSUED,
    ANNEX_PUBLIC,
    ANNEX_RENDERED,
    LEVELS,
    Paper,
    PaperVersion,
)
from engine.papers.freeze import digest
from workflows.keys import Keyring, authority_reference

TASK = "log"
BATCH = 500
INSIDE = ("rendered", "signed", ANNEX_RENDERED)
"""Stages of a file that never leave the office, and so are not logged."""

ISSUED = "issued"
"""What the entry of a paper's issue is called."""

EVENTS = {"issued": ISSUED, ANNEX_ISSUED: "annex"} | dict.fromkeys(
    ANNEX_PUBLIC[1:], "annex_version"
)
"""What a file's entry is called by its stage; later versions of a paper all ``version``."""

MOVES = ("corrected", "replaced", "revoked")
"""States whose entry is logged: what became of a paper after its issue."""

Source = tuple[int, int, int]
"""What an entry comes from: a version (id, 0, 0), or a move of a paper (0, paper, version)."""


@dataclass(frozen=True, slots=True)
class Proved:
    """An entry of a paper and the proof that it is in the log of the checkpoint."""

    index: int
    at: str
    event: str
    leaf: str
    size: int
    path: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The proof as a file that stands by itself."""
        return note.proof(self.index, self.path, self.note, self.leaf.encode())

    def record(self) -> dict[str, Any]:
        """The proof as plain values, for JSON."""
        return {
            "index": self.index,
            "at": self.at,
            "event": self.event,
            "leaf": self.leaf,
            "hash": tree.leaf_hash(self.leaf.encode()).hex(),
            "size": self.size,
            "path": [note.encoded(step) for step in self.path],
            "proof": self.text,
        }


def record(session: Session, keys: Keyring, ids: Mapping[str, int] | None = None) -> None:
    """The worker's task: logs what it names and what else waits, then signs the new head.

    May run any number of times. The entries stay when the head cannot be signed: raises then
    ``Refused`` (``no_log_key``) or ``Conflict`` (``log_inconsistent``), for people to see.
    """
    with writing(session):
        own, tasks = [_source(ids)] if ids else [], _tasks(session, BATCH)
        sources = [*own, *tasks.values()]
        known = entries(session, sources)
        book.append(session, [known[source] for source in sources if source in known])
        # What this task wrote for others need not be taken up again; itself it ends with the
        # signature, which may yet fail.
        done = [i for i, source in tasks.items() if source in known and source not in own]
        if own and done:
            ended = update(Task).where(Task.id.in_(done)).values(done_at=clock.now())
            session.execute(ended.execution_options(synchronize_session=False))
    sign(session, keys)


def sign(session: Session, keys: Keyring) -> str | None:
    """Signs the log as it is, and keeps the head beside the key too, where those who can
    write to the database cannot reach it; none when there is nothing to sign."""
    signer = keys.log_signer
    signed = book.sign(session, signer, keys.log_heads())
    if signed:
        keys.keep_log_head(signed)
    return signed


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a paper stands in the log. ``proved`` once a signed head covers its entry."""

    index: int
    at: datetime
    proved: bool


def standing(session: Session, paper_id: int) -> Standing | None:
    """The newest entry of a paper; none while nothing of it is logged."""
    found = session.execute(
        select(Leaf.position, Leaf.at)
        .where(Leaf.paper_id == paper_id)
        .order_by(Leaf.position.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    head = book.last_checkpoint(session)
    return Standing(found.position, found.at, head is not None and found.position < head.size)


def checkpoint(session: Session) -> book.Checkpoint:
    """The newest checkpoint; raises ``NotFound`` (``no_checkpoint``)."""
    found = book.last_checkpoint(session)
    if found is None:
        raise NotFound(Refusal("no_checkpoint"))
    return found


def named(session: Session, name: str) -> Paper:
    """The paper of that public code or number; raises ``NotFound``."""
    found = session.scalars(select(Paper).where(Paper.code == name)).first()
    if found is None and name.isascii() and name.isdigit() and len(name) < 10:
        found = session.get(Paper, int(name))
    if found is None:
        raise NotFound(Refusal("no_such_paper", {"id": name}))
    return found


def prove(session: Session, paper_id: int) -> list[Proved]:
    """Every entry of a paper with its proof in the newest checkpoint, the oldest first.

    Raises ``NotFound``: ``no_checkpoint``, or ``not_logged`` when no entry is under it yet.
    """
    head = checkpoint(session)
    leaves = session.scalars(
        select(Leaf)
        .where(Leaf.paper_id == paper_id, Leaf.position < head.size)
        .order_by(Leaf.position)
    ).all()
    if not leaves:
        raise NotFound(Refusal("not_logged", {"id": paper_id}))
    return [_proved(session, leaf, head) for leaf in leaves]


def _proved(session: Session, leaf: Leaf, head: book.Checkpoint) -> Proved:
    path = tuple(book.inclusion(session, leaf.position, head.size))
    at = leaf.at.isoformat()
    return Proved(leaf.position, at, leaf.event, leaf.leaf, head.size, path, head.note)


def continued(session: Session, first: int) -> tuple[list[bytes], book.Checkpoint]:
    """The proof that the newest checkpoint continues the log of ``first`` leaves.

    Raises ``NotFound`` (``no_checkpoint``, ``log_shorter``).
    """
    head = checkpoint(session)
    if not 0 < first <= head.size:
        raise NotFound(Refusal("log_shorter", {"size": first, "now": head.size}))
    return book.consistency(session, first, head.size), head


def checkpoint_told(session: Session, keys: Keyring) -> dict[str, Any]:
    """The newest checkpoint as plain values, with the key that checks it."""
    head = checkpoint(session)
    return {
        "origin": keys.log_verifier.name,
        "size": head.size,
        "root": head.root,
        "at": head.at.isoformat(),
        "checkpoint": head.note,
        "key": str(keys.log_verifier),
    }


def proof_told(session: Session, keys: Keyring, paper: Paper) -> dict[str, Any]:
    """Every entry of a paper with its proof, as plain values."""
    entries = prove(session, paper.id)
    return {
        "paper": paper.code,
        "entries": [entry.record() for entry in entries],
        "checkpoint": entries[0].note,
        "key": str(keys.log_verifier),
    }


def continued_told(session: Session, keys: Keyring, first: int) -> dict[str, Any]:
    """The proof of continuation as plain values."""
    path, head = continued(session, first)
    return {
        "first": first,
        "second": head.size,
        "path": [note.encoded(step) for step in path],
        "checkpoint": head.note,
        "key": str(keys.log_verifier),
    }


def waiting(session: Session, limit: int | None = None) -> list[Source]:
    """What stands in the outbox to be logged, the oldest first."""
    return list(_tasks(session, limit).values())


def _tasks(session: Session, limit: int | None) -> dict[int, Source]:
    """The same by the ids of the tasks."""
    tasks = session.execute(
        select(Task.id, Task.ids)
        .where(Task.name == TASK, Task.done_at.is_(None), Task.failed_at.is_(None))
        .order_by(Task.id)
        .limit(limit)
    )
    return {task.id: _source(task.ids) for task in tasks}


def _source(ids: Mapping[str, int]) -> Source:
    return (ids["version"], 0, 0) if "version" in ids else (0, ids["paper"], ids["act"])


def source_of(leaf: Leaf) -> Source:
    """What an entry says it comes from."""
    return (leaf.version_id or 0, 0, 0) if leaf.version_id else (0, leaf.paper_id, leaf.act or 0)


def entries(
    session: Session, sources: Sequence[Source], *, anew: bool = False
) -> dict[Source, Entry]:
    """What the rows of today tell of each source; ``anew``: with the digest of the values
    taken again instead of the one that was kept."""
    versions = [version for version, _, _ in sources if version]
    acts = [(paper, act) for version, paper, act in sources if not version]
    found: dict[Source, Entry] = {}
    for paper, version in session.execute(
        select(Paper, PaperVersion)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(PaperVersion.id.in_(versions))
    ):
        event = EVENTS.get(version.stage, "version")
        facts = {**_facts(paper, anew), "sha256": version.sha256, "size": version.size}
        if event.endswith("version"):
            facts["level"] = LEVELS.get(version.stage)
        found[(version.id, 0, 0)] = Entry(event, paper.id, facts, version_id=version.id)
    for paper, move in session.execute(
        select(Paper, Event)
        .join(Event, Event.subject_id == Paper.id)
        .where(tuple_(Event.subject_id, Event.version).in_(acts))
    ):
        facts = {**_facts(paper, anew), "history": move.hash}
        found[(0, paper.id, move.version)] = Entry(move.to_state, paper.id, facts, act=move.version)
    return found


def _facts(paper: Paper, anew: bool) -> dict[str, Any]:
    """What is public of a paper; nothing of any person."""
    return {
        "paper": paper.code,
        "kind": paper.kind,
        "number": paper.number_text,
        "issued_on": paper.issued_on.isoformat() if paper.issued_on else None,
        "authority": authority_reference(paper.authority_id),
        "values": digest(paper.values) if anew else paper.values_digest,
    }
