"""What papers order about units: to be read from files, forms and sheets alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from engine.history import canonical
from engine.texts import visible

Act = Literal["create", "merge", "split", "rename", "move", "recode", "end"]

Ref = int | str
"""A unit: its id, or its code as of the day of the act; ``commune:16096`` where units of two
kinds bear one code."""


def _shown(told: object) -> object:
    return visible(told) if isinstance(told, str) else told


class Frozen(BaseModel):
    """Nothing that shows nothing comes in: two units must not bear names that look alike."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    _visible = field_validator("*", mode="before")(_shown)


class Deed(Frozen):
    """The paper: number, date and issuer as far as they are known, the day from which it
    holds, where that is known from and how well. ``issuer_unit`` is the unit that issued it,
    where it is one of ours: it must have existed on that day."""

    effective_on: date
    number: str = Field(default="", max_length=60)
    issued_on: date | None = None
    issuer: str = Field(default="", max_length=160)
    issuer_unit: Ref | None = None
    source: str = Field(default="", max_length=300)
    confidence: Literal["text", "secondary", "assumed"] = "text"


class Target(Frozen):
    """What comes out of an act: a new unit, or an existing one (``unit``) with what changes.
    ``category``: of a school, an agency or an enterprise (law/units/categories.toml)."""

    unit: Ref | None = None
    kind: str | None = None
    name: str | None = Field(default=None, max_length=120)
    form: str | None = Field(default=None, max_length=20)
    code: str | None = Field(default=None, max_length=20)
    parent: Ref | None = None
    category: str | None = Field(default=None, max_length=20)


class Order(Frozen):
    """One act. ``units`` are those it happens to; ``into`` what comes out (merge: one, split:
    several, rename, move and recode: what is new); ``children`` which child (by code) goes to
    which part (by code) when a unit is split."""

    act: Act
    deed: Deed
    units: tuple[Ref, ...] = ()
    into: tuple[Target, ...] = ()
    children: Mapping[str, str] = Field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """The same for the same order, however often it comes. A category that is not told
        stays out: orders recorded before there were any keep theirs."""
        told = self.model_dump(mode="json")
        for target in told["into"]:
            if target["category"] is None:
                del target["category"]
        return hashlib.sha256(canonical(told)).hexdigest()
