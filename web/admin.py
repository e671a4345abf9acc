"""For whoever keeps the installation running: what failed, the law in use, the appointments.

The administrator's office opens no file and makes no move in one.
"""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import insert, update
from werkzeug.wrappers import Response

from engine import clock, diagram, outbox
from engine.db import writing
from engine.errors import NotFound, Refusal, Refused
from web import numbers
from web.catalogue import gettext
from web.extensions import bureau, db, language
from web.identity import ADMIN, somebody
from workflows.people import Account, Appointment, Person
from workflows.queries import books
from workflows.units import Unit, search

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

PAGE = 50
CAPACITIES = ("", "TM.", "Q.", "KT.", "TL.", "TUQ.")


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


@blueprint.get("/workflows")
def workflows() -> str:
    """The definitions in use, with what they rest on."""
    return render_template("admin/workflows.html", definitions=bureau().house.definitions)


@blueprint.get("/workflows/<definition_id>")
def workflow(definition_id: str) -> str:
    """One definition: drawn, and told sentence by sentence."""
    definition = bureau().house.named(definition_id)
    picture = diagram.svg(definition, language())
    return render_template("admin/workflow.html", definition=definition, picture=picture)


@blueprint.get("/people")
def people() -> str:
    """Appointments, searched by name, place or sign-in name."""
    wanted = request.args.get("q", "").strip()[:100]
    page = request.args.get("page", 1, type=numbers.page)
    posts, total = books.appointments(
        db.session(), search=wanted, limit=PAGE, offset=PAGE * (page - 1)
    )
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
        today=clock.today(),
    )


@blueprint.post("/people")
def appoint() -> Response:
    """A new appointment of somebody who has an account, at a unit, from a day, on a basis.

    Nobody appoints themself: an administrator makes no move in any file.
    """
    session = db.session()
    form = {name: request.form.get(name, "").strip() for name in request.form}
    person = _person(form.get("username", ""))
    if person == somebody().actor.person_id:
        raise Refused(Refusal("appoints_oneself", field="username"))
    unit = _unit(form.get("unit", ""), form.get("role", ""))
    starts, ends = _day(form.get("starts_on", "")), _day(form.get("ends_on", ""))
    if starts is None or not form.get("title") or not form.get("basis"):
        raise Refused(Refusal("required"))
    if ends is not None and ends < starts:
        raise Refused(Refusal("dates_reversed"))
    values = {
        "person_id": person,
        "role": form["role"],
        "unit_id": unit,
        "title": form["title"][:160],
        "capacity": form.get("capacity", "") if form.get("capacity") in CAPACITIES else "",
        "starts_on": starts,
        "ends_on": ends,
        "basis": form["basis"][:200],
    }
    with writing(session):
        session.execute(insert(Appointment).values(**values))
    flash(gettext("Đã ghi bổ nhiệm; có hiệu lực từ ngày đã chọn."), "success")
    return redirect(url_for("admin.people", q=form["username"]), 303)


@blueprint.post("/people/<int:appointment_id>/end")
def end_appointment(appointment_id: int) -> Response:
    """The last day of an appointment; what was done in it stays as it was."""
    session = db.session()
    ends = _day(request.form.get("ends_on", ""))
    found = session.get(Appointment, appointment_id)
    if found is None:
        raise NotFound(Refusal("no_such_subject", {"id": appointment_id}))
    if ends is None or ends < found.starts_on:
        raise Refused(Refusal("dates_reversed" if ends else "required", field="ends_on"))
    with writing(session):
        session.execute(
            update(Appointment).where(Appointment.id == appointment_id).values(ends_on=ends)
        )
    flash(gettext("Đã ghi ngày thôi giữ chức."), "success")
    return redirect(url_for("admin.people", q=request.form.get("q", "")), 303)


def _person(username: str) -> int:
    query = db.select(Person.id).join(Account, Account.person_id == Person.id)
    found = db.session.scalar(query.where(Account.username == username))
    if found is None:
        raise Refused(Refusal("unknown_account", {"name": username}, field="username"))
    return int(found)


def _unit(text: str, role: str) -> int:
    """The one unit meant by a code or a name, of a kind at which the role is held."""
    kinds = bureau().house.binding.roles.get(role)
    if kinds is None:
        raise Refused(Refusal("not_a_choice", field="role"))
    exact = db.session.scalars(db.select(Unit).where(Unit.code == text, Unit.kind.in_(kinds))).all()
    found = exact or [u for u in search(db.session(), text, limit=50) if u.kind in kinds]
    if len(found) != 1:
        raise Refused(Refusal("which_unit", {"count": len(found)}, field="unit"))
    return int(found[0].id)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(Refusal("not_a_date")) from None
