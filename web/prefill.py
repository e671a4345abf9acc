"""What a form shows before anybody types into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import request

from engine.definition import Definition
from web import forms
from web.extensions import db
from workflows import drafts
from workflows.queries import cases

WORTH_COPYING = ("table", "paragraph", "names")
"""Inputs that say from year to year much the same, and take long to type."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The values and where they come from: the draft ``saved_at``, what the same move of this
    file ``told_at`` before it was returned, or the ``year`` that was asked for. ``earlier`` is
    a year that could be asked for."""

    data: Mapping[str, Any] = field(default_factory=dict)
    saved_at: datetime | None = None
    told_at: datetime | None = None
    year: int | None = None
    earlier: int | None = None

    @property
    def files(self) -> Mapping[str, list[Mapping[str, str]]]:
        """The files that come along, by place; those of another year do not."""
        return {} if self.year else forms.files_in(self.data)


def prefill(case: cases.Case, definition: Definition, person_id: int, action: str) -> Filled:
    """Last year's values if asked for, or this person's draft, or what the move told before
    the file was returned; nothing otherwise."""
    session = db.session()
    last = cases.last_year(session, case, action) if _copies(case, definition, action) else None
    earlier = last[0] if last else None
    if last and request.args.get("from") == "last-year":
        return Filled(last[1], year=earlier, earlier=earlier)
    if draft := drafts.find(session, case.id, person_id, action):
        return Filled(dict(draft.data), saved_at=draft.saved_at, earlier=earlier)
    if told := cases.before_return(session, definition, case, action):
        return Filled(told[1], told_at=told[0], earlier=earlier)
    return Filled(earlier=earlier)


def _copies(case: cases.Case, definition: Definition, action: str) -> bool:
    fields = definition.fields_of(definition.transition(action))
    return case.kind == "nomination" and any(one.type in WORTH_COPYING for one in fields)
