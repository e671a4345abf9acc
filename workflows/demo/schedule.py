"""On which day each step of the story is made, whatever the day the demonstration is built.

Registration belongs to the window of the year judged; the steps after it do not, so those
move freely towards today while the first ones stop at the window's last day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from workflows.assessment import Window, window_for, year_assessed
from workflows.demo.data import facts

RECENT = 2
"""How many days ago the last step of an area that waits was made."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The days of one area's story: two days to count back from, for the steps within the
    window of the year and for those after."""

    year: int
    window: Window
    within: date
    after: date

    @property
    def begins(self) -> date:
        """The day of the first step."""
        first = facts("drive")["steps"][0]
        return self.day(first, first["days"])

    def day(self, step: Mapping[str, Any], days: int) -> date:
        """So many days before, as a step counts them."""
        base = self.within if step.get("within") else self.after
        return base - timedelta(days=days)

    def dated(self, today: date) -> date:
        """The day of a fact told today: what came after the window counts for another year."""
        return min(today, self.window.ends_on)


def name_of(step: Mapping[str, Any]) -> str | None:
    """What a step is called in ``others``: its own name, or else its move."""
    return step.get("id") or step.get("action")


def plan(until: date, last: str | None = None) -> Schedule:
    """The story told up to ``until``; or, with ``last``, so that this step was its latest,
    made two days before. The year is the same for all: that of the whole story's first day."""
    told = facts("drive")
    steps, criteria = told["steps"], facts("history")["live"]["criteria"]
    year = year_assessed(criteria, until - timedelta(days=steps[0]["days"]))
    window = window_for(criteria, year)
    after = until
    if last is not None:
        days = next(step["days"] for step in steps if name_of(step) == last)
        after += timedelta(days=days - RECENT)
    inside = min(step["days"] for step in steps if step.get("within"))
    return Schedule(year, window, min(after, window.ends_on + timedelta(days=inside)), after)


def of_commune(until: date) -> Schedule:
    """The beginning of a commune's own title, of the same year, told up to ``until``: its
    registration is of the year itself, and of the days judged."""
    whole, steps = plan(until), facts("drive")["commune_title"]["steps"]
    latest = whole.window.ends_on + timedelta(days=min(step["days"] for step in steps))
    return replace(whole, within=min(until, latest))
