"""A report from its layout and the records: the same records give the same report."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from engine import clock
from engine.definition import Words
from engine.errors import NotFound, Refusal
from workflows.actors import LEVELS
from workflows.contexts.words import authority_name
from workflows.quoted import beside
from workflows.records.listing import lines
from workflows.reports import tables
from workflows.reports.absence import absences
from workflows.reports.counting import tallies
from workflows.reports.facts import Facts
from workflows.reports.layout import Block, Layout, SectionDef, layout
from workflows.reports.parts import Bar, Report, Section, Sources, Table
from workflows.reports.passages import Passage, Scope, passages
from workflows.streaks import yearly_table
from workflows.units import Unit


def compose(session: Session, scope: Scope, language: str = "vi") -> Report:
    """The report. Raises ``NotFound`` (``no_report``, ``no_such_unit``) and ``Refused``
    (``report_years_wrong``)."""
    told = layout(scope.report)
    told.check_years(scope.first, scope.last)
    facts = _facts(session, told, scope, language)
    written = passages(session, scope)
    sections = tuple(_section(facts, one, written.get(one.id)) for one in told.sections)
    years = str(scope.last) if scope.first == scope.last else f"{scope.first}–{scope.last}"
    return Report(
        scope,
        told.title[language].format(count=scope.last - scope.first + 1),
        facts.unit.heading,
        authority_name(facts.unit) if facts.unit.kind != "area" else facts.unit.heading,
        years,
        clock.today(),
        sections,
        tuple(facts.sources.known.values()),
        _signatory(told, facts.unit.kind)[language],
        tuple(one[language] for one in told.recipients),
        committee=facts.unit.kind in LEVELS,
    )


def _signatory(told: Layout, kind: str) -> Words:
    """Who signs for a unit (Nghị định 30/2020/NĐ-CP, Phụ lục I, mục II.7)."""
    if kind in LEVELS:
        return told.signatory.committee
    return told.signatory.area if kind == "area" else told.signatory.other


def _facts(session: Session, told: Layout, scope: Scope, language: str) -> Facts:
    unit = session.get(Unit, scope.unit_id)
    if unit is None:
        raise NotFound(Refusal("no_such_unit"))
    first = scope.first - told.years_before
    quoted = beside(session, first, scope.last, unit.id)
    return Facts(
        session,
        told,
        scope,
        unit,
        language,
        lines(session, unit.id, scope.first, scope.last + told.years_after),
        yearly_table(session, first, scope.last, unit.id),
        tallies(session, unit.id, first, scope.last),
        {one.year: one for ones in quoted.values() for one in ones},
        Sources(),
        absences(session, unit, first, scope.last),
    )


def _section(facts: Facts, told: SectionDef, written: Passage | None) -> Section:
    tables = tuple(one for block in told.blocks for one in _tables(facts, block))
    return Section(
        told.id,
        told.number,
        told.heading[facts.language],
        told.level,
        told.text,
        written.text if written and told.text else "",
        written.version if written else 0,
        tables,
        _bars(facts) if any(block.show == "yearly" for block in told.blocks) else (),
    )


def _tables(facts: Facts, block: Block) -> Iterator[Table]:
    match block.show:
        case "records":
            yield from tables.records(facts, block.kinds)
        case "yearly":
            yield tables.yearly(facts)
        case "units":
            yield from tables.units(facts)
        case "by_kind":
            yield from tables.by_kind(facts)
        case "overdue":
            yield from tables.overdue(facts)
        case "disagreements":
            yield from tables.disagreements(facts)


def _bars(facts: Facts) -> tuple[Bar, ...]:
    return tuple(
        Bar(row["year"], row["recognised"], int(row["percent"].replace(".", "")))
        for row in facts.years
        if row["percent"]
    )
