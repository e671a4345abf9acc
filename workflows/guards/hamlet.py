"""What the hamlet head must have in order: the registration and the self-assessment."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Refusal
from engine.move import Move
from workflows import assessment
from workflows.cases import criteria_of, window_of
from workflows.guards.common import Asked, dated_in_year, not_future
from workflows.households import count


def registration_in_order(move: Move) -> Iterator[Refusal]:
    """Dates that have come, inside the year; no more households than the roll has."""
    yield from not_future(move, "registered_on", "resolution_on")
    yield from dated_in_year(move, "resolution_on")
    households, told = count(move.session, move.scopes["area"]), move.data["households_registered"]
    if households == 0:
        yield Refusal("empty_roll")
    elif told > households:
        params = {"count": told, "households": households}
        yield Refusal("more_than_households", params, field="households_registered")


def all_households_registered(move: Move) -> Iterator[Refusal]:
    """Every household of the roll registered: one missing fails the criterion."""
    households, told = count(move.session, move.scopes["area"]), move.data["households_registered"]
    if told < households:
        params = {"count": told, "households": households}
        yield Refusal("not_all_households", params, field="households_registered")


def every_criterion_assessed(move: Move) -> Iterator[Refusal]:
    """Each criterion of the year is answered, and a no says why."""
    yield from assessment.unassessed(criteria_of(move), move.data["findings"])


def facts_have_sources(move: Move) -> Iterator[Refusal]:
    """Each yes rests on a fact with its source and its date."""
    findings, window = move.data["findings"], window_of(move)
    yield from assessment.unproved(criteria_of(move), findings, window, move.today)


GUARDS: Asked = {
    "registration_in_order": (
        registration_in_order,
        ("registered_on", "resolution_on", "households_registered"),
    ),
    "all_households_registered": (all_households_registered, ("households_registered",)),
    "every_criterion_assessed": (every_criterion_assessed, ("findings",)),
    "facts_have_sources": (facts_have_sources, ("findings",)),
}
