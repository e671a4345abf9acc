"""Papers to be logged, without the procedure that issues them; also as a process of its own."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, date, datetime

from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

import workflows.models  # noqa: F401 - every table is known before the first query
from engine.db import tune, writing
from engine.log import book
from engine.log.book import Entry
from engine.papers.book import Paper, PaperVersion
from engine.papers.freeze import digest
from engine.subjects import Subject

DAY = date(2026, 11, 5)
AT = datetime(2026, 11, 5, 3, tzinfo=UTC)


def put(session: Session, count: int, first: int = 1) -> list[Entry]:
    """So many issued papers, numbered from ``first``, and the entry of each."""
    numbers = range(first, first + count)
    with writing(session):
        for number in numbers:
            session.execute(
                insert(Subject).values(
                    id=number,
                    kind="paper",
                    definition_id="outgoing",
                    definition_digest="x",
                    state="",
                    version=0,
                    entered_at=AT,
                )
            )
            session.execute(
                insert(Paper).values(
                    id=number,
                    kind="commune_decision",
                    authority_id=1,
                    code=f"code{number}",
                    values={"a": number},
                    values_digest=digest({"a": number}),
                    template_digest="z",
                    drafted_at=AT,
                    number=number,
                    number_text=f"{number:02}/QD",
                    issued_on=DAY,
                )
            )
            session.execute(
                insert(PaperVersion).values(
                    id=number,
                    paper_id=number,
                    stage="issued",
                    sha256=hashlib.sha256(content(number)).hexdigest(),
                    size=len(content(number)),
                    at=AT,
                )
            )
    return [entry(number) for number in numbers]


def content(number: int) -> bytes:
    """The bytes of a paper's file."""
    return f"%PDF-1.7 paper {number}".encode()


def entry(number: int) -> Entry:
    return Entry("issued", number, {"paper": f"code{number}"}, version_id=number)


def main(database: str, first: str, count: str) -> None:
    """Appends the entries of some papers one by one, each as often as not twice."""
    engine = tune(create_engine(database))
    with Session(engine) as session:
        for number in range(int(first), int(first) + int(count)):
            for _ in range(1 + number % 2):
                book.append(session, [entry(number)])
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
