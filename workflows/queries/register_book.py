"""A register whole: every number with what it was given to and what became of it.

Two queries for the lines and two for what became of them, however many there are. Of each
paper's values only what a line prints is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import JSON, select, type_coerce
from sqlalchemy.orm import Session

from engine.papers.book import Paper
from engine.registers import Entry
from workflows import standing
from workflows.contexts.abouts import about, type_of
from workflows.standing import Change

KEPT = "Lưu:"
"""How the line begins that says where the office keeps its copy."""

BATCH = 5000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a register as NĐ 30/2020, annex IV, has its columns. A void number has a
    reason and nothing else."""

    number: int
    symbol: str
    issued_on: date
    paper_id: int | None
    about: str
    signatory: str
    recipients: tuple[str, ...]
    kept: str
    void_reason: str
    changes: tuple[Change, ...]


def lines(
    session: Session, register_id: int, first: int = 1, last: int | None = None
) -> Sequence[Line]:
    """The lines of a register from one number to another, in the order of the numbers."""
    rows = session.execute(_query(register_id, first, last)).all()
    papers = [row.paper_id for row in rows if row.paper_id]
    done: dict[int, Sequence[Change]] = {}
    for start in range(0, len(papers), BATCH):
        done |= standing.changes_of(session, papers[start : start + BATCH])
    return [_line(row, done) for row in rows]


def _query(register_id: int, first: int, last: int | None) -> Any:
    values = Paper.values
    query = (
        select(
            Entry.number,
            Entry.issued_on,
            Entry.paper_id,
            Entry.void_reason,
            Paper.kind,
            Paper.number_text,
            values["year"].as_integer().label("year"),
            values["standard"].as_string().label("standard"),
            values["streak"].as_integer().label("streak"),
            values["area"].as_string().label("area"),
            values["commune"].as_string().label("commune"),
            values["unit"].as_string().label("unit"),
            values[("signatory", "name")].as_string().label("signatory"),
            type_coerce(values["recipients"], JSON).label("recipients"),
            type_coerce(values["target"], JSON).label("target"),
        )
        .outerjoin(Paper, Paper.id == Entry.paper_id)
        .where(Entry.register_id == register_id, Entry.number >= first)
        .order_by(Entry.number)
    )
    return query if last is None else query.where(Entry.number <= last)


def _line(row: Any, done: Mapping[int, Sequence[Change]]) -> Line:
    if row.paper_id is None:
        return Line(row.number, "", row.issued_on, None, "", "", (), "", row.void_reason or "", ())
    sent: Sequence[str] = row.recipients or ()
    named = f"{type_of(row.kind)} về việc {about(row.kind, row._mapping)}"
    return Line(
        row.number,
        row.number_text or "",
        row.issued_on,
        row.paper_id,
        named,
        row.signatory or "",
        tuple(one for one in sent if not one.startswith(KEPT)),
        "; ".join(one.removeprefix(KEPT).strip() for one in sent if one.startswith(KEPT)),
        "",
        tuple(done.get(row.paper_id, ())),
    )
