"""A small register in which the genuine papers of the altered files are issued.

Rows are written past ``perform``: the files were made beforehand, by acts of a test.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from engine.db import writing
from engine.history import Event, seal
from engine.log import book
from engine.papers.archive import carried
from engine.papers.book import ANNEX_PUBLIC, LEFT, PUBLIC, Paper, PaperVersion
from engine.signing.coverage import facts
from engine.statement import form
from engine.store import BlobStore
from engine.subjects import Subject
from tests.engine.signing.altering import keys
from tests.engine.signing.altering.manifest import genuine
from tests.workflows.staging import house
from workflows import logbook
from workflows.bureau import TEMPLATES
from workflows.keys import ROOTS, ROOTS_OF, Keyring
from workflows.papers import PaperDesk
from workflows.statement_keys import FILE

AT = datetime(2026, 11, 5, 4, tzinfo=UTC)
AUTHORITY = int(keys.AGENCY.partition(":")[2])
PAPERS = {
    "genuine": "15/QĐ-UBND",
    "genuine-certificate": "16/GCN-UBND",
    "genuine-enclosing": "18/QĐ-UBND",
}
LIST, ITS_PAPER = "genuine-annex", "genuine-enclosing"
"""A list in a file of its own, and the paper that names it."""


@dataclass(frozen=True)
class Register:
    """The desk, and the code of each genuine paper."""

    session: Session
    desk: PaperDesk
    codes: dict[str, str]


def issue_all(session: Session, folder: Path) -> Register:
    """Enters the genuine papers, in every version, at a desk in an empty folder."""
    keyring = Keyring(folder / "keys")
    return enter(session, PaperDesk(house(), BlobStore(folder / "blobs"), keyring, TEMPLATES))


def enter(session: Session, desk: PaperDesk) -> Register:
    """The same at a desk that has no keys yet."""
    desk.keys.folder.mkdir(parents=True, exist_ok=True)
    for name in (ROOTS, ROOTS_OF.format(kind="time")):
        (desk.keys.folder / name).write_bytes(keys.roots_pem())
    (desk.keys.folder / FILE).write_bytes(keys.STATEMENTS.read_bytes())
    with writing(session):
        codes = {name: _enter(session, desk.store, name) for name in PAPERS}
    return Register(session, desk, codes)


def _enter(session: Session, store: BlobStore, name: str) -> str:
    content = genuine(name)
    code = form.read(carried(content).fields["strip"]).code
    subject = _issued(session)
    session.execute(
        insert(Paper).values(
            id=subject,
            kind="commune_decision",
            authority_id=AUTHORITY,
            code=code,
            values={},
            values_digest="0" * 64,
            template_digest="0" * 64,
            drafted_at=AT,
            number=int(PAPERS[name][:2]),
            number_text=PAPERS[name],
            issued_on=AT.date(),
        )
    )
    versions = stages(content) | (stages(genuine(LIST)) if name == ITS_PAPER else {})
    for stage, version in versions.items():
        row = {"stage": stage, "sha256": store.put(version), "size": len(version), "at": AT}
        made = session.execute(insert(PaperVersion).values(paper_id=subject, **row))
        if stage in LEFT:
            (version_id,) = made.inserted_primary_key or (0,)
            source = (int(version_id), 0, 0)
            book.append(session, [logbook.entries(session, [source])[source]])
    return code


def stages(content: bytes) -> dict[str, bytes]:
    """A file as it was at each stage."""
    *signed, last = (one.end for one in facts(content).covered)
    ends = [content.index(b"%%EOF\n") + len(b"%%EOF\n"), *signed, last]
    if len(ends) > 3:  # between its two time stamps it got evidence
        ends.insert(-1, content.rindex(b"%%EOF\n", 0, last - 10) + len(b"%%EOF\n"))
    annex = len(facts(content).covered) == 3
    names = ("annex_rendered", *ANNEX_PUBLIC) if annex else ("rendered", "signed", *PUBLIC)
    return {stage: content[:end] for stage, end in zip(names, ends, strict=False)}


def _issued(session: Session) -> int:
    """A subject that was issued, with the one history row that says so."""
    plain = {"definition_id": "outgoing-standing", "definition_digest": "0" * 64}
    made = session.execute(
        insert(Subject).values(kind="paper", state="", version=0, entered_at=AT, **plain)
    )
    (subject,) = made.inserted_primary_key or (0,)
    row = {
        "subject_id": subject,
        "version": 1,
        "at": AT,
        "person_id": None,
        "office": None,
        "action": "issue",
        "duty": None,
        "from_state": "",
        "to_state": "issued",
        "data": {},
        "key": None,
        "form": 1,
        "previous_hash": hashlib.sha256(b"").hexdigest(),
        **plain,
    }
    session.execute(insert(Event).values(**row, hash=seal(row)))
    moved = update(Subject).where(Subject.id == subject)
    session.execute(moved.values(state="issued", version=1))
    return int(subject)
