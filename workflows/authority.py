"""Whether an authority may decide on a day: the law of that day, not of the year assessed.

The rule of the day says which levels there are. A flow of local practice stands beside that
law and names its own levels; for the files that run under it these may decide too.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from engine.definition import scope_of
from workflows.regimes import ActRule, act_rule, regimes
from workflows.successions import first


def bar(level: str, on: date, definitions: Collection[str]) -> ActRule | None:
    """The rule of that day by which this level may not decide files that run under these
    workflows; nothing where it may, or where no rule on file covers the day."""
    rule = act_rule("authority", on)
    if rule is None or level in rule.levels:
        return None
    excepted = bool(definitions) and all(level in levels_beside(one) for one in definitions)
    return None if excepted else rule


def levels_beside(definition_id: str) -> frozenset[str]:
    """The levels that decide by a flow of local practice; none for one that is a day's law."""
    return frozenset(
        scope_of(rule)
        for regime in regimes()
        if regime.beside
        for told in regime.kinds.values()
        for rule in told.authority.decides
        if told.definition_for(scope_of(rule)) == first(definition_id)
    )
