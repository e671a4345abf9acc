"""Which workflow took the place of which: a released one never changes, a later one succeeds it.

Regimes, tiers and whoever calls the product by name go on using the first one's id; a year that
is opened takes the latest, and keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from engine.definition import Frozen
from workflows.lawfiles import LAW, read


class _File(Frozen):
    succeeding: Mapping[str, str]
    papers: Mapping[str, str]


@cache
def _file() -> _File:
    return read(_File, LAW / "rules" / "successions.toml")


def successions() -> Mapping[str, str]:
    """The successor of each workflow that has one; raises ``DefinitionError``."""
    return _file().succeeding


def line(definition_id: str) -> tuple[str, ...]:
    """The workflows whose place came to this one, the first of the line first, itself last;
    those of papers, too, whose kinds name their workflow themselves."""
    told = {later: earlier for earlier, later in {**_file().succeeding, **_file().papers}.items()}
    found = [definition_id]
    while found[0] in told:
        found.insert(0, told[found[0]])
    return tuple(found)


def latest(definition_id: str) -> str:
    """The workflow that years opened now take in the place of this one: itself, if none."""
    told = successions()
    while definition_id in told:
        definition_id = told[definition_id]
    return definition_id


def before(definition_id: str) -> str | None:
    """The workflow whose place this one took, if any."""
    told = successions().items()
    return next((earlier for earlier, later in told if later == definition_id), None)


def first(definition_id: str) -> str:
    """The name under which regimes know a workflow: that of the first of its line."""
    while (earlier := before(definition_id)) is not None:
        definition_id = earlier
    return definition_id
