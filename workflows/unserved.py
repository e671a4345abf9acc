"""Whom the law names and for whom there is no workflow here, and why: said, not left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import Field

from engine.definition import Frozen, Span, Words
from workflows.lawfiles import LAW, read
from workflows.regimes import Cited, SubjectKind


class Unserved(Cited):
    """Subjects of some kinds that the law of some days names: ``who``, and ``why`` they have
    no workflow."""

    kinds: tuple[SubjectKind, ...] = Field(min_length=1)
    effective: Span
    who: Words
    why: Words


class _File(Frozen):
    without: tuple[Unserved, ...]


def unserved(on: date, kind: str) -> Sequence[Unserved]:
    """Those of a kind of unit on a day; raises ``DefinitionError`` on a malformed file."""
    told = read(_File, LAW / "rules" / "without-flow.toml").without
    return [one for one in told if kind in one.kinds and one.effective.holds(on)]
