"""A draft becomes law from a day: checked, dated, and never changed again.

Who edited a draft does not release it, where local practice says so (it does): a change of the
rules takes two people, as every act under them does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, texts
from engine.db import writing
from engine.definition import Definition
from engine.errors import Refusal, Refused
from engine.house import House
from engine.releases import DefinitionRelease
from workflows.definitions.drafts import DefinitionDraft, held
from workflows.definitions.faults import read
from workflows.definitions.soundness import problems
from workflows.practice import practice

LONGEST_BASIS = 500


def earliest() -> date:
    """The first day from which a release of today may apply: what applies on a day never
    changes during that day."""
    return clock.today() + timedelta(days=1)


def release(
    session: Session,
    house: House,
    draft_id: int,
    *,
    version: int,
    person_id: int,
    effective_from: date,
    basis: str,
) -> DefinitionRelease:
    """Releases the draft as it is at that version. Whether the person may is asked before.

    Raises ``NotFound``, ``Conflict`` (``draft_stale``, ``draft_released``) and ``Refused`` with
    every reason at once.
    """
    with writing(session):
        draft = held(session, draft_id, version)
        definition, _ = read(draft.text, f"draft {draft_id}")
        if definition is None:
            raise Refused(Refusal("draft_malformed"))
        known = session.scalars(select(DefinitionRelease)).all()
        refusals = [*_about_people(draft, person_id)]
        basis = texts.told({"basis": basis}, "basis", refusals, longest=LONGEST_BASIS)
        refusals += [
            *_about_days(definition, known, effective_from),
            *_about_content(house, draft, definition, effective_from),
        ]
        if refusals:
            raise Refused(*refusals)
        told = {"effective_from": effective_from, "basis": basis, "released_by": person_id}
        made = _made(draft, definition, told)
        session.add(made)
        session.flush()
        draft.release_id = made.id
    house.shelf.again()
    return made


def _made(
    draft: DefinitionDraft, definition: Definition, told: Mapping[str, Any]
) -> DefinitionRelease:
    return DefinitionRelease(
        definition_id=definition.id,
        digest=definition.digest,
        text=draft.text,
        author_id=draft.saved_by,
        released_at=clock.now(),
        **told,
    )


def _about_people(draft: DefinitionDraft, person_id: int) -> Iterator[Refusal]:
    if practice().definitions.two_people and person_id in draft.editors:
        yield Refusal("release_by_maker")


def _about_days(
    definition: Definition, known: Sequence[DefinitionRelease], day: date
) -> Iterator[Refusal]:
    if day < earliest():
        yield Refusal("release_too_soon", {"earliest": earliest().isoformat()}, field="from")
    span = definition.meta.effective
    if not span.holds(day):
        until = span.until.isoformat() if span.until else ""
        params = {"starts_on": span.since.isoformat(), "ends_on": until}
        yield Refusal("release_outside_its_time", params, field="from")
    same = [one.effective_from for one in known if one.definition_id == definition.id]
    if same and max(same) >= day:
        yield Refusal("release_overlaps", {"latest": max(same).isoformat()}, field="from")


def _about_content(
    house: House, draft: DefinitionDraft, definition: Definition, day: date
) -> Iterator[Refusal]:
    if definition.id != draft.definition_id:
        # Cycles, regimes, tiers and the grounds of papers call a definition by its id.
        yield Refusal("release_under_other_id", {"id": draft.definition_id})
        return
    if any(_same(definition, one) for one in house.runnable):
        yield Refusal("release_changes_nothing")
    if house.named(definition.id, day).meta.subject != definition.meta.subject:
        yield Refusal("release_of_other_subject")
    if found := problems(house, definition, day):
        yield Refusal("draft_unsound", {"count": len(found)})


def _same(one: Definition, other: Definition) -> bool:
    """Whether two texts say the same: blanks and comments are no change."""
    told = {"digest": "", "source": ""}
    return one.model_copy(update=told) == other.model_copy(update=told)
