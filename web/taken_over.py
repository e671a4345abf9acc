"""A result that was taken over: what it says, what became of it, and the acts on it.

An act is tried first: what it leads to is shown, and only then can it be recorded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine.errors import Forbidden, Refusal, Refused
from web import access
from web.catalogue import gettext
from web.extensions import db
from web.identity import somebody
from web.text import day, said
from workflows.people import Person
from workflows.takeover import amending
from workflows.takeover.acts import acts_of
from workflows.takeover.amending import Entry, Foretold, Place

blueprint = Blueprint("taken_over", __name__, url_prefix="/results")

Wrong = dict[str, list[tuple[str, str | None]]]
Answer = str | Response | tuple[str, int]


@blueprint.get("/<int:result_id>")
def show(result_id: int) -> str:
    """The result, and every act on that unit's year."""
    place = _place(result_id)
    acts = acts_of(db.session(), place.result)
    return render_template(
        "results/show.html",
        place=place,
        acts=acts,
        people={one.entered_by: db.session.get_one(Person, one.entered_by).name for one in acts},
        office=amending.office_of(somebody().actor, place),
        closed=amending.closed(place.result),
    )


@blueprint.get("/<int:result_id>/<any(revocation, correction):act>")
def form(result_id: int, act: str) -> str:
    """The form of an act, with what a revocation will do."""
    place = _open(result_id, act)
    known = place.result
    decided = day(known.decided_on) if known.decided_on else ""
    told = {"number": known.decision_number or "", "decided_on": decided}
    return _page(place, act, told if act == "correction" else {}, _foreseen(place, act))


@blueprint.post("/<int:result_id>/<any(revocation, correction):act>")
def send(result_id: int, act: str) -> Answer:
    """Shows what the act will do, or records it."""
    place, told = _open(result_id, act), dict(request.form.items())
    session = db.session()
    try:
        entry = amending.read_entry(act, told)
        if refusals := [*amending.against(session, place, entry)]:
            raise Refused(*refusals)
        if request.form.get("do") != "record":
            return _page(place, act, told, _foreseen(place, act, entry), entry=entry)
        amending.record(session, somebody().actor, result_id, entry)
    except Refused as refused:
        page = _page(place, act, told, _foreseen(place, act), _wrong(refused.refusals))
        return page, refused.status
    flash(gettext("Đã ghi. Chuỗi năm, báo cáo và trang kiểm tra tính theo từ nay."), "success")
    return redirect(url_for("taken_over.show", result_id=result_id), 303)


def _place(result_id: int) -> Place:
    place = amending.place_of(db.session(), result_id)
    access.unit(place.result.area_id)
    return place


def _open(result_id: int, act: str) -> Place:
    """The result, for whoever may act on it; raises ``Forbidden``."""
    place = _place(result_id)
    if amending.office_of(somebody().actor, place) is None:
        raise Forbidden(Refusal("not_yours", {"by": list(amending.rules().by[place.level])}))
    why = amending.closed(place.result)
    if why or (act == "revocation" and not place.result.recognised):
        raise Refused(why or Refusal("result_not_recognised", {"year": place.result.year}))
    return place


def _foreseen(place: Place, act: str, entry: Entry | None = None) -> Foretold:
    recognised = entry.recognised if entry else act == "correction"
    return amending.foresee(db.session(), place, recognised=recognised)


def _wrong(refusals: Sequence[Refusal]) -> Wrong:
    wrong: Wrong = {}
    for one in refusals:
        wrong.setdefault(one.field or "", []).append((said(one), one.clause))
    return wrong


def _page(
    place: Place,
    act: str,
    told: Mapping[str, str],
    foretold: Foretold,
    wrong: Wrong | None = None,
    entry: Entry | None = None,
) -> str:
    return render_template(
        "results/act.html",
        place=place,
        act=act,
        told=defaultdict(str, told),
        foretold=foretold,
        wrong=defaultdict(list, wrong or {}),
        entry=entry,
    )
