"""Entering, correcting and withdrawing records: who may, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.db import writing
from engine.errors import Conflict, Forbidden, NotFound, Refusal, Refused
from engine.policy import Actor
from engine.texts import Unfit, read_text, visible
from workflows.records.book import CONFIDENCE, UNSAID, Record, RecordMeasure
from workflows.records.kinds import Kind, kind
from workflows.records.numbers import Number
from workflows.units import Unit, chain

LONGEST = {"name": 200, "reference": 120, "source": 300, "note": 500}


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody enters: one record, its time with both ends included; ``confidence`` is
    whether they read the text itself, a later one that tells of it, or neither."""

    kind: str
    unit_id: int
    starts_on: date
    ends_on: date
    source: str
    measures: Mapping[str, Number] = field(default_factory=dict)
    name: str = ""
    reference: str = ""
    source_on: date | None = None
    note: str = ""
    confidence: str = UNSAID


def may_enter(session: Session, actor: Actor, told: Kind, unit_id: int) -> bool:
    """Whether an office of this person, at the unit or above it, enters this kind."""
    above = {unit.id for unit in chain(session, unit_id).values()}
    return any(o.role in told.enter and o.unit_id in above for o in actor.offices)


def enter(session: Session, actor: Actor, entry: Entry, corrects: int | None = None) -> int:
    """Writes a record, or one in place of ``corrects``; its id.

    Raises ``NotFound``, ``Forbidden`` (``not_yours``), ``Conflict`` (``record_superseded``)
    and ``Refused`` with every reason at once.
    """
    told, entry = kind(entry.kind), _plain(entry)
    with writing(session):
        unit = _permitted(session, actor, told, entry.unit_id)
        if corrects is not None:
            _correctable(session, corrects, entry)
        refusals = [*_wrong(told, unit, entry), *_doubled(session, entry, corrects)]
        if refusals:
            raise Refused(*refusals)
        row = _row(entry, actor.person_id, corrects)
        session.add(row)
        session.flush()
        return row.id


def withdraw(session: Session, actor: Actor, record_id: int, reason: str) -> int:
    """Takes a record back by a row of its own, which says why; that row's id.

    Raises as ``enter`` does.
    """
    with writing(session):
        found = _found(session, record_id)
        entry = Entry(
            found.kind,
            found.unit_id,
            found.starts_on,
            found.ends_on,
            found.source,
            name=found.name,
            reference=found.reference,
            source_on=found.source_on,
            note=_line(reason),
            confidence=found.confidence,
        )
        _permitted(session, actor, kind(found.kind), found.unit_id)
        _correctable(session, record_id, entry)
        if not entry.note:
            raise Refused(Refusal("record_field_missing", field="note"))
        if refusals := [*_unfit("note", entry.note)]:
            raise Refused(*refusals)
        row = _row(entry, actor.person_id, record_id)
        row.withdrawn = True
        session.add(row)
        session.flush()
        return row.id


def _permitted(session: Session, actor: Actor, told: Kind, unit_id: int) -> Unit:
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound(Refusal("no_such_unit"))
    if not may_enter(session, actor, told, unit_id):
        raise Forbidden(Refusal("not_yours", {"by": list(told.enter)}))
    return unit


def _found(session: Session, record_id: int) -> Record:
    found = session.get(Record, record_id)
    if found is None:
        raise NotFound(Refusal("no_such_record"))
    return found


def _correctable(session: Session, record_id: int, entry: Entry) -> None:
    found = _found(session, record_id)
    later = select(Record.id).where(Record.supersedes_id == record_id)
    if session.scalar(later) is not None or found.withdrawn:
        raise Conflict(Refusal("record_superseded"))
    if (found.kind, found.unit_id) != (entry.kind, entry.unit_id):
        raise Refused(Refusal("record_of_another"))


