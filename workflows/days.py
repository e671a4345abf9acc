"""The days of a year's assessment that deadlines name."""

from __future__ import annotations

from datetime import date

from engine.binding import Binding
from engine.move import Move
from workflows.cases import nomination, rules_of, window_of


def bind(binding: Binding) -> None:
    """Adds the days."""
    binding.day("window_end")(window_end)
    binding.day("registration_end")(registration_end)
    binding.day("decision_end")(decision_end)


def registration_end(move: Move) -> date:
    """The last day of registration; the last day assessed where no rule fixes one."""
    rules, year = rules_of(move), nomination(move).year
    return rules.registration.of(year) if rules and rules.registration else window_end(move)


def decision_end(move: Move) -> date:
    """The last day on which to decide; the last day assessed where no rule fixes one."""
    rules, year = rules_of(move), nomination(move).year
    return rules.decision.of(year) if rules and rules.decision else window_end(move)


def window_end(move: Move) -> date:
    """The last day that the year of this nomination assesses."""
    return window_of(move).ends_on
