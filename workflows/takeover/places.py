"""Which unit a line of an old sheet means, as of the year it tells of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows.names import fold
from workflows.takeover import spelling
from workflows.takeover.rows import SEATS, Row
from workflows.units import UnitSpan

OFFERED = 5
CHUNK = 10_000
ABOVE = ("province", "district")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that a name may mean."""

    unit_id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """A line whose unit somebody must choose."""

    key: str
    commune: str
    candidates: tuple[Candidate, ...]


def key_of(row: Row) -> str:
    """By what a choice is known: the commune and the name as they are written. With a slash
    and a year after it, a choice is for that year alone."""
    return f"{row.commune}/{row.name}"


def _holds(span: UnitSpan, year: int) -> bool:
    ends = span.ends_on or date.max
    return span.starts_on <= date(year, 12, 31) and ends >= date(year, 1, 1)


def _on(span: UnitSpan, day: date) -> bool:
    return span.starts_on <= day <= (span.ends_on or date.max)


@dataclass(slots=True)
class Gazetteer:
    """The communes that a sheet names and what ever was below them, all districts and
    provinces; ``chosen`` holds the codes that somebody chose for names."""

    communes: Sequence[UnitSpan]
    below: Mapping[int, Sequence[UnitSpan]]
    chosen: Mapping[str, str] = field(default_factory=dict)
    above: Sequence[UnitSpan] = ()

    def find(self, row: Row) -> int | Unsure | Refusal:
        """The unit of a line; else who may be meant, or why there is none."""
        if row.kind in ABOVE:
            return self._seat(row)
        communes = self._communes(row, row.year)
        if not communes:
            return row.blame("commune_code", "no_commune_then", year=row.year)
        if row.kind == "commune":
            return self._one(row, communes, communes)
        there = self._below(communes, row.kind, row.year)
        written = spelling.name(row.name)
        sure = [span for span in there if spelling.same(written, spelling.name(span.name))]
        exact = [s for s in sure if spelling.name(s.name) == written] or sure
        found = self._one(row, communes, exact) if exact else None
        if isinstance(found, int):
            return found
        if code := self.chosen.get(f"{key_of(row)}/{row.year}", self.chosen.get(key_of(row))):
            return self._chosen(row, code, communes, there)
        return found or self._elsewhen(row, written) or self._likely(row, communes, there, written)

    def absent(self, row: Row, level: str, on: date) -> str | None:
        """What is called the unit of that level over the commune of a line, or that commune,
        if none was there on a day. Where none was ever recorded nothing can be said."""
        spans = [span for span in self.communes if self._named(span, row.commune)]
        if level == "commune":
            return None if any(_on(span, on) for span in spans) else row.commune
        near = [span for span in spans if _on(span, on) or _holds(span, row.year)]
        over = {span.parent_id for span in near}
        over |= {span.parent_id for span in self.above if span.unit_id in over}
        deciding = [one for one in self.above if one.kind == level and one.unit_id in over]
        if not deciding or any(_on(one, on) for one in deciding):
            return None
        return deciding[-1].title

    def _seat(self, row: Row) -> int | Unsure | Refusal:
        """A district or a province, by its code or its name."""
        seats = [
            span
            for span in self.above
            if span.kind == row.kind and self._named(span, row.commune) and _holds(span, row.year)
        ]
        if not seats:
            return row.blame("commune_code", "no_seat_then", year=row.year)
        return self._one(row, seats, seats)

    def _communes(self, row: Row, year: int) -> list[UnitSpan]:
        spans = [span for span in self.communes if self._named(span, row.commune)]
        return [span for span in spans if _holds(span, year)]

    @staticmethod
    def _named(span: UnitSpan, written: str) -> bool:
        return span.code == written or fold(written) in (fold(span.name), fold(span.title))

    def _below(self, communes: Iterable[UnitSpan], kind: str, year: int) -> list[UnitSpan]:
        ids = dict.fromkeys(commune.unit_id for commune in communes)
        return [
            span
            for commune in ids
            for span in self.below.get(commune, ())
            if span.kind == kind and _holds(span, year)
        ]

    def _one(
        self, row: Row, communes: Sequence[UnitSpan], spans: Sequence[UnitSpan]
    ) -> int | Unsure:
        units = {span.unit_id for span in spans}
        if len(units) == 1:
            return units.pop()
        on = row.day or date(row.year, 12, 31)
        then = {s.unit_id for s in spans if s.starts_on <= on <= (s.ends_on or date.max)}
        if row.day and len(then) == 1:
            return then.pop()
        return _unsure(row, communes, spans)

    def _chosen(
        self, row: Row, code: str, communes: Sequence[UnitSpan], there: Sequence[UnitSpan]
    ) -> int | Refusal:
        for span in there:
            if span.code == code:
                return span.unit_id
        places = {"chosen": code, "year": row.year, "commune": communes[0].title}
        return row.blame("area", "match_unfit", **places)

    def _elsewhen(self, row: Row, written: spelling.Name) -> Refusal | None:
        """A unit that is just so called, but was not there in that year."""
        ids = {span.unit_id for span in self.communes if self._named(span, row.commune)}
        spans = [
            span
            for commune in ids
            for span in self.below.get(commune, ())
            if span.kind == row.kind and spelling.same(written, spelling.name(span.name))
        ]
        if not spans:
            return None
        first = min(span.starts_on for span in spans)
        last = max(span.ends_on or date.max for span in spans)
        return row.blame(
            "year",
            "unit_not_there_yet",
            value=row.name,
            year=row.year,
            commune=row.commune,
            starts=first.isoformat(),
            ends="…" if last == date.max else last.isoformat(),
        )

    def _likely(
        self,
        row: Row,
        communes: Sequence[UnitSpan],
        there: Sequence[UnitSpan],
        written: spelling.Name,
    ) -> Unsure | Refusal:
        scored = sorted(
            ((spelling.likeness(written, spelling.name(span.name)), span) for span in there),
            key=lambda one: (-one[0], one[1].code),
        )
        likely = [span for score, span in scored if score >= spelling.ALIKE]
        if likely:
            return _unsure(row, communes, likely)
        places = {"year": row.year, "commune": communes[0].title}
        return row.blame("area", "no_such_unit_then", **places)


def _unsure(row: Row, communes: Sequence[UnitSpan], spans: Iterable[UnitSpan]) -> Unsure:
    found = {span.unit_id: Candidate(span.unit_id, span.code, span.title) for span in spans}
    return Unsure(key_of(row), communes[0].title, tuple(found.values())[:OFFERED])


def gazetteer(session: Session, rows: Iterable[Row], chosen: Mapping[str, str]) -> Gazetteer:
    """What these lines name, with all that ever was below the communes among it."""
    named = {row.commune for row in rows}
    folded = {fold(written) for written in named}
    query = select(UnitSpan).where(UnitSpan.kind.in_(SEATS)).order_by(UnitSpan.starts_on)
    seats = session.scalars(query).all()
    communes = [
        span
        for span in seats
        if span.kind == "commune"
        and (span.code in named or not folded.isdisjoint((fold(span.name), fold(span.title))))
    ]
    ids = sorted({span.unit_id for span in communes})
    below: dict[int, list[UnitSpan]] = {}
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        query = select(UnitSpan).where(UnitSpan.parent_id.in_(part)).order_by(UnitSpan.starts_on)
        for span in session.scalars(query):
            below.setdefault(span.parent_id or 0, []).append(span)
    return Gazetteer(communes, below, chosen, [span for span in seats if span.kind in ABOVE])
