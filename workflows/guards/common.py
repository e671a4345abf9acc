"""What guards of more than one office ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from engine.errors import Refusal
from engine.move import Move
from workflows import cases

Asked = Mapping[str, tuple[Callable[[Move], Iterable[Refusal]], tuple[str, ...]]]
"""Guards by name, each with the inputs it uses."""


def given_day(move: Move, field: str) -> date:
    """The date in an input."""
    return date.fromisoformat(move.data[field])


def not_future(move: Move, *names: str) -> Iterator[Refusal]:
    """A refusal for each of these dates that lies after today."""
    for name in names:
        if given_day(move, name) > move.today:
            params = {"today": move.today.isoformat()}
            yield Refusal("date_in_the_future", params, field=name)


def dated_in_year(move: Move, *documents: str) -> Iterator[Refusal]:
    """Registered inside the days assessed, and neither that nor these documents before the
    first day that the regime gives for it (without one, the first day assessed)."""
    window, year = cases.window_of(move), cases.nomination(move).year
    registered = given_day(move, "registered_on")
    if not window.holds(registered):
        starts, ends = window.starts_on.isoformat(), window.ends_on.isoformat()
        span = {"starts_on": starts, "ends_on": ends}
        yield Refusal("registered_outside_cycle", span, field="registered_on")
    rules = cases.rules_of(move)
    told = rules.registration if rules else None
    opens = (told.opens(year) if told else None) or window.starts_on
    held = ("registered_on", *documents) if registered >= window.starts_on else documents
    for name in held:
        if given_day(move, name) < opens:
            params = {"opens": opens.isoformat(), "year": year}
            clause = told.basis[0] if told else None
            yield Refusal("dated_before_registration", params, clause, name)
