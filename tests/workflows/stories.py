"""Random stories of areas that merge, split, are taken in, replaced and renamed, each year
judged or not; and the slow oracle: every line of descent walked from its end to its start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from hypothesis import strategies as st

from workflows.lineage import Link
from workflows.streaks import Descent, Fact, Policy

FIRST, LAST = 2010, 2017
YEARS = range(FIRST, LAST + 1)
SINCE = date(2000, 1, 1)
FATES = st.sampled_from([True, True, True, True, False, None])
DAYS = st.sampled_from([(1, 1), (7, 1), (12, 31)])
KINDS = ("merge", "take_in", "split", "part", "replace", "rename", "end")


@dataclass
class Story:
    """Units by number with their first and last years, what they came out of, and results."""

    begun: dict[int, date] = field(default_factory=dict)
    ended: dict[int, date] = field(default_factory=dict)
    origins: dict[int, list[Link]] = field(default_factory=dict)
    results: dict[int, dict[int, bool]] = field(default_factory=dict)

    def born(self, day: date, *out_of: Link) -> int:
        unit = len(self.begun) + 1
        self.begun[unit] = day
        if out_of:
            self.origins[unit] = list(out_of)
        return unit

    def alive(self, day: date) -> list[int]:
        return [
            unit
            for unit, begun in self.begun.items()
            if begun < day and self.ended.get(unit, date.max) >= day
        ]

    def happen(self, kind: str, day: date, one: int, other: int) -> None:
        """One change, on a day, by units alive before it."""
        if kind == "merge" and one != other:
            self.born(day, *(Link(unit, day, "merge") for unit in (one, other)))
            self.ended[one] = self.ended[other] = day
        elif kind == "take_in" and one != other:
            self.origins.setdefault(one, []).append(Link(other, day, "merge"))
            self.ended[other] = day
        elif kind in ("split", "part"):
            for _ in range(2 if kind == "split" else 1):
                self.born(day, Link(one, day, "split"))
            if kind == "split":
                self.ended[one] = day
        elif kind == "replace":
            self.born(day, Link(one, day, "replace"))
            self.ended[one] = day
        elif kind == "end":
            self.ended[one] = day

    def descent(self, policy: Policy) -> Descent:
        facts = {
            unit: {
                year: Fact(unit, year, ok, "commune" if ok else None)
                for year, ok in by_year.items()
            }
            for unit, by_year in self.results.items()
        }
        return Descent(facts, self.origins, self.begun, lambda _day: policy)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Two to four areas to begin with, one change or none in a year."""
    story = Story()
    for _ in range(draw(st.integers(2, 4))):
        story.born(SINCE)
    for year in YEARS:
        day = date(year, *draw(DAYS))
        alive = story.alive(day)
        if alive and draw(st.booleans()):
            one, other = draw(st.sampled_from(alive)), draw(st.sampled_from(alive))
            story.happen(draw(st.sampled_from(KINDS)), day, one, other)
        for unit, begun in story.begun.items():
            there = begun.year <= year <= story.ended.get(unit, date.max).year
            if there and (ok := draw(FATES)) is not None:
                story.results.setdefault(unit, {})[year] = ok
    return story


def slow(story: Story, policy: Policy, unit: int, year: int) -> int:
    """The streak by brute force: of all lines of descent the shortest, or the longest."""
    counts = [len(line) for line in _lines(story, policy, unit, year)]
    return max(counts) if policy.merge == "any" else min(counts)


def _lines(story: Story, policy: Policy, unit: int, year: int) -> Iterator[list[int]]:
    """The recognised years, backwards, of every way to go back from this unit and year."""
    links = story.origins.get(unit, [])
    creators = [link for link in links if link.effective_on <= story.begun[unit]]
    joined = [link for link in links if link.effective_on > story.begun[unit]]
    judged = story.results.get(unit, {})
    if year not in judged and story.begun[unit] > date(year, 1, 1) and creators:
        for link in creators:
            yield from _through(story, policy, link, year)
    elif not judged.get(year):
        yield []
    else:
        ways = [_lines(story, policy, unit, year - 1)] + [
            _through(story, policy, link, year - 1)
            for link in joined
            if link.effective_on.year == year
        ]
        for way in ways:
            for line in way:
                yield [year, *line]


def _through(story: Story, policy: Policy, link: Link, year: int) -> Iterator[list[int]]:
    kept = policy.split if link.kind == "split" else policy.merge
    if link.kind != "replace" and kept == "none":
        yield []
    else:
        yield from _lines(story, policy, link.unit_id, year)
