"""Carrying out what papers order about units: all of it or nothing, or only as a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import Refusal, Refused
from engine.papers.book import Paper
from workflows.lineage import UnitAct
from workflows.people import Appointment
from workflows.territory import ground
from workflows.territory.atlas import ONE_DAY, Atlas, Span
from workflows.territory.faults import faults
from workflows.territory.orders import Order
from workflows.territory.orphans import Late, decided_since, orphans
from workflows.territory.rules import carry_out
from workflows.units import titled


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one unit: how it was the day before (none for a new one) and how it is
    then (none for one that ends); ``above`` is what it was and is right under, where that is
    another."""

    unit: int
    on: date
    before: Span | None
    after: Span | None
    above: tuple[Span | None, Span | None] | None = None

    @property
    def what(self) -> str:
        if self.before is None:
            return "begins"
        return "changes" if self.after else "ends"


@dataclass(frozen=True, slots=True)
class Touched:
    """A paper that its authority issued when, by the acts, it was no more or already something
    else: ``ends`` or ``changes``. It stays as it is; whoever decides on the acts is told."""

    paper_id: int
    code: str
    kind: str
    number: str
    issued_on: date
    authority: str
    what: str


@dataclass(slots=True)
class Report:
    """What was done, or would be: how many orders, those that had been carried out before,
    each change, how many areas go on under other units (their own, or one above it), the
    offices that end with their units, the papers and results that an act of an earlier day
    comes too late for, and how many units of each kind there are from the last of these days
    on."""

    dry_run: bool
    orders: int = 0
    again: int = 0
    changes: list[Change] = field(default_factory=list)
    following: int = 0
    offices: int = 0
    counts: list[tuple[date, dict[str, int]]] = field(default_factory=list)
    papers: list[Touched] = field(default_factory=list)
    results: Sequence[Late] = ()


def decree(session: Session, orders: Sequence[Order], *, dry_run: bool = False) -> Report:
    """Carries out the orders in their order. One that was carried out before is passed over.

    Raises ``Refused`` with every reason against the first order that may not be; the field of
    each is ``orders.N.key``. Nothing is written then, or in a dry run.
    """
    if dry_run:
        return _try(session, orders, dry_run=True)[0]
    with writing(session):
        report, before, after, acts = _try(session, orders, dry_run=False)
        ground.write(session, before, after, acts, clock.today())
    return report


def _try(
    session: Session, orders: Sequence[Order], *, dry_run: bool
) -> tuple[Report, Atlas, Atlas, list[dict[str, Any]]]:
    before = ground.read(session)
    after = before.copy()
    known = set(session.scalars(select(UnitAct.fingerprint)))
    report, acts = Report(dry_run), list[dict[str, Any]]()
    for number, order in enumerate(orders):
        if order.fingerprint in known:
            report.again += 1
            continue
        reasons = carry_out(after, order, len(acts))
        if reasons:
            raise Refused(*(_placed(one, number) for one in reasons))
        known.add(order.fingerprint)
        acts.append(act_row(order))
        report.counts.append((order.deed.effective_on, counts(after, order.deed.effective_on)))
    report.orders = len(acts)
    _examine(before, after)
    report.changes = changes(before, after)
    ends = {change.unit: change.on for change in report.changes if change.after is None}
    _refuse_orphans(session, after, ends, orders)
    report.results = decided_since(session, after, ends)
    report.following = following(after, report.changes)
    report.offices = _offices(session, report.changes)
    report.papers = _papers(session, report.changes)
    return report, before, after, acts


def _placed(refusal: Refusal, number: int) -> Refusal:
    return Refusal(refusal.code, refusal.params, field=f"orders.{number}.{refusal.field}")


def _examine(before: Atlas, after: Atlas) -> None:
    """The whole once more, by what can be true of units at all; raises ``Refused``."""
    units = ground.touched(before, after)
    below = {child for unit in units for child in after.ever_below(unit)}
    wrong = list(faults(after, dict.fromkeys([*units, *sorted(below)])))
    if wrong:
        raise Refused(*wrong)


