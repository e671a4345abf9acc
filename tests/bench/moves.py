"""A move end to end in the database, beside the least any program could do for it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import perform
from engine.db import writing
from engine.history import HASHED, Event, seal
from engine.house import House
from engine.move import Command, Opening
from tests.bench import world
from tests.bench.ground import Ground
from tests.bench.measure import Figure, paired
from tests.engine import procedure
from tests.workflows import staging
from tests.workflows.officials import HOUSEHOLDS
from workflows.nominations import open_nomination

ROUNDS = 200
WARM = 10
FLOOR = "raw driver: load, update, chained insert"
COLUMNS = (*HASHED, "hash")
Raw = Callable[[int], None]


def figures(ground: Ground) -> Iterator[Figure]:
    """On PostgreSQL the limit of the issue; SQLite, and a move of the law, for comparison."""
    for kind, limit in (("postgresql", 3.0), ("sqlite", None)):
        with ground.engine(kind) as engine, _raw(engine) as raw, Session(engine) as session:
            yield _move(session, raw, kind, ground.rounds(ROUNDS), limit)
            if kind == "postgresql":
                yield _read_and_move(session, raw, kind, ground.rounds(ROUNDS))
            yield _move_of_the_law(session, raw, kind, ground.rounds(ROUNDS))


def _move(session: Session, raw: Raw, kind: str, rounds: int, limit: float | None) -> Figure:
    house = procedure.house()
    ours = iter(_asked_to_be(session, house, rounds + WARM))
    theirs = iter(_asked_to_be(session, house, rounds + WARM))
    return paired(
        f"one move, {kind}",
        lambda: perform(session, house, Command(1, next(ours), "ask", 1, {"count": 2})),
        FLOOR,
        lambda: raw(next(theirs)),
        rounds=rounds,
        limit=limit,
        warm=WARM,
    )


def _read_and_move(session: Session, raw: Raw, kind: str, rounds: int) -> Figure:
    """The same behind a read on the same connection, as a page that is sent finds out first
    who sent it."""
    house = procedure.house()
    ours = iter(_asked_to_be(session, house, rounds + WARM))
    theirs = iter(_asked_to_be(session, house, rounds + WARM))

    def move() -> None:
        session.execute(select(Event.id).limit(1)).all()
        perform(session, house, Command(1, next(ours), "ask", 1, {"count": 2}))

    return paired(
        f"a read and one move, {kind}",
        move,
        FLOOR,
        lambda: raw(next(theirs)),
        rounds=rounds,
        warm=WARM,
    )


def _move_of_the_law(session: Session, raw: Raw, kind: str, rounds: int) -> Figure:
    """A hamlet head registers: offices of the day, a roll, a calendar, guards and effects."""
    house = staging.house()
    built = world.build(session, house, rounds + WARM, files=False)
    areas = [area for areas in built.areas.values() for area in areas]
    heads = [built.people[f"head {area}"] for area in areas]
    with clock.fixed_at(world.NOW), writing(session):
        opened = [
            open_nomination(session, house, head, area, world.TODAY.year).subject_id
            for head, area in zip(heads, areas, strict=True)
        ]
    told = {
        "registered_on": world.TODAY.isoformat(),
        "households_registered": HOUSEHOLDS,
        "resolution_number": "03-NQ/CB",
        "resolution_on": world.TODAY.isoformat(),
    }
    commands = (
        Command(head, subject, "register", 1, told)
        for head, subject in zip(heads, opened, strict=True)
    )
    theirs = iter(_asked_to_be(session, procedure.house(), rounds + WARM))
    with clock.fixed_at(world.NOW):
        return paired(
            f"one move of the law (register), {kind}",
            lambda: perform(session, house, next(commands)),
            FLOOR,
            lambda: raw(next(theirs)),
            rounds=rounds,
            warm=WARM,
        )


def _asked_to_be(session: Session, house: House, count: int) -> list[int]:
    opening = Opening(1, "request", "begin", {"place": procedure.PLACE})
    with writing(session):
        return [perform(session, house, opening).subject_id for _ in range(count)]


@contextmanager
def _raw(engine: Engine) -> Iterator[Raw]:
    """The floor: lock and load the row, read the last hash, insert the next, update, commit."""
    address = engine.url
    if address.get_backend_name() == "sqlite":
        connection: Any = sqlite3.connect(address.database or "", isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        begin, lock, mark = "BEGIN IMMEDIATE", "", "?"
    else:
        plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(plain, autocommit=True)
        begin, lock, mark = "BEGIN", " FOR UPDATE", "%s"
    marks = ", ".join([mark] * len(COLUMNS))
    insert = f"INSERT INTO history ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608
    load = f"SELECT state, version, definition_digest FROM subjects WHERE id = {mark}{lock}"  # noqa: S608
    last = f"SELECT hash FROM history WHERE subject_id = {mark} ORDER BY version DESC LIMIT 1"  # noqa: S608
    update = f"UPDATE subjects SET state = 'asked', version = {mark} WHERE id = {mark}"  # noqa: S608

    def move(subject: int) -> None:
        connection.execute(begin)
        state, version, digest = connection.execute(load, (subject,)).fetchone()
        (previous,) = connection.execute(last, (subject,)).fetchone()
        values = _event(subject, state, version + 1, digest, previous)
        values["hash"] = seal(values)
        plain = values | {name: json.dumps(values[name]) for name in ("office", "data")}
        plain["at"] = values["at"].isoformat(" ")
        connection.execute(insert, [plain[name] for name in COLUMNS])
        connection.execute(update, (version + 1, subject))
        connection.execute("COMMIT")

    try:
        yield move
    finally:
        connection.close()


def _event(subject: int, state: str, version: int, digest: str, previous: str) -> dict[str, Any]:
    return {
        "form": 1,
        "subject_id": subject,
        "version": version,
        "at": datetime.now(UTC),
        "person_id": 1,
        "office": {"role": "asker"},
        "action": "ask",
        "duty": "ask",
        "from_state": state,
        "to_state": "asked",
        "data": {"count": 2, "note": None},
        "definition_id": "request",
        "definition_digest": digest,
        "key": None,
        "previous_hash": previous,
    }
