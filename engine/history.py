"""The append-only history of each subject: a chain of hashes, and the facts it tells.

One chain per subject, never one for all: commands on different subjects do not queue.
"""

from __future__ import annotations

import hashlib
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
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.belonging import Belonging
from engine.db import Base, Instant
from engine.definition import Definition
from engine.subjects import Link, Subject, SubjectScope

FORM = 1
"""Version of the canonical form that is hashed; a change of the form is a new number."""


class Event(Base):
    """One move that happened. ``office`` is the office in which the person acted, as it
    was then; both are empty for moves of the system."""

    __tablename__ = "history"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    person_id: Mapped[int | None]
    office: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    action: Mapped[str] = mapped_column(String(60))
    duty: Mapped[str | None] = mapped_column(String(40))
    from_state: Mapped[str] = mapped_column(String(60))
    to_state: Mapped[str] = mapped_column(String(60))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    definition_id: Mapped[str] = mapped_column(String(60))
    definition_digest: Mapped[str] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(80))
    form: Mapped[int]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("subject_id", "version"),
        UniqueConstraint("key"),
        Index("ix_history_person_id", "person_id"),
    )


HASHED = (
    "form",
    "subject_id",
    "version",
    "at",
    "person_id",
    "office",
    "action",
    "duty",
    "from_state",
    "to_state",
    "data",
    "definition_id",
    "definition_digest",
    "key",
    "previous_hash",
)
"""The columns under the hash, in form 1: all but the row's own id and the hash itself."""


TOLD = "_told"
"""Where a history row keeps inputs in whose place an effect put something else. No field can be
called so."""


def kept_data(data: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """What a history row keeps: the inputs, and what effects recorded, in their place too."""
    over = {name: data[name] for name in record if name in data and data[name] != record[name]}
    return {**data, **record, **({TOLD: over} if over else {})}


def told_in(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of a history row with every input as the person told it."""
    return {**data, **data.get(TOLD, {})}


def canonical(value: object) -> bytes:
    """The one way a plain value is written before it is hashed: sorted, compact, UTF-8."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain
    ).encode()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no canonical form")


def seal(values: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical form of a history row's values."""
    return hashlib.sha256(canonical({name: values[name] for name in HASHED})).hexdigest()


@dataclass(frozen=True, slots=True)
class Fact:
    """What the latest valid move of one name told."""

    action: str
    data: Mapping[str, Any]
    at: datetime
    person_id: int | None
    version: int


Facts = Mapping[str, Fact]


def fold(definition: Definition, events: Iterable[Any]) -> dict[str, Fact]:
    """The facts that count now, by transition: a return makes those it voids count no more.

    ``events`` are rows of the history or whatever has its columns, the oldest first.
    """
    facts: dict[str, Fact] = {}
    for event in events:
        transition = definition.by_transition.get(event.action)
        for name in transition.voids if transition else ():
            facts.pop(name, None)
        facts[event.action] = Fact(
            event.action, event.data, event.at, event.person_id, event.version
        )
    return facts


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a subject's history does not hold; ``detail``: what it says, and what
    stands instead."""

    subject_id: int
    version: int
    code: str
    detail: str = ""


def verify(session: Session) -> Sequence[Break]:
    """Rechecks every chain, and that every state is the one its last move led to.

    Codes: ``no_history``, ``no_subject``, ``gap``, ``chain``, ``hash``, ``jump`` (a move that
    does not start where the one before ended), ``state`` (the subject is not where its history
    says), ``since`` (it came there at another moment), ``definition`` (it is pinned to another
    definition than its last move), ``scopes`` and ``links`` (it is at other units, or lists
    others, than its history tells).
    """
    breaks: list[Break] = []
    last: dict[int, Any] = {}
    entered: dict[int, datetime | None] = {}
    told: dict[int, Belonging] = {}
    events = session.execute(
        select(Event.__table__).order_by(Event.subject_id, Event.version),
        execution_options={"yield_per": 2000},
    )
    for event in events:
        found = _check_link(last.get(event.subject_id), event)
        breaks += found
        last[event.subject_id] = event
        rewritten = any(each.code == "hash" for each in found)  # then it tells nothing
        if event.from_state != event.to_state:
            entered[event.subject_id] = None if rewritten else event.at
        if not rewritten:
            told.setdefault(event.subject_id, Belonging()).hear(event)
    for subject in session.execute(select(Subject.__table__).order_by(Subject.id)):
        breaks += _check_end(last.pop(subject.id, None), subject, entered.get(subject.id))
    breaks += [Break(event.subject_id, event.version, "no_subject") for event in last.values()]
    return breaks + _check_belonging(session, told)


def _check_belonging(session: Session, told: Mapping[int, Belonging]) -> list[Break]:
    scopes: dict[int, dict[str, int]] = {}
    for one in session.execute(select(SubjectScope.__table__)):
        scopes.setdefault(one.subject_id, {})[one.scope] = one.unit_id
    links: dict[int, list[tuple[int, int]]] = {}
    for link in session.execute(select(Link.__table__)):
        links.setdefault(link.paper_id, []).append((link.position, link.subject_id))
    return [
        Break(subject, 0, code)
        for subject, belonging in told.items()
        for code in belonging.breaks(scopes.get(subject, {}), links.get(subject, ()))
    ]


def _check_end(latest: Any, subject: Any, entered: datetime | None) -> list[Break]:
    if latest is None:
        return [Break(subject.id, 0, "no_history")]
    there = (latest.to_state, latest.version) == (subject.state, subject.version)
    found = {
        "state": there,
        "since": not there or entered in (None, subject.entered_at),
        "definition": (latest.definition_id, latest.definition_digest)
        == (subject.definition_id, subject.definition_digest),
    }
    return [Break(subject.id, subject.version, code) for code, good in found.items() if not good]


def _check_link(before: Any, event: Any) -> list[Break]:
    expected = (before.version, before.hash, before.to_state) if before else (0, "", "")
    found = {
        "gap": event.version == expected[0] + 1,
        "chain": event.previous_hash == expected[1],
        "jump": event.from_state == expected[2],
        "hash": event.hash == seal(dict(event._mapping)),
    }
    return [
        Break(event.subject_id, event.version, code) for code, good in found.items() if not good
    ]
