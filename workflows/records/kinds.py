"""Kinds of records and their measures, as data (``workflows/law/records``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import Field

from engine.definition import Confidence, Frozen, Words
from engine.errors import DefinitionError, NotFound, Refusal
from workflows.lawfiles import LAW, read

Period = Literal["year", "span", "day"]
FOLDER = "records"
_ID = r"^[a-z][a-z0-9_]*$"


class Measure(Frozen):
    """A whole number of a record. ``decimals`` says how many of its digits stand behind the
    comma; ``plain`` numbers (years) are written without separators. In records of
    ``earlier_since`` or later it is a year before the record's own."""

    id: str = Field(pattern=_ID, max_length=40)
    label: Words
    decimals: int = Field(ge=0, le=3, default=0)
    required: bool = False
    plain: bool = False
    earlier_since: int | None = None


class Name(Frozen):
    """One of the names a record of this kind may have, kept by its id."""

    id: str = Field(pattern=_ID, max_length=40)
    label: Words


class Kind(Frozen):
    """A kind of record: at which units it is kept, who may enter it (a role held at the unit
    or above it), over what time, and which criteria it speaks to."""

    id: str = Field(pattern=_ID, max_length=40)
    label: Words
    about: Words | None = None
    at: tuple[str, ...] = Field(min_length=1)
    enter: tuple[str, ...] = Field(min_length=1)
    period: Period
    name: Words | None = None
    names: tuple[Name, ...] = ()
    reference: Words | None = None
    lists: Literal["recognised"] | None = None
    feeds: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    measures: tuple[Measure, ...] = ()

    def measure(self, measure_id: str) -> Measure | None:
        """The measure of that id."""
        return next((one for one in self.measures if one.id == measure_id), None)

    def named(self, name: str, language: str) -> str:
        """A record's name as people read it."""
        return next((one.label[language] for one in self.names if one.id == name), name)


class KindFile(Frozen):
    """One file of kinds, with what it rests on and how sure that is."""

    basis: tuple[str, ...] = Field(min_length=1)
    confidence: Confidence
    kinds: tuple[Kind, ...] = Field(min_length=1)


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind, by id, in the order of the files; raises ``DefinitionError``."""
    found: dict[str, Kind] = {}
    for path in sorted((LAW / FOLDER).glob("*.toml")):
        for one in read(KindFile, path).kinds:
            if one.id in found:
                raise DefinitionError(path.name, f"kinds.{one.id}", "the kind is told twice")
            found[one.id] = one
    return found


def kind(kind_id: str) -> Kind:
    """The kind of that id; raises ``NotFound`` (``no_record_kind``)."""
    try:
        return kinds()[kind_id]
    except KeyError:
        raise NotFound(Refusal("no_record_kind", {"kind": kind_id})) from None


def feeding(criteria_id: str, code: str) -> tuple[Kind, ...]:
    """The kinds whose figures speak to a criterion of a set."""
    return tuple(one for one in kinds().values() if code in one.feeds.get(criteria_id, ()))
