"""The ten-year report of a district, beside reading its rows plainly and beside the typesetter's
own way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from engine.db import writing
from engine.papers.render import Renderer
from tests.bench.ground import Ground
from tests.bench.measure import Figure, paired
from tests.bench.papers import FOLDER, plain
from tests.bench.straight import alone
from tests.databases import KINDS
from workflows.demo import SEED
from workflows.demo.history import build_cycles, build_history
from workflows.demo.population import build_units
from workflows.demo.records import build_records
from workflows.reports import paper
from workflows.reports.composing import compose
from workflows.reports.document import document
from workflows.reports.passages import Scope
from workflows.units import Unit, by_code

ROUNDS = 15
COMPOSED, SET = 12.0, 1.5
SITE = "https://binhxet.example"

PLAIN = (
    """SELECT r.area_id, r.year, r.recognised, c.id FROM results r
       JOIN units a ON a.id = r.area_id JOIN units c ON c.id = a.parent_id
       WHERE c.parent_id = :unit AND r.year BETWEEN 2008 AND 2017""",
    """SELECT r.kind, r.name, r.starts_on, r.source, m.measure, m.value FROM records r
       LEFT JOIN record_measures m ON m.record_id = r.id WHERE r.unit_id = :unit""",
)


def figures(ground: Ground) -> Iterator[Figure]:
    """Composing it on each database; setting it as a paper."""
    for kind in KINDS:
        with ground.engine(kind) as engine:
            district = _district(engine)
            scope = Scope("decade", district, 2008, 2017)
            yield paired(
                f"ten-year report of a district, {kind}",
                _composing(engine, scope),
                "its rows, read and counted plainly",
                _plainly(engine, district),
                rounds=ground.rounds(ROUNDS),
                limit=COMPOSED,
            )
            if kind == KINDS[0]:
                yield from _files(ground, engine, scope)


def _district(engine: Engine) -> int:
    """The report's district: its units, results and records, and nobody in it."""
    with Session(engine) as session, writing(session):
        spots = build_units(session)
        build_records(session, spots, SEED)
        build_cycles(session, 2026)
        build_history(session, spots, SEED)
        found = by_code(session, "401", "district")
        assert found is not None
        return found.id


def _composing(engine: Engine, scope: Scope) -> Callable[[], None]:
    def work() -> None:
        with Session(engine) as session:
            compose(session, scope)

    return work


def _plainly(engine: Engine, district: int) -> Callable[[], None]:
    def work() -> None:
        with engine.connect() as connection:
            results, records = (
                connection.execute(text(query), {"unit": district}).all() for query in PLAIN
            )
        counted: Counter[tuple[int, int]] = Counter()
        for _, year, recognised, commune in results:
            counted[year, commune] += bool(recognised)
        if not (counted and records):
            raise RuntimeError("there is nothing to report")

    return work


def _files(ground: Ground, engine: Engine, scope: Scope) -> Iterator[Figure]:
    with Session(engine) as session:
        unit = session.get_one(Unit, scope.unit_id)
        made = compose(session, scope)
        if ground.tiny:
            made = replace(made, sections=made.sections[:2], sources=made.sources[:2])
        values = paper.values(made, unit, SITE, specimen=True)
    renderer = Renderer(FOLDER)
    page = plain(renderer, paper.TEMPLATE, values)
    by_library = partial(alone, page)
    rounds = ground.rounds(3)
    yield paired(
        "ten-year report as a PDF",
        lambda: renderer.render(paper.TEMPLATE, values),
        "WeasyPrint's own write_pdf",
        by_library,
        rounds=rounds,
        limit=SET,
        warm=1,
    )
    yield paired(
        "ten-year report as a docx",
        lambda: document(made, unit, SITE),
        "WeasyPrint's own write_pdf",
        by_library,
        rounds=rounds,
        limit=1.0,
        warm=1,
    )
