"""Local practice that no norm fixes: how late a year is opened, how long
a posting lasts, how the committee decides, how long a list a paper holds itself."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from engine.definition import Confidence, Frozen
from workflows.lawfiles import LAW, read
from workflows.voting import Mark


class Definitions(Frozen):
    """Whether whoever edited the draft of a definition is barred from releasing it, and whoever
    asks to bring cases under it from doing that; for how many days such a request counts."""

    two_people: bool
    asked_days: int = Field(ge=1)


class Opened(Frozen):
    """How long after the last day assessed a nomination of the year may still be opened."""

    days_after: int = Field(ge=0)


class Posting(Frozen):
    """``days`` counts the first day and the last."""

    days: int = Field(ge=1)


class Committee(Frozen):
    """The marks are taken of all members."""

    quorum: Mark
    majority: Mark


class Officers(Frozen):
    """The mark is taken of those present at the assessment meeting."""

    majority: Mark


class AnnexRule(Frozen):
    """How many rows a list may have before it goes into a file of its own."""

    longest_list: int = Field(ge=1)


class Practice(Frozen):
    confidence: Confidence
    definitions: Definitions
    opening: Opened
    posting: Posting
    committee: Committee
    officers: Officers
    annex: AnnexRule


@cache
def practice() -> Practice:
    """Raises ``DefinitionError`` on a malformed file."""
    return read(Practice, LAW / "rules" / "practice.toml")
