"""What would have happened: last year's cases under a draft, counted and told one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from engine.definition import Definition
from engine.errors import Refusal, Refused
from web import numbers
from web.extensions import bureau, db, language
from web.text import said, words
from workflows.definitions import drafts, faults, record, rehearsal, telling
from workflows.definitions.rehearsal import Rehearsed

blueprint = Blueprint("rehearsals", __name__, url_prefix="/admin/drafts")

MOST = 2000
"""The most cases tried for one page: some seconds."""

SHOWN = 100
"""The most cases told one by one; the counts are of all that were tried."""


@dataclass(frozen=True, slots=True)
class Line:
    """One case as the table shows it."""

    place: str
    result: Rehearsed
    state: str
    move: str
    reasons: tuple[str, ...]
    untold: tuple[str, ...]


@blueprint.get("/<int:draft_id>/rehearsal")
def show(draft_id: int) -> str:
    """The counts first, then each case that would have gone another way, then the rest."""
    session, house = db.session(), bureau().house
    draft = drafts.find(session, draft_id)
    definition, _ = faults.read(draft.text, f"draft {draft.id}")
    if definition is None:
        raise Refused(Refusal("draft_malformed"))
    ids = {draft.definition_id, definition.id}
    years = record.years_with_cases(session, ids)
    year = request.args.get("year", type=numbers.whole) or (years[0] if years else 0)
    past = record.recorded(session, house, ids, year, limit=MOST + 1)
    results = [rehearsal.rehearse(session, house, one, definition) for one in past[:MOST]]
    results.sort(key=lambda one: (one.verdict == "same", one.subject_id))
    places = record.places(session, [one.subject_id for one in results[:SHOWN]])
    return render_template(
        "definitions/rehearsal.html",
        draft=draft,
        definition=definition,
        years=years,
        year=year,
        total=len(results),
        more=len(past) > MOST,
        counts=Counter(one.verdict for one in results),
        verdicts=rehearsal.VERDICTS,
        late=tuple(sum(one.late[side] for one in results) for side in (0, 1)),
        lines=[_line(definition, one, places) for one in results[:SHOWN]],
    )


def _line(definition: Definition, one: Rehearsed, places: dict[int, str]) -> Line:
    known = definition.by_state.get(one.state)
    move = definition.by_transition.get(one.action)
    return Line(
        places.get(one.subject_id, ""),
        one,
        words(known.label) if known else one.state,
        words(move.label) if move else one.action,
        tuple(_sentence(definition, refusal) for refusal in one.refusals),
        tuple(telling.condition("guards", name, language()) for name in one.untold),
    )


def _sentence(definition: Definition, refusal: Refusal) -> str:
    """The reason, with the input it is about."""
    known = definition.by_field.get((refusal.field or "").partition(".")[0])
    return f"{words(known.label)}: {said(refusal)}" if known else said(refusal)
