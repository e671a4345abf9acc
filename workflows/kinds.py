"""What a kind of unit asks of the workflow of its title, beside what every title asks."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from workflows.regimes import regimes, same_rules
from workflows.successions import first

_ASKED = {
    "share": "share_of_subjects_reached",
    "excluded": "kind_eligible",
    "registration": "registered_in_time",
}
"""What a regime says of a kind of unit, and the guard that holds its title to it."""


def called_for(definition_id: str) -> Mapping[str, frozenset[str]]:
    """Per outcome, the guards that a workflow asks on the way to it for the sake of the kinds of
    units whose it is by any regime; none for one that no regime names."""
    name = first(definition_id)
    told = [
        rules
        for one in regimes()
        for rules in one.kinds.values()
        if fnmatchcase(name, rules.definition_for("*")) or same_rules(name, rules.definition)
    ]
    asked = {guard for rules in told for key, guard in _ASKED.items() if getattr(rules, key)}
    return {"recognised": frozenset(asked)}
