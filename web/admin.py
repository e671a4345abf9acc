"""For whoever keeps the installation running: what failed, the appointments.

The administrator's office opens no file and makes no move in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine import clock, outbox
from engine.errors import NotFound, Refusal, Refused
from engine.fields import read_day
from web import numbers
from web.catalogue import gettext
from web.extensions import bureau, db
from web.identity import ADMIN, somebody
from web.text import said
from workflows import appointing, regimes
from workflows.appointing import CAPACITIES
from workflows.queries import books
from workflows.regimes import SUBJECT_KINDS
from workflows.unserved import unserved

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

PAGE = 50
LONGEST = 500
FIELDS = ("username", "role", "unit", "title", "capacity", "starts_on", "ends_on", "basis")
ENDING = ("ends_on", "basis")


@blueprint.get("/failures")
def failures() -> str:
    """What the worker could not do, and why."""
    tasks = outbox.failures(db.session())
    return render_template("admin/failures.html", tasks=tasks)


@blueprint.post("/failures/<int:task_id>/retry")
def retry(task_id: int) -> Response:
    """Lets the worker try again."""
    if not outbox.retry(db.session(), task_id):
        raise NotFound(Refusal("no_such_subject", {"id": task_id}))
    bureau().house.wake([task_id])
    flash(gettext("Đã đưa lại vào hàng đợi."), "success")
    return redirect(url_for("admin.failures"), 303)


@blueprint.get("/laws")
def laws() -> str:
    """Which files of law apply on a day to a kind of unit, and how sure that is."""
    on = _day(request.args.get("on", "")) or clock.today()
    kind = request.args.get("kind", SUBJECT_KINDS[0])
    if kind not in SUBJECT_KINDS:
        raise NotFound(Refusal("no_regime_for", {"year": on.year, "kind": kind}))
    found = regimes.regime_on(on, kind)
    rules = found.kinds[kind] if found else None
    return render_template(
        "admin/laws.html",
        on=on,
        kind=kind,
        kinds=SUBJECT_KINDS,
        applied=regimes.applies(on, kind),
        rules=rules,
        window=rules.window(on.year) if rules else None,
        without=unserved(on, kind),
    )


@blueprint.get("/people")
def people() -> str:
    """Appointments, searched by name, place or sign-in name."""
    return _people({"starts_on": clock.today().isoformat()})


def _people(
    typed: Mapping[str, str],
    wrong: Sequence[Refusal] = (),
    ending: Mapping[str, str] | None = None,
    ending_wrong: Sequence[Refusal] = (),
) -> str:
    """The page, its forms as they were typed, with what is wrong beside each input."""
    wanted = request.values.get("q", "").strip()[:100]
    page = request.values.get("page", 1, type=numbers.page)
    posts, total = books.appointments(
        db.session(), search=wanted, limit=PAGE, offset=PAGE * (page - 1)
    )
    if ending and ending["id"] not in {str(post.id) for post in posts}:
        raise Refused(*ending_wrong)  # the page has no place to tell it
    return render_template(
        "admin/people.html",
        posts=posts,
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
        search=wanted,
        roles=sorted(bureau().house.binding.roles),
        capacities=CAPACITIES,
        may_change=somebody().actor.holds(ADMIN),
        myself=somebody().person_id,
        today=clock.today(),
        typed=typed,
        wrong=_beside(FIELDS, wrong),
        ending=ending or {},
        ending_wrong=_beside(ENDING, ending_wrong),
    )


def _beside(
    names: Sequence[str], wrong: Sequence[Refusal]
) -> dict[str, list[tuple[str, str | None]]]:
    """What is wrong, by the input it is told beside."""
    return {name: [(said(one), one.clause) for one in wrong if one.field == name] for name in names}


@blueprint.post("/people")
def appoint() -> Response | tuple[str, int]:
    """A new appointment of somebody who has an account, at a unit, from a day, on a basis."""
    typed = {name: request.form.get(name, "").strip()[:LONGEST] for name in FIELDS}
    roles = bureau().house.binding.roles
    try:
        appointing.appoint(db.session(), roles, typed, somebody().person_id)
    except Refused as refused:
        db.session.rollback()
        return _people(typed, refused.refusals), 422
    flash(gettext("Đã ghi bổ nhiệm; có hiệu lực từ ngày đã chọn."), "success")
    return redirect(url_for("admin.people", q=typed["username"]), 303)


@blueprint.post("/people/<int:appointment_id>/end")
def end_appointment(appointment_id: int) -> Response | tuple[str, int]:
    """The last day of an appointment, on a basis; what was done in it stays as it was."""
    told = {name: request.form.get(name, "").strip()[:LONGEST] for name in ENDING}
    try:
        appointing.end(db.session(), appointment_id, told, somebody().person_id)
    except Refused as refused:
        db.session.rollback()
        starts = {"starts_on": clock.today().isoformat()}
        typed = {**told, "id": str(appointment_id)}
        return _people(starts, ending=typed, ending_wrong=refused.refusals), 422
    flash(gettext("Đã ghi ngày thôi giữ chức."), "success")
    return redirect(url_for("admin.people", q=request.form.get("q", "")), 303)


def _day(text: str) -> date | None:
    try:
        return read_day(text) if text else None
    except ValueError:
        raise Refused(Refusal("not_a_date")) from None
