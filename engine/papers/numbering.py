"""Numbers, their days and their books, told again from the history of the papers.

What an issue gave stands in its hashed row. The papers' columns and the registers are only
what is read fast; whoever rewrites a row of them is found out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.belonging import HAND_OVER
from engine.history import Break, Event
from engine.papers.book import Paper
from engine.registers import Entry, Register

NUMBER, REGISTER = "number", "register"
"""Codes: a paper bears another number or day than its issue gave; a register tells another."""

Place = tuple[int, str, int]
"""A register: its authority, series and year."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What the history of a paper says that its issue gave it, and by which authority."""

    version: int
    number: str
    day: date
    authority: int | None


def verify(session: Session, series: Mapping[str, str]) -> Iterator[Break]:
    """Every difference between what the issues gave and what papers and registers tell;
    ``series`` is that of each kind of paper. Codes: ``number`` and ``register``."""
    issues = _issues(session)
    entries = _entries(session)
    papers = session.execute(
        select(Paper.id, Paper.kind, Paper.authority_id, Paper.number, Paper.number_text)
        .add_columns(Paper.issued_on)
        .where(Paper.number_text.is_not(None) | Paper.id.in_(issues.keys() | entries.keys()))
        .order_by(Paper.id)
    )
    for paper in papers:
        issue = issues.get(paper.id)
        yield from _differences(paper, issue, entries.get(paper.id), series.get(paper.kind))
    yield from _books(session)


def _issues(session: Session) -> Mapping[int, Issue]:
    """The issue of each paper that was issued."""
    given = Event.data["number"].as_string().is_not(None)
    placed = Event.from_state == ""
    events = session.execute(
        select(Event.subject_id, Event.version, Event.action, Event.from_state, Event.data)
        .join(Paper, Paper.id == Event.subject_id)
        .where(given | placed | (Event.action == HAND_OVER))
        .order_by(Event.subject_id, Event.version),
        execution_options={"yield_per": 2000},
    )
    found: dict[int, Issue] = {}
    authority: int | None = None
    for event in events:
        if event.from_state == "":
            authority = event.data.get("scopes", {}).get("authority")
        elif event.action == HAND_OVER:
            authority = event.data["to"].get("authority", authority)
        elif {"number", "issued_on"} <= event.data.keys():
            day = date.fromisoformat(event.data["issued_on"])
            found[event.subject_id] = Issue(event.version, event.data["number"], day, authority)
    return found


def _entries(session: Session) -> Mapping[int, Any]:
    rows = session.execute(
        select(Entry.paper_id, Entry.number, Entry.issued_on, *_PLACE)
        .join(Register, Register.id == Entry.register_id)
        .where(Entry.paper_id.is_not(None))
    )
    return {row.paper_id: row for row in rows}


_PLACE = (Register.authority_id, Register.series, Register.year)


def _differences(
    paper: Any, issue: Issue | None, entry: Any, series: str | None
) -> Iterator[Break]:
    version = issue.version if issue else 0
    told = (paper.number_text, paper.issued_on)
    given = (issue.number, issue.day) if issue else (None, None)
    if told != given:
        yield Break(paper.id, version, NUMBER, _unlike(given, told))
    authority = paper.authority_id if issue is None or issue.authority is None else issue.authority
    if issue and entry:
        here: Place = (entry.authority_id, entry.series, entry.year)
        there: Place = (authority, series or entry.series, issue.day.year)
        own = (*there, _figure(issue.number), issue.day)
        if (its := (*here, entry.number, entry.issued_on)) != own:
            yield Break(paper.id, version, REGISTER, _unlike(own, its))
    elif issue or entry:
        yield Break(paper.id, version, REGISTER, _unlike(given, ("-",)))


def _figure(written: str) -> int | None:
    """The number of ``05/QĐ-UBND``."""
    figure = written.partition("/")[0]
    return int(figure) if figure.isdecimal() else None


def _books(session: Session) -> Iterator[Break]:
    """Registers whose entries are not 1, 2, 3 … to the last number given, in the order of
    their days and in their year."""
    books: dict[int, list[tuple[int, date]]] = {}
    for entry in session.execute(select(Entry.register_id, Entry.number, Entry.issued_on)):
        books.setdefault(entry.register_id, []).append((entry.number, entry.issued_on))
    for book in session.execute(select(Register.id, Register.last, *_PLACE).order_by(Register.id)):
        lines = sorted(books.pop(book.id, ()))
        name = (book.authority_id, book.series, book.year)
        numbers = [number for number, _ in lines]
        if numbers != [*range(1, book.last + 1)]:
            yield Break(0, 0, REGISTER, _unlike((*name, f"1-{book.last}"), (*name, numbers)))
        days = [day for _, day in lines]
        if days != sorted(days) or {day.year for day in days} - {book.year}:
            yield Break(0, 0, REGISTER, _unlike(name, map(str, days)))
    for lost in books:
        yield Break(0, 0, REGISTER, f"{lost}: -")


def _unlike(given: Iterable[object], told: Iterable[object]) -> str:
    """Both sides, as plain as they can be read."""
    sides = (" ".join(map(str, side)) for side in (given, told))
    return " ≠ ".join(sides)
