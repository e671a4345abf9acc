"""What guards of more than one office ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from engine.errors import Refusal
from engine.move import Move

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
