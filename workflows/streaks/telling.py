"""A standing in words: which years it is made of, by which papers, and why it is not longer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from workflows import wording
from workflows.lawfiles import LAW, table
from workflows.streaks.answers import Standing
from workflows.streaks.descent import Break, Fact
from workflows.streaks.reading import descent
from workflows.units import Unit, UnitSpan


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return table(LAW / "words" / "streaks.toml")


@dataclass(frozen=True, slots=True)
class Telling:
    """A standing with the names that units bore in each of its years."""

    standing: Standing
    names: Mapping[tuple[int, int], tuple[str, str]]
    language: str

    def _say(self, key: str, **places: Any) -> str:
        return " ".join(_words()[key][self.language].format_map(places).split())

    def _and(self, parts: Iterable[str]) -> str:
        return f" {self._say('and')} ".join(parts)

    def _name(self, unit_id: int, year: int) -> str:
        return self.names.get((unit_id, year), ("", ""))[0]

    def sentence(self) -> str:
        """The whole answer in one sentence, and the level in another."""
        told, area = self.standing, self._name(self.standing.area_id, self.standing.year)
        head = self._say(
            "streak" if told.streak else "none", area=area, streak=told.streak, year=told.year
        )
        parts = [head, *([": " + ", ".join(self.years())] if told.because else [])]
        if told.broken:
            parts.append("; " + self.not_longer())
        return " ".join(["".join(parts) + ".", *self.levels()])

    def levels(self) -> Iterator[str]:
        """The highest level that did recognise; then the one that the years suffice for, where
        none of its decisions is on record."""
        told = self.standing
        for key, level in (("level", told.decided), ("level_open", told.level)):
            if level and (key == "level" or level != told.decided):
                yield self._say(key, level=wording.level_name(level, self.language))

    def years(self) -> Iterator[str]:
        """The years; those of the same areas from one source, without decisions, together."""
        for common, group in groupby(self.standing.because, self._common):
            years = list(group)
            if common and len(years) > 1:
                yield self._span(years, common)
            else:
                yield from (self._and(map(self.fact, facts)) for facts in years)

    def _common(self, facts: Sequence[Fact]) -> tuple[str, ...]:
        """What years told together share: the source, then the areas; nothing where a decision
        is to be named."""
        sources = {fact.source for fact in facts}
        if any(fact.number for fact in facts) or len(sources) > 1 or not all(sources):
            return ()
        names = [self._name(fact.unit_id, fact.year) for fact in facts]
        own = [fact.unit_id for fact in facts] == [self.standing.area_id]
        return (*sources, *([] if own else names))

    def _span(self, years: Sequence[Sequence[Fact]], common: Sequence[str]) -> str:
        year, names = f"{years[0][0].year}–{years[-1][0].year}", common[1:]
        paper = self._paper(years[0][0], "paper")
        if not names:
            return self._say("recognised", year=year, paper=paper)
        area = self._and(names)
        return self._say("recognised_as", year=year, area=area, paper=paper)

    def fact(self, fact: Fact) -> str:
        """One recognised year, naming the area where it was another."""
        places = {"year": fact.year, "paper": self._paper(fact, "paper")}
        if fact.unit_id == self.standing.area_id:
            return self._say("recognised", **places)
        return self._say("recognised_as", area=self._name(fact.unit_id, fact.year), **places)

    def _paper(self, fact: Fact, key: str) -> str:
        if fact.number and fact.day:
            day = fact.day.strftime("%d/%m/%Y")
            return self._say(f"{key}_of_day", number=fact.number, day=day)
        if fact.number:
            return self._say(key, number=fact.number)
        return self._say("source", source=fact.source) if fact.source else ""

    def broken(self, one: Break) -> str:
        """What ended the streak."""
        paper = self._paper(one.fact, "felled") if one.fact else ""
        area = self._name(one.unit_id, one.year) or self._name(
            self.standing.area_id, self.standing.year
        )
        day = one.day.strftime("%d/%m/%Y") if one.day else ""
        return self._say(one.why, year=one.year, area=area, paper=paper, day=day)

    def not_longer(self) -> str:
        """Why it is not one year longer; of none, why there is none."""
        why = self._and(self.broken(one) for one in self.standing.broken)
        if not self.standing.streak:
            return why
        return self._say("not_longer", next=self.standing.streak + 1, why=why)

    def _not_higher(self) -> str:
        """Why the streak is not longer, and why no higher level has recognised it."""
        higher = self.standing.not_higher
        parts = [self.not_longer() + "."]
        return " ".join([*parts, *([wording.say(higher, self.language)] if higher else [])])

    def record(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        told, code = self.standing, self.names[self.standing.area_id, self.standing.year][1]
        because = [self._fact_record(fact) for facts in told.because for fact in facts]
        return {
            "area": code,
            "area_name": self._name(told.area_id, told.year),
            "year": told.year,
            "streak": told.streak,
            "level": told.level,
            "level_decided": told.decided,
            "because": because,
            "not_higher_because": self._not_higher(),
            "broken": [self._break_record(one) for one in told.broken],
            "sentence": self.sentence(),
        }

    def _fact_record(self, fact: Fact) -> dict[str, Any]:
        name, code = self.names.get((fact.unit_id, fact.year), ("", ""))
        return {
            "year": fact.year,
            "area": code,
            "area_name": name,
            "predecessor": fact.unit_id != self.standing.area_id,
            "level": fact.decided,
            "decision_number": fact.number or None,
            "decided_on": fact.day.isoformat() if fact.day else None,
            "source": fact.source or None,
            "detail": self.fact(fact),
        }

    def _break_record(self, one: Break) -> dict[str, Any]:
        name, code = self.names.get((one.unit_id, one.year), ("", ""))
        return {
            "year": one.year,
            "area": code,
            "area_name": name,
            "why": one.why,
            "decision_number": one.fact.number or None if one.fact else None,
            "detail": self.broken(one),
        }


def tell(session: Session, told: Standing, language: str) -> Telling:
    """A standing with its words; one query for all names."""
    wanted = {(told.area_id, told.year)}
    wanted |= {(fact.unit_id, fact.year) for facts in told.because for fact in facts}
    wanted |= {(one.unit_id, one.year) for one in told.broken}
    return Telling(told, names_in(session, wanted), language)


def names_in(
    session: Session, wanted: set[tuple[int, int]]
) -> dict[tuple[int, int], tuple[str, str]]:
    """Name and code of units as they were in a year: at its end, else as last or first known.

    One query, whatever their number.
    """
    units = {unit for unit, _ in wanted}
    query = (
        select(UnitSpan)
        .where(UnitSpan.unit_id.in_(units))
        .order_by(UnitSpan.unit_id, UnitSpan.starts_on)
    )
    spans: dict[int, list[UnitSpan]] = {}
    for span in session.scalars(query):
        spans.setdefault(span.unit_id, []).append(span)
    return {(unit, year): _as_of(spans[unit], year) for unit, year in wanted if unit in spans}


def _as_of(spans: Sequence[UnitSpan], year: int) -> tuple[str, str]:
    before = [span for span in spans if span.starts_on <= date(year, 12, 31)]
    span = before[-1] if before else spans[0]
    return span.title, span.code


def latest_year(session: Session, area_id: int) -> int:
    """The last year in which the area, or what it came out of, was judged; else this year."""
    facts = descent(session, select(Unit.id).where(Unit.id == area_id)).facts
    return max((year for years in facts.values() for year in years), default=clock.today().year)
