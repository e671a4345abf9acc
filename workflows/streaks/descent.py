"""The streak of a unit, counted back through what it came out of.

In a year before a unit began, or in which it began after New Year's Day and was not judged,
the year was its predecessors'. A unit that took another in and
went on needs both from then back. A year that the unit was judged itself counts by that alone,
also the year of a merger. What unites several runs is the regime's policy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import Literal

from workflows.lineage import Link
from workflows.streaks.tiers import LEVELS, Tier, granted

Why = Literal["not_recognised", "year_revoked", "no_result", "begins_anew", "unit_ended"]


@dataclass(frozen=True, slots=True)
class Policy:
    """``merge``: a unit made of several has the streak that ``every`` one of them had, or
    ``any``, or ``none``. ``split``: a part does ``keep`` the whole's streak, or has ``none``."""

    merge: Literal["every", "any", "none"] = "every"
    split: Literal["keep", "none"] = "keep"

    def begins_anew(self, link: Link) -> bool:
        """Whether what went before this step no longer counts."""
        return (link.kind, self.split) == ("split", "none") or (
            (link.kind, self.merge) == ("merge", "none")
        )


@dataclass(frozen=True, slots=True)
class Fact:
    """What one year of one unit counts as, and by which paper. ``decided`` is the level whose
    decision stands; a year taken over from elsewhere (no ``nomination_id``) has besides the
    level that its regime grants."""

    unit_id: int
    year: int
    recognised: bool
    decided: str | None = None
    number: str = ""
    day: date | None = None
    nomination_id: int | None = None
    source: str = ""
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """Why a streak is not longer: this unit's year. ``day``: the last one of a unit that had
    ended before that year."""

    unit_id: int
    year: int
    why: Why
    fact: Fact | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Years running up to one: the facts of each, the earliest year first, the highest level
    reached (its place in ``LEVELS``; -1 for none), and what ended it. ``decided`` is the
    highest level that did decide: of years taken over, a level reached may have no paper."""

    years: tuple[tuple[Fact, ...], ...] = ()
    level: int = -1
    broken: tuple[Break, ...] = ()
    decided: int = -1

    @property
    def length(self) -> int:
        return len(self.years)


@dataclass(frozen=True, slots=True)
class Descent:
    """All that is known of some units and everything they came out of. ``begun`` holds their
    first days, ``policy`` and ``tiers`` what the regime of a day or a year says."""

    facts: Mapping[int, Mapping[int, Fact]]
    origins: Mapping[int, Sequence[Link]] = field(default_factory=dict)
    begun: Mapping[int, date] = field(default_factory=dict)
    policy: Callable[[date], Policy] = lambda _day: Policy()
    tiers: Callable[[int], Sequence[Tier]] = lambda _year: ()
    _known: dict[tuple[int, int], Run] = field(default_factory=dict, compare=False, init=False)

    def run(self, unit: int, year: int) -> Run:
        """The streak of a unit that ends in a year."""
        return self._run(unit, year, frozenset())

    def latest(self, unit: int) -> Run:
        """The streak that ends in the last year in which the unit, or what it came out of,
        was recognised."""
        years = {year for facts in self.facts.values() for year in facts}
        runs = (self.run(unit, year) for year in sorted(years, reverse=True))
        return next((run for run in runs if run.length), Run())

    def judged(self, unit: int, year: int) -> tuple[Fact, ...]:
        """What a year counts as: the unit's own result, else those of what it came out of."""
        return self._judged(unit, year, frozenset())

    def _judged(self, unit: int, year: int, path: frozenset[int]) -> tuple[Fact, ...]:
        own = self.facts.get(unit, {}).get(year)
        if own is not None or unit in path:
            return (own,) if own else ()
        older = [one.unit_id for one in self._made_of(unit, year)]
        found = (self._judged(one, year, path | {unit}) for one in older)
        return tuple(dict.fromkeys(chain.from_iterable(found)))

    def decided(self, year: int, on: date) -> dict[int, bool]:
        """What was decided of a year by that day, by unit: recognised or not."""
        told = {unit: by_year[year] for unit, by_year in self.facts.items() if year in by_year}
        return {
            unit: fact.recognised
            for unit, fact in told.items()
            if fact.day is None or fact.day <= on
        }

    def bearers(self, unit: int, year: int, told: Mapping[int, bool]) -> tuple[int, ...]:
        """By whose word this unit has something of a year: its own or, where none is told of it,
        that of all that it came out of since the year began (of any, if the policy says so).
        Nobody's: it has it not."""
        return tuple(dict.fromkeys(self._bearers(unit, year, told, frozenset())))

    def _bearers(
        self, unit: int, year: int, told: Mapping[int, bool], path: frozenset[int]
    ) -> Sequence[int]:
        if unit in told or unit in path:
            return (unit,) if told.get(unit) else ()
        links = self._made_of(unit, year)
        parts = [
            ()
            if self.policy(link.effective_on).begins_anew(link)
            else self._bearers(link.unit_id, year, told, path | {unit})
            for link in links
        ]
        if not links or not (all(parts) or self.policy(links[0].effective_on).merge == "any"):
            return ()
        return tuple(chain.from_iterable(parts))

    def without(self, lost: Collection[tuple[int, int]]) -> Descent:
        """The same if these units' years had lost their recognition."""
        facts = {
            unit: {
                year: replace(fact, recognised=False, revoked=True)
                if (unit, year) in lost
                else fact
                for year, fact in by_year.items()
            }
            for unit, by_year in self.facts.items()
        }
        return replace(self, facts=facts)

    def _run(self, unit: int, year: int, path: frozenset[int]) -> Run:
        """``path``: the units through which this year was come to; none is gone through
        twice, whatever is recorded."""
        if path:
            return self._counted(unit, year, path)
        if (unit, year) not in self._known:
            self._known[unit, year] = self._counted(unit, year, path)
        return self._known[unit, year]

    def _counted(self, unit: int, year: int, path: frozenset[int]) -> Run:
        fact = self.facts.get(unit, {}).get(year)
        if fact is None:
            came_of = [] if unit in path else self._made_of(unit, year)
            if came_of:
                return self._united(came_of, year, path | {unit})
            return Run(broken=(Break(unit, year, "no_result"),))
        if not fact.recognised:
            why: Why = "year_revoked" if fact.revoked else "not_recognised"
            return Run(broken=(Break(unit, year, why, fact),))
        return self._grown(self._before(unit, year), fact)

    def _made_of(self, unit: int, year: int) -> list[Link]:
        """What a unit came out of, if it began in that year or after it. One that began on the
        first day has the whole year to itself."""
        begun = self.begun.get(unit)
        if begun is None or begun <= date(year, 1, 1):
            return []
        return [link for link in self.origins.get(unit, ()) if link.effective_on <= begun]

    def _taken_in(self, unit: int, year: int) -> list[Link]:
        """What a unit that was there before took in during a year."""
        begun = self.begun.get(unit, date.min)
        links = self.origins.get(unit, ())
        return [one for one in links if one.effective_on.year == year and one.effective_on > begun]

    def _before(self, unit: int, year: int) -> Run:
        own = self._run(unit, year - 1, frozenset())
        others = self._taken_in(unit, year)
        if not others:
            return own
        runs = [self._through(link, year - 1, frozenset()) for link in others]
        return self._combined([own, *runs], max(link.effective_on for link in others))

    def _united(self, links: Sequence[Link], year: int, path: frozenset[int]) -> Run:
        runs = [self._through(link, year, path) for link in links]
        return self._combined(runs, links[0].effective_on)

    def _through(self, link: Link, year: int, path: frozenset[int]) -> Run:
        if self.policy(link.effective_on).begins_anew(link):
            return Run(broken=(Break(link.unit_id, year, "begins_anew"),))
        return self._run(link.unit_id, year, path)

    def _combined(self, runs: Sequence[Run], day: date) -> Run:
        """Runs that end in one year as one: the shortest that every part had, or the longest
        of any."""
        if self.policy(day).merge == "any":
            return max(runs, key=lambda run: (run.length, run.level))
        length = min(run.length for run in runs)
        shortest = [run for run in runs if run.length == length]
        return Run(
            tuple(_side_by_side(runs, length)),
            min(run.level for run in runs) if length else -1,
            tuple(dict.fromkeys(chain.from_iterable(run.broken for run in shortest))),
            min(run.decided for run in runs) if length else -1,
        )

    def _grown(self, run: Run, fact: Fact) -> Run:
        decided = reached = _place(fact.decided)
        if fact.nomination_id is None:
            reached = max(reached, _place(granted(run.length + 1, self.tiers(fact.year))))
        return replace(
            run,
            years=(*run.years, (fact,)),
            level=max(run.level, reached),
            decided=max(run.decided, decided),
        )


def _place(level: str | None) -> int:
    return LEVELS.index(level) if level else -1


def _side_by_side(runs: Sequence[Run], length: int) -> Iterator[tuple[Fact, ...]]:
    """The facts of all runs, year by year, for the last ``length`` years; each once."""
    for back in range(length, 0, -1):
        facts = chain.from_iterable(run.years[-back] for run in runs)
        yield tuple(dict.fromkeys(facts))
