"""The days of a year's assessment that deadlines name."""

from __future__ import annotations

from datetime import date

from engine.binding import Binding
from engine.move import Move
from workflows.cases import window_of


def bind(binding: Binding) -> None:
    """Adds the days."""
    binding.day("window_end")(window_end)


def window_end(move: Move) -> date:
    """The last day that the year of this nomination assesses."""
    return window_of(move).ends_on
