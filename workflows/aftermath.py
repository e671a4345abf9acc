"""The rules of what follows when a paper falls: which rest on it, and what a year counts by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from engine.definition import Act, Confidence, Frozen
from workflows.lawfiles import LAW, read

IN_FORCE = ("issued", "corrected")
"""States of a paper that stands."""

FALLEN = ("replaced", "revoked")
LEVEL_OF = {
    "commune_decision": "commune",
    "district_decision": "district",
    "province_decision": "province",
}
"""The level at which a decision of that kind recognises."""


class _Counts(Frozen):
    base: str
    refusal: str


class Aftermath(Frozen):
    """``rests_on`` gives for each kind those it rests on, ``amendable`` for each act the
    kinds it may be done to, ``counts`` the kinds that decide whether a year counts."""

    confidence: Confidence
    rests_on: Mapping[str, tuple[str, ...]]
    counts: _Counts
    amendable: Mapping[Act, tuple[str, ...]]


@cache
def aftermath() -> Aftermath:
    """Raises ``DefinitionError`` on a malformed file."""
    return read(Aftermath, LAW / "rules" / "aftermath.toml")
