"""Past results from a sheet: read, held against what is recorded, and written, all or nothing.

What is recorded already is left as it is, so the same sheet may come again. A result is never
changed by a sheet; what it says otherwise is refused, at its cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from engine.db import writing
from engine.errors import NotFound, Refusal
from workflows.exchange import headings, sheet
from workflows.quoted import PERCENT, Quoted, number
from workflows.regimes import regime_for
from workflows.results import Result, counting
from workflows.takeover.places import ABOVE, CHUNK, Gazetteer, Unsure, gazetteer
from workflows.takeover.rows import SEATS, Row, read_all
from workflows.takeover.verdicts import HISTORY
from workflows.takeover.years import years_of

LEVELS = ("commune", "district", "province")


@dataclass(slots=True)
class Report:
    """How many lines were read, how many say something new, add to what is recorded, or say
    what is known; which lines hold no data (totals, signatures); which names somebody must
    choose a unit for; and why the sheet is refused, cell by cell. With reasons, or in a dry
    run, nothing was written."""

    dry_run: bool
    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: list[Refusal] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unsure: dict[str, Unsure] = field(default_factory=dict)


@dataclass(slots=True)
class Taken:
    """What will be written: new results, what is added to known ones, and quoted figures."""

    results: list[dict[str, Any]] = field(default_factory=list)
    completed: list[dict[str, Any]] = field(default_factory=list)
    quoted: list[dict[str, Any]] = field(default_factory=list)


def load_history(
    session: Session,
    data: bytes,
    name: str,
    *,
    chosen: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> Report:
    """Reads a sheet of past results and records what is new in it, all or nothing.

    ``chosen`` gives the code of the unit that a name means, by ``key_of``. Raises ``Refused``
    for a file that is no such sheet; reasons against lines are reported.
    """
    left_out: list[str] = []
    lines = list(headings.lines(sheet.read(data, name), HISTORY, left_out))
    with nullcontext() if dry_run else writing(session):
        report = _load(session, lines, name, chosen or {}, dry_run=dry_run)
    return replace(report, left_out=left_out)


def _load(
    session: Session,
    lines: Sequence[headings.Line],
    name: str,
    chosen: Mapping[str, str],
    *,
    dry_run: bool,
) -> Report:
    rows, wrong = read_all(lines)
    report = Report(dry_run, len(lines), refused=wrong)
    placed = [*_placed(gazetteer(session, rows, chosen), rows, report)]
    taken = Comparison(session, name, report, placed).taken()
    if not (dry_run or report.refused):
        _write(session, taken)
    return report


def _placed(known: Gazetteer, rows: Iterable[Row], report: Report) -> Iterator[tuple[Row, int]]:
    """Each line with its unit; what has none goes into the report."""
    for row in rows:
        found = known.find(row)
        if isinstance(found, Unsure):
            report.unsure[found.key] = found
            likely = ", ".join(f"{one.name} ({one.code})" for one in found.candidates)
            places = {"commune": found.commune, "likely": likely}
            report.refused.append(row.blame("area", "unit_unsure", **places))
        elif isinstance(found, Refusal):
            report.refused.append(found)
        elif row.day and (absent := _absent(known, row, row.day)):
            places = {"on": row.day.isoformat(), "commune": absent}
            report.refused.append(row.blame("decision_date", "authority_not_on_day", **places))
        else:
            yield row, found


def _absent(known: Gazetteer, row: Row, on: date) -> str | None:
    """Who would have decided and was not there on the day of the decision, if so."""
    if row.kind in ABOVE:
        return None
    level = level_of(row.kind, row.year, on) if row.kind in SEATS else "commune"
    return known.absent(row, level, on)


class Comparison:
    """Lines with their units, held against each other and against what is recorded."""

    def __init__(
        self, session: Session, name: str, report: Report, placed: Sequence[tuple[Row, int]]
    ) -> None:
        self._session, self._name, self._report, self._placed = session, name, report, placed
        units = sorted({unit for _, unit in placed})
        self._known = {
            (one.area_id, one.year): one
            for one in _by_unit(session, select(Result).where(counting()), Result.area_id, units)
        }
        ended = select(Result).where(Result.ended_by_id.is_not(None))
        self._ended: dict[tuple[int, int], list[Result]] = {}
        for one in _by_unit(session, ended, Result.area_id, units):
            self._ended.setdefault((one.area_id, one.year), []).append(one)
        query = select(Quoted).where(Quoted.what == PERCENT)
        self._quoted = {
            (one.unit_id, one.year): one for one in _by_unit(session, query, Quoted.unit_id, units)
        }
        self._years = years_of(session, placed)
        self._taken = Taken()

    def taken(self) -> Taken:
        """What there is to write; reasons against lines go into the report."""
        seen: dict[tuple[int, int], Row] = {}
        for row, unit in self._placed:
            before = seen.setdefault((unit, row.year), row)
            if before is not row:
                if not _completes(row, before):
                    self._repeated(row, before)
                    continue
                seen[unit, row.year] = _joined(before, row)
            if wrong := [*self._years.against_day(row), *self._unfit(row, unit)]:
                self._report.refused += wrong
                continue
            if row.recognised is not None:
                self._result(row, unit)
            self._share(row, unit)
        return self._taken

    def _repeated(self, row: Row, before: Row) -> None:
        if _said(row) == _said(before):
            self._report.same += 1
            return
        self._report.refused.append(row.blame("result", "rows_disagree", row=before.line.number))

    def _unfit(self, row: Row, unit: int) -> Iterator[Refusal]:
        if row.recognised is not None and (unit, row.year) not in self._known:
            yield from self._years.against_new(row, unit)

    def _result(self, row: Row, unit: int) -> None:
        known = self._known.get((unit, row.year))
        if known is None:
            self._report.new += 1
            self._taken.results.append(self._new(row, unit))
        elif self._as_it_came(row, unit):
            self._report.same += 1
        elif _contradicts(row, known):
            self._report.refused.append(_otherwise(row, known))
        elif known.nomination_id is None and (added := _added(row, known)):
            self._report.changed += 1
            self._taken.completed.append({"id": known.id, **added})
        else:
            self._report.same += 1

    def _as_it_came(self, row: Row, unit: int) -> bool:
        """Whether a line says what was taken over once and an act has ended since."""
        return any(not _contradicts(row, one) for one in self._ended.get((unit, row.year), ()))

    def _new(self, row: Row, unit: int) -> dict[str, Any]:
        return {
            "area_id": unit,
            "year": row.year,
            "recognised": row.recognised,
            "level": self._level(row, unit) if row.recognised else None,
            "decision_number": row.number or None,
            "decided_on": row.day,
            "source": self._source(row),
        }

    def _level(self, row: Row, unit: int) -> str:
        return level_of(row.kind, row.year, row.day, self._years.manager(unit, row.year))

    def _source(self, row: Row) -> str:
        return f"{self._name} · {row.source}"[-300:]

    def _share(self, row: Row, unit: int) -> None:
        known = self._quoted.get((unit, row.year))
        if not row.quoted:
            return
        if row.recognised is None:
            self._report.new += known is None
            self._report.same += known is not None
        if known is None:
            self._taken.quoted.append(
                {
                    "unit_id": unit,
                    "year": row.year,
                    "what": PERCENT,
                    "quoted": row.quoted,
                    "source": row.number or self._source(row),
                }
            )
        elif number(known.quoted) != number(row.quoted):
            places = {"known": known.quoted, "source": known.source}
            self._report.refused.append(row.blame("quoted_percent", "quoted_differs", **places))


def _by_unit(session: Session, query: Any, column: Any, units: Sequence[int]) -> Iterator[Any]:
    for start in range(0, len(units), CHUNK):
        yield from session.scalars(query.where(column.in_(units[start : start + CHUNK])))


def _completes(row: Row, before: Row) -> bool:
    """Whether one of two lines tells the result and the other the percentage alone, as sheets
    have it that keep the two apart: then they are one."""
    apart = (row.recognised is None) != (before.recognised is None)
    return apart and not (row.quoted and before.quoted)


def _joined(one: Row, other: Row) -> Row:
    told, share = (one, other) if other.recognised is None else (other, one)
    return replace(told, quoted=share.quoted)


def _said(row: Row) -> tuple[object, ...]:
    return row.recognised, row.number, row.day, number(row.quoted) if row.quoted else None


def _contradicts(row: Row, known: Result) -> bool:
    """Whether a line says something else than is recorded; what either leaves open does not."""
    return (
        row.recognised != known.recognised
        or bool(row.number and known.decision_number and row.number != known.decision_number)
        or bool(row.day and known.decided_on and row.day != known.decided_on)
    )


def _otherwise(row: Row, known: Result) -> Refusal:
    column = "result"
    if row.recognised == known.recognised:
        same = row.number == (known.decision_number or row.number)
        column = "decision_date" if same else "decision_number"
    day = known.decided_on.strftime("%d/%m/%Y") if known.decided_on else ""
    said = "đạt" if known.recognised else "chưa đạt"
    told = ", ".join(filter(None, (said, known.decision_number, day)))
    return row.blame(column, "result_differs", year=row.year, known=told)


def _added(row: Row, known: Result) -> dict[str, Any]:
    added: dict[str, Any] = {}
    if row.number and not known.decision_number:
        added["decision_number"] = row.number
    if row.day and not known.decided_on:
        added["decided_on"] = row.day
    return added


def level_of(kind: str, year: int, on: date | None = None, manager: str = "") -> str:
    """The level that recognises such a unit every year, by the regime of the year (that of the
    day, where a reform parts it); of a unit that the regime leaves to whoever manages it, the
    level that it stands under (``manager``). Where neither is known, the commune an area and
    the district the others."""
    default = manager if manager in LEVELS else "commune" if kind == "area" else "district"
    try:
        rules = regime_for(year, kind, on).kinds.get(kind)  # type: ignore[call-overload]
    except NotFound:
        return default
    scope = rules.authority.decides[0].partition("@")[2] if rules else default
    return scope if scope in LEVELS else default


def _write(session: Session, taken: Taken) -> None:
    if taken.results:
        session.execute(insert(Result), taken.results)
    for row in taken.completed:
        session.execute(update(Result), [row])
    if taken.quoted:
        session.execute(insert(Quoted), taken.quoted)


def as_record(report: Report, say: Sequence[str]) -> dict[str, Any]:
    """The report as plain values; ``say`` holds the sentences of what is refused, in order."""
    return {
        "dry_run": report.dry_run,
        "rows": report.rows,
        "accepted": report.new + report.changed + report.same,
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
                "detail": sentence,
            }
            for one, sentence in zip(report.refused, say, strict=True)
        ],
        "suggestions": [
            {
                "key": one.key,
                "commune": one.commune,
                "candidates": [{"code": c.code, "name": c.name} for c in one.candidates],
            }
            for one in report.unsure.values()
        ],
    }
