"""Correcting, replacing, revoking an issued paper: the form, and beforehand what it will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine import clock
from engine.commands import Option
from engine.definition import Act
from engine.errors import Forbidden, Refusal, Refused
from engine.papers.book import Paper
from engine.policy import NOT_YOURS
from web import access, forms, levels, numbers, text
from web.catalogue import gettext
from web.extensions import bureau, db
from web.identity import somebody
from workflows import amendments, resting, standing
from workflows.guards.amendments import under_way
from workflows.queries.cases import Case
from workflows.queries.state_names import Standing

blueprint = Blueprint("amendments", __name__)

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class After:
    """What a paper's own page tells of its life after the issue."""

    target: standing.Target | None
    changes: Sequence[standing.Change]
    shaken: Sequence[resting.Shaken]
    under_way: int | None
    acts: Sequence[tuple[str, Option]]


def after(case: Case) -> After:
    """What this paper does to another, what was done to it, and what this person may do."""
    session, house = db.session(), bureau().house
    target = standing.target(session, case.id)
    if case.paper is None or not case.paper.number:
        return After(target, (), (), None, ())
    options = amendments.options(session, house, somebody().actor, case.id)
    return After(
        target,
        standing.changes(session, case.id),
        resting.shaken(session, paper_id=case.id),
        next(iter(under_way(session, house, case.id)), None),
        [(act, option) for act, option in options.items() if option.open],
    )


@dataclass(slots=True)
class Sheet:
    """One act about to be drafted: its form, what it lists, and what it will do."""

    act: Act
    case: Case
    option: Option
    form: forms.MoveForm
    listed: Sequence[amendments.Listed]
    addable: Sequence[amendments.Listed]
    chosen: frozenset[int]
    foretold: amendments.Consequences
    key: str
    status: int = 200


@blueprint.get("/papers/<int:subject_id>/amend/<any(correction, replacement, revocation):act>")
def form(subject_id: int, act: Act) -> Answer:
    """The form of the act, with what it will do as things stand."""
    return _page(_sheet(access.paper(subject_id), act))


@blueprint.post("/papers/<int:subject_id>/amend/<any(correction, replacement, revocation):act>")
def send(subject_id: int, act: Act) -> Answer:
    """Drafts the later paper; or only shows what it would do to those chosen."""
    sheet = _sheet(access.paper(subject_id), act)
    if request.form.get("do") == "preview":
        return _page(sheet)
    wanted = sorted(sheet.chosen) if act == "replacement" else None
    try:
        outcome = amendments.draft(
            db.session(),
            bureau().house,
            somebody().person_id,
            act,
            subject_id,
            forms.typed(sheet.form, {}),
            nominations=wanted,
            key=request.form.get("key") or None,
        )
    except Refused as refused:
        return _refused(sheet, refused)
    flash(
        gettext(
            "Đã lập dự thảo. Xem lại bản in; không phải chuyển đi đâu, người duyệt đã thấy nó "
            "trong việc của mình."
        ),
        "success",
    )
    return redirect(url_for("papers.show", subject_id=outcome.subject_id), 303)


@blueprint.get("/papers/resting")
def listing() -> str:
    """Papers in force that rest on a fallen one, of the authorities this person belongs to."""
    person = somebody()
    units = None if person.reads_everything else person.units
    return render_template("papers/resting.html", papers=resting.shaken(db.session(), units=units))


def _sheet(case: Case, act: Act) -> Sheet:
    session, house, person = db.session(), bureau().house, somebody()
    option, move = amendments.foresee(session, house, person.person_id, act, case.id)
    barred = [reason for reason in option.refusals if reason.code in NOT_YOURS]
    if barred:
        raise Forbidden(*barred)
    fields = move.definition.fields_of(option.transition)
    rows = {f.id: house.binding.rows[f.rows](move) for f in fields if f.rows}
    paper = session.get_one(Paper, case.id)
    chosen, listed = _chosen(case), amendments.listed(session, case.id)
    if chosen is None:
        chosen = frozenset(one.id for one in listed)
    return Sheet(
        act,
        case,
        option,
        forms.build(fields, move.definition.by_field, rows, _defaults(act)),
        listed,
        amendments.addable(session, house, person.actor, paper) if act == "replacement" else (),
        chosen,
        amendments.consequences(session, act, case.id, sorted(chosen)),
        request.form.get("key") or clock.new_code(24),
    )


def _defaults(act: str) -> Mapping[str, Any]:
    natures = {"correction": "form", "replacement": "content"}
    return {"nature": natures[act]} if act in natures else {}


def _chosen(case: Case) -> frozenset[int] | None:
    """The nominations ticked in a form that was sent; none for one that is only opened."""
    if request.method != "POST":
        return None
    return frozenset(request.form.getlist("nomination", type=numbers.whole))


def _refused(sheet: Sheet, refused: Refused) -> Answer:
    for refusal in refused.refusals:
        sheet.form.blame(refusal.field, text.said(refusal), refusal.clause)
    sheet.status = refused.status
    return _page(sheet)


def _page(sheet: Sheet) -> tuple[str, int]:
    warnings: Sequence[Refusal] = () if sheet.status != 200 else sheet.option.refusals
    page = render_template(
        "papers/amend.html",
        sheet=sheet,
        case=sheet.case,
        form=sheet.form,
        named=levels.named([Standing(one.id, one.digest, one.state) for one in sheet.listed]),
        warnings=warnings,
    )
    return page, sheet.status
