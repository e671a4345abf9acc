"""Streaks and the yearly table of a nation: a hundred thousand areas over eighteen years, a few
thousand of them merged or split, beside the least that any program would have to do."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from operator import itemgetter
from random import Random
from typing import Any

import psycopg
from sqlalchemy import insert
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.db import writing
from tests.bench.ground import Ground
from tests.bench.measure import Figure, paired
from tests.databases import KINDS
from workflows.lineage import UnitLineage
from workflows.results import EVER
from workflows.streaks import standing, streaks_in, yearly_table
from workflows.streaks.telling import tell
from workflows.units import Unit, write_first_spans

AREAS, COMMUNES, HEIRS = 100_000, 3_300, 2_000
YEARS = range(2008, 2026)
MERGED = date(2019, 12, 1)
SINCE = date(2000, 1, 1)
ROUNDS = 3
WALK = "raw driver: read all in order, walk them"
ONE = "raw driver: one area's rows"
IN_ORDER = "SELECT area_id, year, recognised FROM results ORDER BY area_id, year"
STREAKS_LIMIT, TABLE_LIMIT = 3.0, 4.0


def figures(ground: Ground) -> Iterator[Figure]:
    """On both databases: all streaks of the last year, the nation's table, one area told."""
    areas = 60 if ground.tiny else AREAS
    for kind in KINDS:
        with ground.engine(kind) as engine, Session(engine) as session:
            build(engine, session, areas)
            with raw(engine) as ask:
                yield from _figures(session, ask, kind, areas, ground.rounds(ROUNDS))


def _figures(
    session: Session, ask: Callable[[str], Any], kind: str, areas: int, rounds: int
) -> Iterator[Figure]:
    first, last = YEARS[0], YEARS[-1]
    yield paired(
        f"streaks of {areas} areas over {len(YEARS)} years, {kind}",
        lambda: streaks_in(session, last),
        WALK,
        lambda: walk(ask(IN_ORDER)),
        rounds=rounds,
        limit=STREAKS_LIMIT,
        warm=1,
    )
    yield paired(
        f"the yearly table of {areas} areas, {len(YEARS)} years, {kind}",
        lambda: yearly_table(session, first, last),
        WALK,
        lambda: count(ask(IN_ORDER)),
        rounds=rounds,
        limit=TABLE_LIMIT,
        warm=1,
    )
    heir = session.query(UnitLineage.successor_id).limit(1).scalar()
    yield paired(
        f"the streak of one merged area among {areas}, told, {kind}",
        lambda: tell(session, standing(session, heir, last), "vi").record(),
        ONE,
        lambda: ask(f"SELECT year, recognised FROM results WHERE area_id = {heir}"),  # noqa: S608
        rounds=rounds * 10,
        unlimited="three questions and a page of words against one row",
        warm=1,
    )


def lengths(rows: Any) -> Iterator[tuple[int, int, int]]:
    """Area, year and streak of every result, without any lineage, as plainly as can be."""
    for area, facts in groupby(rows, key=itemgetter(0)):
        length = year_before = 0
        for _, year, ok in facts:
            length = (length + 1 if year == year_before + 1 else 1) if ok else 0
            year_before = year
            yield area, year, length


def walk(rows: Any) -> dict[int, int]:
    """The streaks of the last year."""
    last = YEARS[-1]
    return {area: length for area, year, length in lengths(rows) if length and year == last}


def count(rows: Any) -> Counter[tuple[int, int]]:
    """How many areas have a streak of so many years, by year."""
    return Counter((year, length) for _, year, length in lengths(rows))


def build(engine: Engine, session: Session, areas: int) -> None:
    """The nation: every fiftieth area came out of two others of its commune."""
    communes = max(2, areas * COMMUNES // AREAS)
    heirs = areas * HEIRS // AREAS or 2
    with writing(session):
        rows = [_unit(1, "province", None, "Thanh Hoá", "38")]
        rows += [_unit(2 + n, "commune", 1, f"Xã {n}", f"{n}") for n in range(communes)]
        start = 2 + communes
        rows += [
            _unit(start + n, "area", 2 + n % communes, f"Thôn {n}", f"a{n}") for n in range(areas)
        ]
        for place in range(heirs):
            rows[1 + communes + areas - 1 - place]["starts_on"] = MERGED
        session.execute(insert(Unit), rows)
        write_first_spans(session)
        session.execute(insert(UnitLineage), [*_links(start, areas, heirs)])
    _fill(engine, start, areas, heirs)


def _unit(id_: int, kind: str, parent: int | None, name: str, code: str) -> dict[str, Any]:
    told = {"id": id_, "kind": kind, "parent_id": parent, "name": name, "code": code}
    return told | {"form": "", "folded": name.lower(), "starts_on": SINCE}


def _links(start: int, areas: int, heirs: int) -> Iterator[dict[str, Any]]:
    for place in range(heirs):
        heir = start + areas - 1 - place
        for one in (2 * place, 2 * place + 1):
            yield {
                "predecessor_id": start + one,
                "successor_id": heir,
                "effective_on": MERGED,
                "kind": "merge",
            }


def _fill(engine: Engine, start: int, areas: int, heirs: int) -> None:
    """Results: five of six recognised; an heir has them from its first year on, and what went
    into it has none any more. By the driver: it is not what is measured."""
    rows = _results(start, areas, heirs)
    if engine.dialect.name == "sqlite":
        with connected(engine) as connection, connection:
            marks = ", ".join("?" * len(COLUMNS))
            connection.executemany(
                f"INSERT INTO results ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608
                rows,
            )
            connection.execute("ANALYZE")
        return
    with connected(engine) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY results ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("ANALYZE")


COLUMNS = ("area_id", "year", "recognised", "level", "source", "counts_from")


def _results(start: int, areas: int, heirs: int) -> Iterator[tuple[Any, ...]]:
    choices = Random(18)  # noqa: S311 - invented results
    for place in range(areas):
        is_heir, is_gone = place >= areas - heirs, place < 2 * heirs
        for year in YEARS:
            if (is_heir and year < MERGED.year) or (is_gone and year >= MERGED.year):
                continue
            ok = choices.random() < 5 / 6
            yield start + place, year, ok, "commune" if ok else None, "đo", EVER.isoformat()


@contextmanager
def connected(engine: Engine) -> Iterator[Any]:
    """The driver's own connection."""
    address = engine.url
    connection: Any
    if address.get_backend_name() == "sqlite":
        connection = sqlite3.connect(address.database or "")
    else:
        plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(plain, autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def raw(engine: Engine) -> Iterator[Callable[[str], Any]]:
    """Asks the driver alone, and takes every row."""
    with connected(engine) as connection:
        yield lambda query: connection.execute(query).fetchall()
