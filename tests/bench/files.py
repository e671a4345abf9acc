"""Subjects written in bulk: nominations all over a season, and the papers they lie in.

They are written by the order the triggers demand: a subject in no state, its history, its
state; one lawful step each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, text

from engine.definition import START, Definition, role_of, scope_of
from engine.history import FORM, HASHED, Event, seal
from engine.house import House
from engine.papers.book import Paper
from engine.subjects import Link, Subject, SubjectScope, Waiting
from workflows.nominations import Nomination

REGIME = "district-certification"
PER_DECISION = 20

SPREAD = (
    "registered",
    "self_assessed",
    "meeting_called",
    "minuted",
    "submitted",
    "appraised",
    "proposed",
    "in_commune_decision",
    "commune_recognised",
    "posted",
    "awaiting_district",
    "district_appraised",
    "in_district_decision",
    "district_decided",
    "certified",
    "announced",
)
"""The states of the season, as many areas in each."""

PAPERS = {
    "in_commune_decision": ("commune_decision", "commune"),
    "in_district_decision": ("district_decision", "district"),
    "district_decided": ("certificate", "district"),
}
"""In which paper a nomination of such a state lies, and whose paper that is."""

STRIDE = 7
"""Neighbours are in distant states, so that every commune has some of each."""


def insert_many(connection: Connection, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Inserts the rows; the ids they got."""
    statement = insert(model).returning(model.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, rows))


@dataclass(frozen=True, slots=True)
class File:
    """A subject to be: its state, where it belongs, since when, and the step that led there."""

    definition: Definition
    state: str
    scopes: Mapping[str, int]
    since: datetime
    action: str = "begin"
    data: Mapping[str, Any] = field(default_factory=dict)


def nominate(
    connection: Connection, house: House, places: Iterable[Mapping[str, int]], at: datetime
) -> None:
    """A nomination of the year for each place (its units by scope), in every state of the
    season, and the papers that those in hand lie in."""
    regime = house.named(REGIME)
    files = [
        File(
            regime, SPREAD[number * STRIDE % len(SPREAD)], place, at - timedelta(hours=number % 251)
        )
        for number, place in enumerate(places)
    ]
    ids = open_subjects(connection, files)
    rows = [
        {"id": i, "area_id": file.scopes["area"], "year": at.year, "title": "security"}
        for i, file in zip(ids, files, strict=True)
    ]
    connection.execute(insert(Nomination), rows)
    _papers(connection, house, dict(zip(ids, files, strict=True)), at)


def open_subjects(connection: Connection, files: Sequence[File]) -> list[int]:
    """Opens the subjects in their states, one lawful step each."""
    rows = [
        {
            "kind": file.definition.meta.subject,
            "definition_id": file.definition.id,
            "definition_digest": file.definition.digest,
            "state": START,
            "version": 0,
            "entered_at": file.since,
            "due_at": _due(file),
        }
        for file in files
    ]
    ids = insert_many(connection, Subject, rows)
    both = list(zip(ids, files, strict=True))
    connection.execute(
        insert(SubjectScope),
        [
            {"subject_id": i, "scope": scope, "unit_id": unit}
            for i, file in both
            for scope, unit in file.scopes.items()
        ],
    )
    connection.execute(insert(Event), [_event(i, file) for i, file in both])
    connection.execute(
        text(
            "UPDATE subjects SET version = 1, state = (SELECT to_state FROM history"
            " WHERE subject_id = subjects.id) WHERE version = 0"
        )
    )
    waiting = [row for i, file in both for row in _waiting(i, file)]
    if waiting:
        connection.execute(insert(Waiting), waiting)
    return ids


def _due(file: File) -> datetime | None:
    if file.definition.by_state[file.state].due is None:
        return None
    return file.since + timedelta(days=7)


def _event(subject: int, file: File) -> dict[str, Any]:
    values = dict.fromkeys(HASHED) | {
        "form": FORM,
        "subject_id": subject,
        "version": 1,
        "at": file.since,
        "action": file.action,
        "from_state": START,
        "to_state": file.state,
        "data": dict(file.data),
        "definition_id": file.definition.id,
        "definition_digest": file.definition.digest,
        "previous_hash": "",
    }
    return values | {"hash": seal(values)}


def _waiting(subject: int, file: File) -> Iterator[dict[str, Any]]:
    for rule in file.definition.by_state[file.state].waiting_on:
        yield {
            "subject_id": subject,
            "role": role_of(rule),
            "unit_id": file.scopes[scope_of(rule)],
            "due_at": _due(file),
            "since": file.since,
        }


def _papers(
    connection: Connection, house: House, nominations: Mapping[int, File], at: datetime
) -> None:
    """The papers the nominations lie in, under way or, for certificates, to be signed."""
    listings = [*_listings(nominations)]
    files = [
        File(
            house.named(house.kinds[kind].definition),
            _stage(house, kind, number),
            {"authority": authority},
            at - timedelta(hours=number % 48),
            data={"subjects": listed},
        )
        for number, (kind, authority, listed) in enumerate(listings)
    ]
    ids = open_subjects(connection, files)
    papers = [
        {
            "id": i,
            "kind": kind,
            "authority_id": authority,
            "code": hashlib.sha256(str(i).encode()).hexdigest()[:10],
            "values": {},
            "values_digest": "",
            "template_digest": "",
            "drafted_at": at,
        }
        for i, (kind, authority, _) in zip(ids, listings, strict=True)
    ]
    connection.execute(insert(Paper), papers)
    links = [
        {"paper_id": i, "subject_id": subject, "position": position}
        for i, (_, _, listed) in zip(ids, listings, strict=True)
        for position, subject in enumerate(listed, start=1)
    ]
    connection.execute(insert(Link), links)


def _stage(house: House, kind: str, number: int) -> str:
    """Some state in which a paper waits on somebody."""
    states = house.named(house.kinds[kind].definition).states
    waiting = [state.id for state in states if state.waiting_on]
    return waiting[number % len(waiting)]


def _listings(nominations: Mapping[int, File]) -> Iterator[tuple[str, int, list[int]]]:
    """Kind, authority and listed nominations of each paper, no paper longer than usual."""
    groups: dict[tuple[str, int], list[int]] = {}
    for i, file in nominations.items():
        if file.state in PAPERS:
            kind, scope = PAPERS[file.state]
            groups.setdefault((kind, file.scopes[scope]), []).append(i)
    for (kind, authority), ids in groups.items():
        length = 1 if kind == "certificate" else PER_DECISION
        for start in range(0, len(ids), length):
            yield kind, authority, ids[start : start + length]
