"""The tables of reports, each cell with the records behind its figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from workflows import lateness, wording
from workflows.lateness import Late
from workflows.records.kinds import Kind, Measure, kind, kinds
from workflows.records.listing import Line
from workflows.records.numbers import Number, written
from workflows.reports import absence, agreement, counting
from workflows.reports.counting import Tally
from workflows.reports.facts import Facts
from workflows.reports.parts import Cell, Table
from workflows.streaks import AT_LEAST
from workflows.streaks.denominators import told_of
from workflows.units import WHOLE, Unit

NONE = Cell("–")
PRAISED = "praised_year"


def records(facts: Facts, kinds: Sequence[str]) -> Iterator[Table]:
    """A table for each kind that has lines."""
    for kind_id in kinds:
        if found := facts.lines.get(kind_id):
            yield _of_kind(facts, kind(kind_id), found)


def _of_kind(facts: Facts, told: Kind, lines: Sequence[Line]) -> Table:
    stated = {name for line in lines for name in line.measures}
    measures = [one for one in told.measures if one.id in stated]
    referred = any(line.reference for line in lines)
    head = [facts.word("head", "period")]
    head += [told.name[facts.language]] if told.name else []
    head += [facts.word("head", "reference")] if referred else []
    figures = len(head)
    head += [one.label[facts.language] for one in measures]
    rows = []
    for line in lines:
        source, address = _source(facts, line)
        note = facts.sources.note(source, address)
        cells = [_period(line, address, 0 if measures else note)]
        cells += [Cell(told.named(line.name, facts.language))] if told.name else []
        cells += [Cell(line.reference)] if referred else []
        cells += [_figure(facts, line, one, address, note) for one in measures]
        rows.append(tuple(cells))
    caption = told.label[facts.language]
    return Table(told.id, caption, tuple(head), tuple(rows), figures, _remarks(facts, lines))


def _figure(facts: Facts, line: Line, measure: Measure, address: str, note: int) -> Cell:
    number = line.measures.get(measure.id)
    if number is None:
        return NONE
    text, value = number_text(facts, number, measure), _value(number, measure)
    return Cell(text, value, address, note, plain=measure.plain)


def number_text(facts: Facts, number: Number, measure: Measure) -> str:
    """A number of a record in the report's language."""
    decimals, plain = measure.decimals, measure.plain
    return written(number, decimals, plain=plain, language=facts.language)


def _value(number: Number, measure: Measure) -> int | Decimal | None:
    """The number for a spreadsheet, if the source states one exactly."""
    if not number.exact:
        return None
    return Decimal(number.value).scaleb(-measure.decimals) if measure.decimals else number.value


def _remarks(facts: Facts, lines: Sequence[Line]) -> tuple[str, ...]:
    marked = any(number.mark for line in lines for number in line.measures.values())
    told = [facts.word("note", "approximate")] if marked else []
    if any(line.summed for line in lines):
        told.append(facts.word("note", "summed"))
    return tuple(told)


def _source(facts: Facts, line: Line) -> tuple[str, str]:
    """What a line rests on, and the page that shows it."""
    source = "; ".join(line.sources[:2])
    if not line.summed:
        one = line.records[0]
        return facts.word("word", "record", source=source, id=one.id), f"/records/{one.id}"
    years = f"from={line.starts_on.year}&to={line.ends_on.year}"
    address = f"/records?unit={facts.unit.id}&kind={line.kind}&below=1&{years}"
    return facts.word("word", "records", source=source, count=len(line.records)), address


def _period(line: Line, address: str, note: int) -> Cell:
    text = period(line)
    return Cell(text, int(text) if text.isdecimal() else None, address, note, plain=True)


def period(line: Line) -> str:
    """A day, a year, or some years."""
    if line.starts_on == line.ends_on:
        return line.starts_on.strftime("%d/%m/%Y")
    first, last = line.starts_on.year, line.ends_on.year
    return str(first) if first == last else f"{first}–{last}"


def yearly(facts: Facts) -> Table:
    """Registered, recognised, percent, what was quoted, streaks, and the way to the target."""
    gone = absence.without(facts.years, facts.absences)
    told = [row for row in facts.years if row["registered"]]
    shown = [row for row in facts.years if row["registered"] or row["year"] in gone]
    quoted = bool(facts.quotes)
    whole = any(row["denominator"]["count"] != row["registered"] for row in told)
    target = facts.layout.target_percent
    head = [facts.word("head", name) for name in ("year", "registered", "recognised", "percent")]
    head += [facts.word("head", "denominator")] if whole else []
    head += [facts.word("head", "quoted")] if quoted else []
    head += [facts.word("head", "streak", years=n) for n in AT_LEAST]
    # A share is aimed at, which one area, or one school, has none of.
    head += [facts.word("head", "target", percent=target)] if facts.unit.kind not in WHOLE else []
    rows = [
        _absent(row, len(head))
        if row["year"] in gone
        else _year(facts, row, whole=whole, quoted=quoted)
        for row in shown
    ]
    missing = absence.remarks(facts.unit, gone, facts.language)
    remarks = (*missing, *_taken_of(facts, told), facts.word("note", "rounding"))
    caption = facts.word("caption", "yearly")
    return Table("yearly", caption, tuple(head), tuple(rows), 1, remarks)


