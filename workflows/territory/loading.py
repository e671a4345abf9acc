"""Units from a sheet: every line is what a unit was from a day to a day.

A line that goes on where one of the same code ends is the same unit under another name or
parent, unless it names that code among its predecessors: then a new unit took the code over.
What the sheet says and is recorded already changes nothing; what it says otherwise is
refused, for a change of a unit needs its paper.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import Refusal
from workflows.exchange import headings, sheet
from workflows.territory import categories, ground
from workflows.territory.acts import changes
from workflows.territory.atlas import ONE_DAY, Atlas, Branch, Span
from workflows.territory.faults import ANY_PARENT, PARENTS, faults, living_on
from workflows.territory.orphans import orphans
from workflows.territory.rows import Row, read_all

UNITS = "units"

BLAMED = {
    "code_in_use": "code",
    "parent_missing": "parent_code",
    "parent_of_wrong_kind": "parent_code",
    "parent_not_there": "parent_code",
    "lineage_circle": "predecessors",
    "unit_ends_before_it_begins": "to",
}
"""Which cell is to blame for what; else the first day."""

LEVELS = ("province", "district", "commune")


@dataclass(slots=True)
class Report:
    """How many lines were read, how many said something new, changed what is recorded or said
    what is known; which lines hold no data (totals, signatures); and why the sheet is refused,
    cell by cell. With reasons, or in a dry run, nothing was written."""

    dry_run: bool
    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: list[Refusal] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def load_units(session: Session, data: bytes, name: str, *, dry_run: bool = False) -> Report:
    """Reads a sheet and records what is new in it, all or nothing.

    Raises ``Refused`` for a file that is no such sheet; reasons against lines are reported.
    """
    left_out: list[str] = []
    lines = list(headings.lines(sheet.read(data, name), UNITS, left_out))
    with nullcontext() if dry_run else writing(session):
        report = _load(session, lines, data, name, dry_run=dry_run)
    return replace(report, left_out=left_out)


def _load(
    session: Session, lines: Sequence[headings.Line], data: bytes, name: str, *, dry_run: bool
) -> Report:
    before = ground.read(session)
    report, after, by_unit = judge(before, lines, dry_run=dry_run)
    if not report.refused:
        ends = {one.unit: one.on for one in changes(before, after) if one.after is None}
        for unit, one in orphans(session, after, ends).items():
            report.refused.append(by_unit[unit].blame("to", one.code, **one.params))
    if not (dry_run or report.refused) and report.new + report.changed:
        ground.write(session, before, after, [_act(data, name)], clock.today())
    return report


def judge(
    before: Atlas, lines: Sequence[headings.Line], *, dry_run: bool = True
) -> tuple[Report, Atlas, Mapping[int, Row]]:
    """What the lines come to on units that are as they are; the units as they would be, and
    the last line that tells of each."""
    rows, wrong = read_all(lines)
    report = Report(dry_run, len(lines), refused=wrong)
    filling = Filling(before.copy(), report)
    filling.fill(rows)
    if not report.refused:
        report.refused += filling.examine(before)
    return report, filling.atlas, filling.by_unit


def _act(data: bytes, name: str) -> dict[str, Any]:
    """The load itself stands for papers that the sheet does not name."""
    return {
        "kind": "load",
        "effective_on": clock.today(),
        "source": name[:300],
        "confidence": "secondary",
        "fingerprint": hashlib.sha256(data + clock.new_code().encode()).hexdigest(),
    }


@dataclass(slots=True)
class Filling:
    """A copy of the atlas while lines are put into it, by the days on which they begin."""

    atlas: Atlas
    report: Report
    by_unit: dict[int, Row] = field(default_factory=dict)
    shared: Counter[tuple[str, date]] = field(default_factory=Counter)
    merged: list[tuple[int, int, Row]] = field(default_factory=list)

    def fill(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.shared.update((code, row.starts_on) for code in row.predecessors if row.starts_on)
        for row in sorted(rows, key=_order):
            self._put(row)

    def _put(self, row: Row) -> None:
        unit = self._known(row)
        if unit is not None:
            self._compare(row, unit)
        elif row.starts_on is None:
            self.report.refused.append(row.blame("from", "cell_empty"))
        else:
            self._begin(row, row.starts_on)

    def _known(self, row: Row) -> int | None:
        """The unit of which just this is recorded: of that day or, without one, of today."""
        on = row.starts_on or clock.today()
        for unit in self.atlas.bearers(row.code, on, row.kind):
            span = self.atlas.at(unit, on)
            if span and row.starts_on in (None, span.starts_on):
                return unit
        return None

    def _compare(self, row: Row, unit: int) -> None:
        span = self.atlas.at(unit, row.starts_on or clock.today())
        if span is None:
            raise LookupError("a unit that bears a code on a day is there on it")
        self.by_unit[unit] = row
        span, told = self._categorised(row, unit, span)
        above = self.atlas.at(span.parent, span.starts_on) if span.parent is not None else None
        recorded = (span.form, span.name, above.code if above else "")
        if row.parent == "" and above:
            recorded = (span.form, span.name, "")
        if (row.form, row.name, row.parent) != recorded:
            known = f"{span.form} {span.name}, {above.code if above else '-'}"
            self.report.refused.append(row.blame("name", "differs_from_record", known=known))
        elif row.ends_on == span.ends_on or row.ends_on is None:
            self.report.same += not told
            self.report.changed += told
        elif span.ends_on is None and span == self.atlas.last(unit):
            self.atlas.put(
                unit, (*self.atlas.spans[unit][:-1], replace(span, ends_on=row.ends_on, act=0))
            )
            self.report.changed += 1
        else:
            known = span.ends_on.isoformat() if span.ends_on else "-"
            self.report.refused.append(row.blame("to", "differs_from_record", known=known))

    def _categorised(self, row: Row, unit: int, span: Span) -> tuple[Span, bool]:
        """The span with the category that the row tells where none was recorded, and whether
        it did; another one than is recorded needs its paper."""
        if row.category in ("", span.category):
            return span, False
        if span.category:
            known = categories.names(row.kind).get(span.category, span.category)
            self.report.refused.append(row.blame("category", "differs_from_record", known=known))
            return span, False
        spans = [replace(one, category=row.category) for one in self.atlas.spans[unit]]
        self.atlas.put(unit, spans)
        return replace(span, category=row.category), True

    def _begin(self, row: Row, on: date) -> None:
        parent = self._parent(row, on)
        unit = self._going_on(row, on)
        category = row.category or (self.atlas.last(unit).category if unit is not None else "")
        told = (row.name, row.form, row.code, row.kind, parent, 0, category)
        span = Span(on, row.ends_on, *told)
        if unit is None:
            unit = self.atlas.fresh(span)
        else:
            self.atlas.put(unit, (*self.atlas.spans[unit], span))
        self.by_unit[unit] = row
        self.report.new += 1
        self._link(row, unit, on)

    def _going_on(self, row: Row, on: date) -> int | None:
        if row.code in row.predecessors:
            return None
        for unit in self.atlas.bearers(row.code, on - ONE_DAY, row.kind):
            if self.atlas.last(unit).ends_on == on - ONE_DAY:
                return unit
        return None

    def _parent(self, row: Row, on: date) -> int | None:
        if not row.parent:
            return None
        fitting = PARENTS.get(row.kind, ANY_PARENT)
        for kind in fitting:
            if found := self.atlas.bearers(row.parent, on, kind):
                return found[0]
        params = {"code": row.parent, "on": on.isoformat()}
        self.report.refused.append(row.blame("parent_code", "unit_not_then", **params))
        return None

    def _link(self, row: Row, unit: int, on: date) -> None:
        before = on - ONE_DAY
        for code in row.predecessors:
            found = self.atlas.bearers(code, before, row.kind)
            if not found:
                params = {"code": code, "on": before.isoformat()}
                self.report.refused.append(row.blame("predecessors", "unit_not_then", **params))
            elif found[0] == unit:
                params = {"unit": row.name}
                self.report.refused.append(row.blame("predecessors", "lineage_circle", **params))
            else:
                kind = self._kind(row, code, unit, on)
                self.atlas.link(found[0], unit, Branch(on, kind, 0))
                if kind == "merge":
                    self.merged.append((found[0], unit, row))

    def _kind(self, row: Row, code: str, unit: int, on: date) -> str:
        if len(row.predecessors) > 1 or len(self.atlas.spans[unit]) > 1:
            return "merge"
        return "split" if self.shared[code, on] > 1 else "replace"

    def examine(self, before: Atlas) -> Iterator[Refusal]:
        """The whole by what can be true of units at all, each fault at its cell."""
        units = ground.touched(before, self.atlas)
        below = {child for unit in units for child in self.atlas.ever_below(unit)}
        for unit in dict.fromkeys([*units, *sorted(below)]):
            for fault in faults(self.atlas, [unit]):
                yield self._placed(fault, unit)
        yield from self._going_on_beside()

    def _going_on_beside(self) -> Iterator[Refusal]:
        """What was merged is no more from that day, or it would count beside what it became.
        Asked when every line was read, for any of them may tell its last day."""
        for before, after, row in self.merged:
            fault = living_on(self.atlas, before, after)
            if fault and after not in self.atlas.comes_from(before):
                yield row.blame("predecessors", fault.code, **fault.params)

    def _placed(self, fault: Refusal, unit: int) -> Refusal:
        row = self.by_unit.get(unit)
        if row is None:
            # Recorded before, and wrong because of what stands above it in the sheet.
            row = self._row_above(unit)
        if row is None:
            return fault
        return row.blame(BLAMED.get(fault.code, "from"), fault.code, **fault.params)

    def _row_above(self, unit: int) -> Row | None:
        parents = [span.parent for span in self.atlas.spans[unit] if span.parent is not None]
        return next((self.by_unit[parent] for parent in parents if parent in self.by_unit), None)


def _order(row: Row) -> tuple[date, int, int]:
    level = LEVELS.index(row.kind) if row.kind in LEVELS else len(LEVELS)
    return row.starts_on or date.max, level, row.line.number


def as_record(report: Report, say: Sequence[str]) -> dict[str, Any]:
    """The report as plain values; ``say`` holds the sentences by place."""
    return {
        "dry_run": report.dry_run,
        "rows": report.rows,
        "accepted": 0 if report.refused else report.new + report.changed,
        "new": report.new,
        "changed": report.changed,
        "same": report.same,
        "left_out": report.left_out,
        "refused": [
            {
                "sheet": one.params.get("sheet", ""),
                "cell": one.params.get("cell", ""),
                "value": one.params.get("value", ""),
                "code": one.code,
                "detail": say[place],
            }
            for place, one in enumerate(report.refused)
        ],
    }
