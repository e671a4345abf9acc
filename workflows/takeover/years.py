"""What a year lets be taken over: of a year that runs here only a decision makes a result."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import NotFound, Refusal
from workflows.assessment import CALENDAR_YEAR, Window
from workflows.cycles import SECURITY, Cycle
from workflows.nominations import Nomination
from workflows.regimes import regime_for, rules_of_year
from workflows.takeover.rows import SEATS, Row
from workflows.units import Unit, UnitSpan

Place = tuple[int, int]
"""A unit and a year."""


@dataclass(frozen=True, slots=True)
class Years:
    """The days assessed of the years held here, by year and kind, the units that have a
    nomination, by year, what units of categories were, from a day to a day, and the kinds of
    what they stood under."""

    held: Mapping[tuple[int, str], Window] = field(default_factory=dict)
    nominated: Collection[Place] = ()
    spans: Mapping[int, Sequence[UnitSpan]] = field(default_factory=dict)
    above: Mapping[int, str] = field(default_factory=dict)

    def window(self, year: int, kind: str) -> Window:
        """The days assessed: those of the cycle held here, else of the regime, else the
        calendar year."""
        try:
            return self.held.get((year, kind)) or _by_law(year, kind)
        except NotFound:
            return Window(CALENDAR_YEAR.begins.of(year), CALENDAR_YEAR.ends.of(year))

    def against_new(self, row: Row, unit: int) -> Iterator[Refusal]:
        """Why a result that is not recorded yet cannot come from a sheet."""
        ends = self.window(row.year, row.kind).ends_on
        if (unit, row.year) in self.nominated:
            yield row.blame("year", "year_has_nomination", year=row.year)
        elif clock.today() <= ends:
            yield row.blame("year", "year_still_runs", year=row.year, ends=ends.isoformat())
        rules = rules_of_year(row.year, row.kind)
        if rules and (code := rules.bar(self._category(unit, row.year))):
            yield row.blame("area", code, name=row.name)

    def _category(self, unit: int, year: int) -> str:
        """The category of a unit at the end of a year, or the last one it had in it."""
        span = self._span(unit, year)
        return span.category if span else ""

    def manager(self, unit: int, year: int) -> str:
        """The kind of what a unit of a category stood under then: the level that manages it."""
        span = self._span(unit, year)
        return self.above.get(span.parent_id or 0, "") if span else ""

    def _span(self, unit: int, year: int) -> UnitSpan | None:
        spans = [one for one in self.spans.get(unit, ()) if one.starts_on <= date(year, 12, 31)]
        return spans[-1] if spans else None

    def against_day(self, row: Row) -> Iterator[Refusal]:
        """A decision about a year is not older than the first day assessed for it."""
        begins = self.window(row.year, row.kind).starts_on
        if row.day and row.day < begins:
            places = {"year": row.year, "begins": begins.isoformat()}
            yield row.blame("decision_date", "decided_before_year", **places)


def _by_law(year: int, kind: str) -> Window:
    return regime_for(year, kind).kinds[kind].window(year)  # type: ignore[index]


def years_of(session: Session, placed: Sequence[tuple[Row, int]]) -> Years:
    """The years of these lines, each with its unit, as they were held here; four queries."""
    years = {row.year for row, _ in placed}
    spans: dict[int, list[UnitSpan]] = {}
    of_category = {unit for row, unit in placed if row.kind not in (*SEATS, "area")}
    query = select(UnitSpan).where(UnitSpan.unit_id.in_(of_category)).order_by(UnitSpan.starts_on)
    for span in session.scalars(query):
        spans.setdefault(span.unit_id, []).append(span)
    managers = {span.parent_id for every in spans.values() for span in every}
    kinds = select(Unit.id, Unit.kind).where(Unit.id.in_(managers))
    cycles = select(Cycle).where(Cycle.year.in_(years), Cycle.title == SECURITY)
    nominated = select(Nomination.area_id, Nomination.year).where(
        Nomination.year.in_(years), Nomination.title == SECURITY
    )
    return Years(
        {(c.year, c.kind): Window(c.starts_on, c.ends_on) for c in session.scalars(cycles)},
        {(unit, year) for unit, year in session.execute(nominated)},
        spans,
        dict(session.execute(kinds).all()),
    )