def _refuse_orphans(
    session: Session, after: Atlas, ends: Mapping[int, date], orders: Sequence[Order]
) -> None:
    """Raises ``Refused`` for units that would end before years they have results of."""
    by_day = {order.deed.effective_on - ONE_DAY: number for number, order in enumerate(orders)}
    wrong = [
        Refusal(one.code, one.params, field=f"orders.{by_day[ends[unit]]}.deed.effective_on")
        for unit, one in orphans(session, after, ends).items()
    ]
    if wrong:
        raise Refused(*wrong)


def act_row(order: Order) -> dict[str, Any]:
    """The row of ``unit_acts`` for an order."""
    told = order.deed.model_dump(exclude={"issuer_unit"})
    return told | {"kind": order.act, "fingerprint": order.fingerprint}


def changes(before: Atlas, after: Atlas) -> list[Change]:
    """Every change of every unit, by day."""
    found: list[Change] = []
    for unit in ground.touched(before, after):
        old = before.spans.get(unit, ())
        known = {span.starts_on: span for span in old}
        previous: Span | None = None
        for span in after.spans[unit]:
            if known.get(span.starts_on) is None:
                above = _above(after, previous, span)
                found.append(Change(unit, span.starts_on, previous, span, above))
            previous = span
        ends = after.spans[unit][-1].ends_on
        if ends and (not old or old[-1].ends_on != ends):
            found.append(Change(unit, ends, previous, None))
    return sorted(found, key=lambda change: (change.on, change.unit < 0, abs(change.unit)))


def _above(atlas: Atlas, before: Span | None, span: Span) -> tuple[Span | None, Span | None] | None:
    """What a unit was and is right under, as those were called, if it went elsewhere."""
    if before is None or before.parent == span.parent:
        return None
    days = span.starts_on - ONE_DAY, span.starts_on
    was, is_ = (
        atlas.at(parent, day) if parent is not None else None
        for parent, day in zip((before.parent, span.parent), days, strict=True)
    )
    return was, is_


def following(atlas: Atlas, done: Sequence[Change]) -> int:
    """How many areas go on under other units than before, at whatever level."""
    found: set[int] = set()
    for change in done:
        level = [change.unit] if change.above else []
        while level:
            spans = {unit: atlas.at(unit, change.on) for unit in level}
            found |= {unit for unit, span in spans.items() if span and span.kind == "area"}
            level = [child for unit in level for child in atlas.children(unit, change.on)]
    return len(found)


def counts(atlas: Atlas, on: date) -> dict[str, int]:
    """How many units of each kind there are on a day."""
    found: dict[str, int] = {}
    for unit in atlas.spans:
        if span := atlas.at(unit, on):
            found[span.kind] = found.get(span.kind, 0) + 1
    return dict(sorted(found.items()))


def _offices(session: Session, done: Sequence[Change]) -> int:
    """The appointments at units that end, which end with them whatever they say."""
    ended = {change.unit: change.on for change in done if change.after is None}
    query = select(func.count()).where(
        Appointment.unit_id.in_(list(ended)),
        Appointment.ends_on.is_(None)
        | (Appointment.ends_on > min(ended.values(), default=date.max)),
    )
    return session.scalar(query) or 0


def _papers(session: Session, done: Sequence[Change]) -> list[Touched]:
    """What the units that end, or are called or placed otherwise, had issued since then."""
    since = {change.unit: change for change in reversed(done) if change.what != "begins"}
    if not since:
        return []
    query = (
        select(Paper.id, Paper.code, Paper.kind, Paper.number_text, Paper.issued_on)
        .add_columns(Paper.authority_id)
        .where(
            Paper.authority_id.in_(since),
            Paper.issued_on >= min(change.on for change in since.values()),
        )
        .order_by(Paper.issued_on, Paper.id)
    )
    return [
        Touched(row.id, row.code, row.kind, row.number_text or "", row.issued_on, name, what)
        for row in session.execute(query)
        for change in [since[row.authority_id]]
        for name, what in [(_called(change), change.what)]
        if row.issued_on > change.on or (what == "changes" and row.issued_on == change.on)
    ]


def _called(change: Change) -> str:
    span = change.before or change.after
    return titled(span.kind, span.form, span.name) if span else ""