def _absent(row: Mapping[str, Any], columns: int) -> tuple[Cell, ...]:
    """A year in which the unit was not there: no figure, also not nought."""
    return (Cell(str(row["year"]), row["year"], plain=True), *[NONE] * (columns - 1))


def _taken_of(facts: Facts, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Of what the shares of which years are taken, where that stands, how sure it is."""
    for years, told in told_of(rows):
        sure = wording.names()["confidence"][told["confidence"]][facts.language]
        cited = "; ".join(told["basis"]) or "–"
        yield facts.word("note", told["of"], years=years, basis=cited, sure=sure)


def _year(facts: Facts, row: Mapping[str, Any], *, whole: bool, quoted: bool) -> tuple[Cell, ...]:
    year, registered, recognised = row["year"], row["registered"], row["recognised"]
    taken_of = row["denominator"]["count"]
    cells = [Cell(str(year), year, plain=True), _result(facts, year, registered)]
    cells.append(_result(facts, year, recognised, only="recognised"))
    percent = row["percent"].replace(".", _comma(facts))
    cells.append(_told(facts, year, percent, Decimal(row["percent"])))
    if whole:
        # No page lists areas without a result: the remark below tells what it rests on.
        cells.append(Cell(written(Number(taken_of), language=facts.language), taken_of))
    if quoted:
        cells.append(_quote(facts, year))
    for n in AT_LEAST:
        cells.append(_result(facts, year, row["streaks"][str(n)], streak=n))
    if facts.unit.kind not in WHOLE:
        cells.append(Cell(_target(facts, recognised, taken_of)))
    return tuple(cells)


def _result(facts: Facts, year: int, count: int, **more: object) -> Cell:
    return _told(facts, year, written(Number(count), language=facts.language), count, **more)


def _told(facts: Facts, year: int, text: str, count: int | Decimal | None, **more: object) -> Cell:
    """A figure of the register of results."""
    return Cell(text, count, facts.behind("results", year=year, **more), _note(facts, year))


def _note(facts: Facts, year: int) -> int:
    """The register of results; one source for all of a year."""
    source = facts.word("word", "results", unit=facts.unit.heading, year=year)
    return facts.sources.note(source, facts.behind("results", year=year))


def _quote(facts: Facts, year: int) -> Cell:
    found = facts.quotes.get(year)
    if found is None:
        return NONE
    text = found.quoted
    if found.differs:
        text = f"{text} ({facts.word('word', 'differs')})"
    return facts.sources.cell(text, found.source, facts.behind("results", year=year))


def _target(facts: Facts, recognised: int, whole: int) -> str:
    needed = -(-facts.layout.target_percent * whole // 100)
    if recognised >= needed:
        return facts.word("word", "met")
    return facts.word("word", "short", count=needed - recognised)


def _comma(facts: Facts) -> str:
    return "," if facts.language == "vi" else "."


def units(facts: Facts) -> Iterator[Table]:
    """A row for each unit that was right below, a column for each year that has results."""
    found = facts.tallies.units
    if found:
        below = counting.in_order(facts.session, found)
        rows = {
            f"/reports/results?unit={one.id}": (one.heading, one.kind == "area", found[one.id])
            for one in below
        }
        yield _matrix(facts, "units", facts.word("head", "unit"), rows)


def by_kind(facts: Facts) -> Iterator[Table]:
    """A row for each kind of subject that has results."""
    found = facts.tallies.kinds
    if found:
        rows = {
            facts.behind("results", kind=kind): (facts.word("kinds", kind), False, told)
            for kind, told in found.items()
        }
        yield _matrix(facts, "by_kind", facts.word("head", "kind"), rows)


Rows = Mapping[str, tuple[str, bool, Mapping[int, Tally]]]
"""By the page of all its years: a row's name, whether it is a single area, its tallies."""


def _matrix(facts: Facts, what: str, head: str, rows: Rows) -> Table:
    years = sorted({year for _, _, told in rows.values() for year in told})
    notes = {year: _note(facts, year) for year in years}
    made = []
    for address, (name, single, told) in rows.items():
        cells = [Cell(name)]
        for year in years:
            text = _tally(facts, told[year], single=single) if year in told else ""
            cell = Cell(text, None, f"{address}&year={year}", notes[year])
            cells.append(cell if text else NONE)
        made.append(tuple(cells))
    caption = facts.word("caption", what)
    return Table(what, caption, (head, *map(str, years)), tuple(made), 1)


def _tally(facts: Facts, told: Tally, *, single: bool) -> str:
    if single:
        return facts.word("word", "recognised" if told.recognised else "refused")
    return f"{told.recognised}/{told.judged}"


def overdue(facts: Facts) -> Iterator[Table]:
    """What is overdue now, by whom it waits on; and what was decided after the last day."""
    if found := counting.late(facts.session, facts.unit.id):
        yield _overdue(facts, found)
    late = lateness.within(facts.session, facts.unit.id, facts.scope.first, facts.scope.last)
    if late:
        yield _late(facts, late)


def _overdue(facts: Facts, found: Sequence[counting.Late]) -> Table:
    source = facts.word("word", "overdue", unit=facts.unit.heading)
    address = facts.behind("overdue")
    head = tuple(facts.word("head", name) for name in ("office", "overdue", "oldest"))
    rows = tuple(
        (
            Cell(wording.role_name(one.role, facts.language)),
            facts.sources.cell(str(one.count), source, address, one.count),
            Cell(one.oldest.strftime("%d/%m/%Y")),
        )
        for one in found
    )
    return Table("overdue", facts.word("caption", "overdue"), head, rows, 1)


def _late(facts: Facts, found: Sequence[Late]) -> Table:
    """By the year and its last day."""
    head = tuple(facts.word("head", name) for name in ("year", "last_day", "late", "latest"))
    rows = []
    days = sorted({(one.year, one.last, one.clause) for one in found})
    for year, last, clause in days:
        those = [one for one in found if (one.year, one.last) == (year, last)]
        source = facts.word("word", "late", unit=facts.unit.heading, year=year, clause=clause)
        address = facts.behind("overdue", year=year)
        latest = max(one.decided_on for one in those if one.decided_on)
        rows.append(
            (
                Cell(str(year)),
                Cell(last.strftime("%d/%m/%Y")),
                facts.sources.cell(str(len(those)), source, address, len(those)),
                Cell(latest.strftime("%d/%m/%Y")),
            )
        )
    return Table("late", facts.word("caption", "late"), head, tuple(rows), 2)


def disagreements(facts: Facts) -> Iterator[Table]:
    """The checks that fail, and the years whose quoted percentage is not the exact one."""
    rows = [_disagreement(facts, one) for one in agreement.disagreements(facts.lines)]
    rows += [*_misquoted(facts), *_mispraised(facts)]
    if rows:
        head = tuple(facts.word("head", name) for name in ("what", "stated", "computed"))
        caption = facts.word("caption", "disagreements")
        yield Table("disagreements", caption, head, tuple(rows), 1)


def _disagreement(facts: Facts, one: agreement.Disagreement) -> tuple[Cell, ...]:
    language = facts.language
    stated = written(one.stated_number, one.decimals, language=language)
    if one.other is None:
        stated, computed = f"{stated}%", f"{one.computed.replace('.', _comma(facts))}%"
    else:
        computed = written(one.other, one.decimals, language=language)
    return (
        Cell(one.label[language]),
        facts.sources.cell(stated, *_source(facts, one.stated)),
        facts.sources.cell(computed, *_source(facts, one.part)),
    )


def _misquoted(facts: Facts) -> Iterator[tuple[Cell, ...]]:
    for year, found in sorted(facts.quotes.items()):
        if not found.differs:
            continue
        name = f"{facts.word('head', 'percent')} {year}"
        stated = found.quoted if found.quoted.endswith("%") else f"{found.quoted}%"
        exact = (found.exact or "").replace(".", _comma(facts))
        address = facts.behind("results", year=year)
        yield (
            Cell(name),
            facts.sources.cell(stated, found.source, address),
            _told(facts, year, f"{exact}%", None),
        )


def _mispraised(facts: Facts) -> Iterator[tuple[Cell, ...]]:
    """The lists read out on 19 August that are not those recognised in the year they praise,
    each at the unit that read it out; of one that tells no list, more certificates than that."""
    listing = [kind_id for kind_id, one in kinds().items() if one.lists == "recognised"]
    for line in (one for kind_id in listing for one in facts.lines.get(kind_id, ())):
        year = line.measures.get(PRAISED)
        listed, certificates = (line.measures.get(name) for name in ("listed", "certificates"))
        told = listed or certificates
        if line.summed or year is None or told is None or not told.exact:
            continue
        unit = facts.session.get_one(Unit, line.records[0].unit_id)
        count = _recognised(facts, unit.id, year.value)
        if told.value > count or (listed and told.value < count):
            word = "praised" if listed else "praised_certificates"
            source = facts.word("word", "results", unit=unit.heading, year=year.value)
            address = f"/reports/results?unit={unit.id}&year={year.value}&only=recognised"
            yield (
                Cell(facts.word("word", word, year=year.value, place=line.name)),
                facts.sources.cell(written(told, language=facts.language), *_source(facts, line)),
                facts.sources.cell(str(count), source, address, count),
            )


def _recognised(facts: Facts, unit_id: int, year: int) -> int:
    """How many areas of a unit were recognised in a year."""
    found = counting.tallies(facts.session, unit_id, year, year).kinds.get("area", {})
    return found[year].recognised if year in found else 0
