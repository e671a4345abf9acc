"""The log checked anew: in itself, against the papers it tells of, against their files, and
against what is printed on these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import EngineError, Refusal
from engine.log import book
from engine.log.book import Entry, Leaf
from engine.log.note import Head, Verifier
from engine.log.recheck import Recheck, recheck
from engine.store import BlobStore
from workflows.logbook import BATCH, ISSUED, Source, entries, source_of, waiting
from workflows.owed import to_log
from workflows.printed import Printed, against, printed


@dataclass(frozen=True, slots=True)
class Audit:
    """A full recheck: of the log in itself, and against the papers and their files."""

    log: Recheck
    findings: tuple[Refusal, ...]
    waiting: int
    """Issued files that are about to be logged."""
    printed: int
    """Issued papers whose printed checkpoint was held to the log."""
    unprinted: int
    """Those in whose file none can be read."""


@dataclass(slots=True)
class _Files:
    """What the files say; each is read once."""

    store: BlobStore
    printed: list[Printed] = field(default_factory=list)
    unprinted: int = 0

    def faults(self, index: int, entry: Entry) -> Iterator[Refusal]:
        """What is wrong with the file of a leaf."""
        try:
            self.read(entry)
        except EngineError as error:
            damaged = error.code == "file_damaged"
            params = {"index": index, "sha256": entry.facts["sha256"]}
            yield Refusal("log_file_damaged" if damaged else "log_file_missing", params)

    def read(self, entry: Entry) -> None:
        """Notes which log an issued paper was printed with; raises as the store does."""
        content = self.store.get(entry.facts["sha256"])
        if entry.event == ISSUED:
            found = printed(content, entry.facts["paper"], entry.facts["number"])
            self.printed += [found] if found else []
            self.unprinted += found is None


def audit(
    session: Session, verifier: Verifier, store: BlobStore, seen: Sequence[Head] = ()
) -> Audit:
    """Works everything out anew: the tree from the leaves, the leaves from the papers, whether
    each logged file is still there, whole, and whether each paper was printed with this log."""
    files = _Files(store)
    logged: set[Source] = set()
    compared: list[Refusal] = []
    for leaves in _in_batches(session):
        compared += _compare(session, files, leaves, logged)
    owed = to_log(session)
    coming = set(waiting(session))
    unlogged = [source for source in owed if source not in logged]
    _read_unlogged(session, files, unlogged)
    log = recheck(session, verifier, seen, {paper.size for paper in files.printed})
    missing = [
        Refusal("log_paper_missing", {"paper": owed[source]})
        for source in unlogged
        if source not in coming
    ]
    told = against(files.printed, log.roots, log.size)
    findings = (*log.findings, *compared, *missing, *told)
    count = len(coming.intersection(unlogged))
    return Audit(log, findings, count, len(files.printed), files.unprinted)


def _compare(
    session: Session, files: _Files, leaves: Sequence[Leaf], logged: set[Source]
) -> Iterator[Refusal]:
    sources = {leaf.position: source_of(leaf) for leaf in leaves}
    logged.update(sources.values())
    today = entries(session, list(sources.values()), anew=True)
    for leaf in leaves:
        entry = today.get(sources[leaf.position])
        if entry is None or not _same(leaf, entry):
            yield Refusal("log_paper_differs", {"index": leaf.position, "paper": leaf.paper_id})
        elif "sha256" in entry.facts:
            yield from files.faults(leaf.position, entry)


def _same(leaf: Leaf, entry: Entry) -> bool:
    try:
        told = book.facts_of(leaf.leaf)
    except (ValueError, AttributeError):
        return False  # told as an edited leaf already, and of nothing that can be compared
    return told == {**entry.facts, "event": entry.event} and leaf.paper_id == entry.paper_id


def _read_unlogged(session: Session, files: _Files, sources: Sequence[Source]) -> None:
    """A log from which papers were left out is not the one that is printed on them either."""
    for start in range(0, len(sources), BATCH):
        for entry in entries(session, sources[start : start + BATCH]).values():
            if entry.event == ISSUED:
                with suppress(EngineError):  # that a file is gone is told once it is logged
                    files.read(entry)


def _in_batches(session: Session) -> Iterator[Sequence[Leaf]]:
    last = -1
    query = select(Leaf).order_by(Leaf.position).limit(BATCH)
    while leaves := session.scalars(query.where(Leaf.position > last)).all():
        yield leaves
        last = leaves[-1].position
        session.expunge_all()