def _wrong(told: Kind, unit: Unit, entry: Entry) -> Iterator[Refusal]:
    if unit.kind not in told.at:
        yield Refusal("record_not_kept_here", field="unit")
    if entry.starts_on > entry.ends_on:
        yield Refusal("record_period_reversed", field="ends_on")
    if entry.starts_on > clock.today():
        yield Refusal("record_in_future", field="starts_on")
    if told.period == "day" and entry.starts_on != entry.ends_on:
        yield Refusal("record_of_one_day", field="ends_on")
    if entry.ends_on < unit.starts_on or (unit.ends_on and entry.starts_on > unit.ends_on):
        yield Refusal("record_without_unit", {"unit": unit.title}, field="starts_on")
    yield from _wrong_texts(told, entry)
    yield from _wrong_figures(told, entry)


def _wrong_texts(told: Kind, entry: Entry) -> Iterator[Refusal]:
    if not entry.source:
        yield Refusal("record_field_missing", field="source")
    if entry.confidence not in CONFIDENCE:
        yield Refusal("not_a_choice", field="confidence")
    if told.name and not entry.name:
        yield Refusal("record_field_missing", field="name")
    if told.names and entry.name and entry.name not in {one.id for one in told.names}:
        yield Refusal("record_name_unknown", field="name")
    for name in LONGEST:
        yield from _unfit(name, getattr(entry, name))


def _plain(entry: Entry) -> Entry:
    """The entry with each text on one line, without what shows nothing in it."""
    return replace(
        entry,
        name=_line(entry.name),
        reference=_line(entry.reference),
        source=_line(entry.source),
        note=_line(entry.note),
    )


def _line(text: str) -> str:
    return " ".join(visible(text).split())


def _unfit(name: str, text: str) -> Iterator[Refusal]:
    """A character that no paper takes would make every report about the record impossible."""
    try:
        read_text(text, longest=LONGEST[name])
    except Unfit as unfit:
        yield Refusal(unfit.code, unfit.params, field=name)


def _wrong_figures(told: Kind, entry: Entry) -> Iterator[Refusal]:
    for measure in entry.measures:
        if told.measure(measure) is None:
            yield Refusal("record_measure_unknown", {"measure": measure}, field="measures")
    for one in told.measures:
        if one.required and one.id not in entry.measures:
            yield Refusal("record_field_missing", field=f"measures.{one.id}")
        if one.earlier_since and not _earlier(entry, one.id, one.earlier_since):
            told_in = {"year": entry.starts_on.year}
            yield Refusal("record_year_not_earlier", told_in, field=f"measures.{one.id}")
    if told.measures and not entry.measures:
        yield Refusal("record_without_figure", field=f"measures.{told.measures[0].id}")


def _earlier(entry: Entry, measure: str, since: int) -> bool:
    """Whether a year among the figures comes before the record's own, where it must."""
    figure, year = entry.measures.get(measure), entry.starts_on.year
    return figure is None or year < since or figure.value < year


def _doubled(session: Session, entry: Entry, corrects: int | None) -> Iterator[Refusal]:
    """The same told twice would be counted twice; only papers come several to a day."""
    later = aliased(Record)
    query = select(Record.id).where(
        Record.unit_id == entry.unit_id,
        Record.kind == entry.kind,
        Record.name == entry.name,
        Record.reference == entry.reference,
        Record.starts_on == entry.starts_on,
        Record.ends_on == entry.ends_on,
        ~Record.withdrawn,
        ~select(later.id).where(later.supersedes_id == Record.id).exists(),
    )
    twin = session.scalar(query.where(Record.id != corrects) if corrects else query)
    if twin is not None:
        yield Refusal("record_doubled", field="starts_on")


def _row(entry: Entry, person_id: int | None, corrects: int | None) -> Record:
    texts = {name: getattr(entry, name) for name in LONGEST}
    return Record(
        unit_id=entry.unit_id,
        kind=entry.kind,
        starts_on=entry.starts_on,
        ends_on=entry.ends_on,
        source_on=entry.source_on,
        confidence=entry.confidence,
        entered_by=person_id,
        entered_at=clock.now(),
        supersedes_id=corrects,
        withdrawn=False,
        measures=[
            RecordMeasure(measure=measure, value=n.value, high=n.high, mark=n.mark)
            for measure, n in entry.measures.items()
        ],
        **texts,
    )
