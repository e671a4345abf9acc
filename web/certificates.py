"""Whose certificate is whose: the administrator enters, the one in charge confirms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine.errors import Refusal, Refused
from web.catalogue import gettext
from web.extensions import bureau, db
from web.identity import ADMIN, somebody
from web.text import said
from workflows import enrolling
from workflows.enrolments import CertificateEnrolment

blueprint = Blueprint("certificates", __name__, url_prefix="/admin/certificates")

FIELDS = ("username", "unit", "certificate", "basis")


@blueprint.get("")
def listing() -> str:
    """The enrolled certificates, all or those that one may confirm or end; a form for whoever
    enters, a button for whoever confirms."""
    return _page({})


def _page(typed: Mapping[str, str], wrong: Sequence[Refusal] = ()) -> str:
    session, actor = db.session(), somebody().actor
    rows = enrolling.listed(session)
    if not (actor.holds(ADMIN) or somebody().reads_everything):
        # A subject may hold a citizen's number: each sees what is up to them.
        rows = [row for row in rows if _ends(row)]
    return render_template(
        "admin/certificates.html",
        rows=rows,
        may_enter=actor.holds(ADMIN),
        confirms={row.id for row in rows if _confirms(row)},
        ends={row.id for row in rows if row.state != "ended" and _ends(row)},
        typed=typed,
        wrong={
            name: [(said(one), one.clause) for one in wrong if one.field == name] for name in FIELDS
        },
    )


def _confirms(row: CertificateEnrolment) -> bool:
    me = somebody()
    one_of_two = me.person_id not in (row.entered_by, row.person_id)
    return (
        row.state == "waiting" and one_of_two and enrolling.may_confirm(db.session(), me.actor, row)
    )


def _ends(row: CertificateEnrolment) -> bool:
    me = somebody()
    if me.actor.holds(ADMIN) or me.person_id == row.person_id:
        return True
    return enrolling.may_confirm(db.session(), me.actor, row)


@blueprint.post("")
def enter() -> Response | tuple[str, int]:
    """A certificate of a person (by sign-in name) or of an authority (by code)."""
    typed = {name: request.form.get(name, "").strip()[:500] for name in FIELDS}
    file = request.files.get("certificate")
    content = file.read(enrolling.LARGEST_FILE + 1) if file else b""
    session = db.session()
    try:
        whose = enrolling.whose(session, username=typed["username"], unit=typed["unit"])
        by = somebody().person_id
        enrolling.enter(session, bureau().desk, by, whose, content, typed["basis"])
    except Refused as refused:
        db.session.rollback()
        return _page(typed, refused.refusals), 422
    flash(gettext("Đã ghi chứng thư số; chờ người có thẩm quyền xác nhận."), "success")
    return redirect(url_for("certificates.listing"), 303)


@blueprint.post("/<int:enrolment_id>/confirm")
def confirm(enrolment_id: int) -> Response:
    """The second person's word."""
    enrolling.confirm(db.session(), somebody().person_id, enrolment_id)
    flash(gettext("Đã xác nhận chứng thư số."), "success")
    return redirect(url_for("certificates.listing"), 303)


@blueprint.post("/<int:enrolment_id>/end")
def end(enrolment_id: int) -> Response:
    """From now on it signs no more."""
    enrolling.end(db.session(), somebody().person_id, enrolment_id, request.form.get("reason", ""))
    flash(gettext("Đã thôi dùng chứng thư số."), "success")
    return redirect(url_for("certificates.listing"), 303)
