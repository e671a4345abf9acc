"""The log checked anew: in itself, against the papers it tells of, and against their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import EngineError, Refusal
from engine.log import book
from engine.log.book import Entry, Leaf
from engine.log.note import Head, Verifier
from engine.log.recheck import Recheck, recheck
from engine.store import BlobStore
from workflows.logbook import BATCH, Source, entries, source_of, waiting
from workflows.owed import to_log


@dataclass(frozen=True, slots=True)
class Audit:
    """A full recheck: of the log in itself, and against the papers and their files."""

    log: Recheck
    findings: tuple[Refusal, ...]
    waiting: int
    """Issued files that are about to be logged."""


def audit(
    session: Session, verifier: Verifier, store: BlobStore, seen: Sequence[Head] = ()
) -> Audit:
    """Works everything out anew: the tree from the leaves, the leaves from the papers, and
    whether each logged file is still there, whole."""
    log = recheck(session, verifier, seen)
    findings = [*log.findings]
    logged: set[Source] = set()
    for leaves in _in_batches(session):
        findings += _compare(session, store, leaves, logged)
    owed = to_log(session)
    coming = set(waiting(session))
    for source, paper in owed.items():
        if source not in logged and source not in coming:
            findings.append(Refusal("log_paper_missing", {"paper": paper}))
    return Audit(log, tuple(findings), len((owed.keys() & coming) - logged))


def _compare(
    session: Session, store: BlobStore, leaves: Sequence[Leaf], logged: set[Source]
) -> Iterator[Refusal]:
    sources = {leaf.position: source_of(leaf) for leaf in leaves}
    logged.update(sources.values())
    today = entries(session, list(sources.values()), anew=True)
    for leaf in leaves:
        entry = today.get(sources[leaf.position])
        if entry is None or not _same(leaf, entry):
            yield Refusal("log_paper_differs", {"index": leaf.position, "paper": leaf.paper_id})
        elif "sha256" in entry.facts:
            yield from _file_fault(store, leaf.position, entry.facts["sha256"])


def _same(leaf: Leaf, entry: Entry) -> bool:
    try:
        told = book.facts_of(leaf.leaf)
    except (ValueError, AttributeError):
        return False  # told as an edited leaf already, and of nothing that can be compared
    return told == {**entry.facts, "event": entry.event} and leaf.paper_id == entry.paper_id


def _file_fault(store: BlobStore, index: int, sha256: str) -> Iterator[Refusal]:
    try:
        store.get(sha256)
    except EngineError as error:
        damaged = error.code == "file_damaged"
        params = {"index": index, "sha256": sha256}
        yield Refusal("log_file_damaged" if damaged else "log_file_missing", params)


def _in_batches(session: Session) -> Iterator[Sequence[Leaf]]:
    last = -1
    query = select(Leaf).order_by(Leaf.position).limit(BATCH)
    while leaves := session.scalars(query.where(Leaf.position > last)).all():
        yield leaves
        last = leaves[-1].position
        session.expunge_all()
