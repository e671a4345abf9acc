"""All units on all days, in memory: what the rules of change read and work on.

No database here: the same rules are tried against a slow oracle, and a dry run is a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """What a unit is from a day to a day (both included, ``None``: still). ``act`` tells which
    order made it, by its place among those being carried out."""

    starts_on: date
    ends_on: date | None
    name: str
    form: str
    code: str
    kind: str
    parent: int | None
    act: int | None = None
    category: str = ""

    def holds(self, on: date) -> bool:
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Branch:
    """That one unit came out of another: on which day, how, by which order."""

    effective_on: date
    kind: str
    act: int | None = None


@dataclass(slots=True)
class Atlas:
    """The spans of every unit, the oldest first, and the lineage by (predecessor, successor).

    New units have negative ids until they are written.
    """

    spans: dict[int, tuple[Span, ...]] = field(default_factory=dict)
    branches: dict[tuple[int, int], Branch] = field(default_factory=dict)
    _fresh: int = 0
    _by_code: dict[str, set[int]] = field(default_factory=dict)
    _by_parent: dict[int | None, set[int]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        spans: Mapping[int, Iterable[Span]],
        branches: Mapping[tuple[int, int], Branch] | None = None,
    ) -> Atlas:
        made = cls(branches=dict(branches or {}))
        for unit, ones in spans.items():
            made.put(unit, ones)
        return made

    def copy(self) -> Atlas:
        """Another one to work on; this one stays as it is."""
        made = Atlas.of(self.spans, self.branches)
        made._fresh = self._fresh
        return made

    def put(self, unit: int, spans: Iterable[Span]) -> None:
        """Sets all spans of a unit."""
        self.spans[unit] = tuple(spans)
        for span in self.spans[unit]:
            self._by_code.setdefault(span.code, set()).add(unit)
            self._by_parent.setdefault(span.parent, set()).add(unit)

    def at(self, unit: int, on: date) -> Span | None:
        """What the unit was on that day, if it was there."""
        return next((span for span in self.spans.get(unit, ()) if span.holds(on)), None)

    def last(self, unit: int) -> Span:
        return self.spans[unit][-1]

    def bearers(self, code: str, on: date, kind: str | None = None) -> list[int]:
        """The units that bore a code on a day."""
        return sorted(
            unit
            for unit in self._by_code.get(code, ())
            if (span := self.at(unit, on)) and span.code == code and kind in (None, span.kind)
        )

    def ever_bearing(self, code: str) -> set[int]:
        """The units that bore a code on any day."""
        return self._by_code.get(code, set())

    def children(self, unit: int, on: date) -> list[int]:
        """The units right below, on a day, in the order in which they came to be known."""
        return sorted(
            child
            for child in self._by_parent.get(unit, ())
            if (span := self.at(child, on)) and span.parent == unit
        )

    def ever_below(self, unit: int) -> set[int]:
        """The units that were right below on any day."""
        return {
            child
            for child in self._by_parent.get(unit, ())
            if any(span.parent == unit for span in self.spans[child])
        }

    def fresh(self, span: Span) -> int:
        """A new unit that begins with this span; its id for now."""
        self._fresh -= 1
        self.put(self._fresh, (span,))
        return self._fresh

    def change(self, unit: int, on: date, act: int | None, **values: Any) -> None:
        """From that day the unit is something else in what is given. The day lies in its last
        span: see ``rules``."""
        *before, last = self.spans[unit]
        new = replace(last, starts_on=on, act=act, **values)
        if last.starts_on < on:
            before.append(replace(last, ends_on=on - ONE_DAY))
        self.put(unit, (*before, new))

    def end(self, unit: int, on: date) -> None:
        """The unit is no more from that day."""
        *before, last = self.spans[unit]
        self.put(unit, (*before, replace(last, ends_on=on - ONE_DAY)))

    def link(self, predecessor: int, successor: int, branch: Branch) -> None:
        """The latter came out of the former."""
        self.branches.setdefault((predecessor, successor), branch)

    def comes_from(self, unit: int) -> set[int]:
        """Everything the unit came out of, as far back as is known; itself not."""
        into: dict[int, list[int]] = {}
        for before, after in self.branches:
            into.setdefault(after, []).append(before)
        found: set[int] = set()
        open_ = list(into.get(unit, ()))
        while open_:
            one = open_.pop()
            if one not in found:
                found.add(one)
                open_ += into.get(one, ())
        return found
