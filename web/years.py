"""For administrators: the years that are open, who opened them, and opening the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine import clock
from engine.errors import EngineError, Refusal, Refused
from web import numbers
from web.catalogue import gettext
from web.extensions import db
from web.identity import ADMIN, somebody
from web.text import said
from workflows import opening, regimes
from workflows.regimes import SUBJECT_KINDS

blueprint = Blueprint("years", __name__, url_prefix="/admin/years")


@blueprint.get("")
def listing() -> str:
    """The years by kind of unit, and the form to open one."""
    year = clock.today().year + 1
    ruling = [one.id for one in regimes.regimes() if one.years.hold(year) and not one.beside]
    return _page(
        {"year": str(year), "regime": ruling[-1] if ruling else "", "vote": ""}, SUBJECT_KINDS
    )


@blueprint.post("")
def open_year() -> Response | tuple[str, int]:
    """Opens a year; whoever did it is recorded."""
    typed = {name: request.form.get(name, "").strip()[:60] for name in ("year", "regime", "vote")}
    kinds = [kind for kind in request.form.getlist("kinds") if kind in SUBJECT_KINDS]
    added = [one for one in request.form.getlist("added") if one in opening.local_sets()]
    try:
        made = opening.opened(
            db.session(),
            typed["regime"],
            numbers.year(request.form, "year") or 0,
            added=added,
            kinds=_known(kinds),
            vote=typed["vote"] == "yes",
            person_id=somebody().person_id,
        )
    except EngineError as error:
        db.session.rollback()
        return _page(typed, kinds, added, error.refusals), 422
    for left in made.left_out:
        flash(said(left), "warning")
    flash(gettext("Đã mở năm %(year)s.", year=typed["year"]), "success")
    return redirect(url_for("years.listing"), 303)


def _known(kinds: Sequence[str]) -> Sequence[str]:
    if not kinds:
        raise Refused(Refusal("kinds_missing", field="kinds"))
    return kinds


def _page(
    typed: dict[str, Any],
    kinds: Sequence[str],
    added: Sequence[str] = (),
    refusals: Sequence[Refusal] = (),
) -> str:
    return render_template(
        "admin/years.html",
        rows=opening.listed(db.session()),
        typed=typed,
        chosen=kinds,
        added=added,
        wrong=[said(one) for one in refusals],
        regimes=regimes.regimes(),
        kinds=SUBJECT_KINDS,
        local=opening.local_sets(),
        may_open=somebody().actor.holds(ADMIN),
    )
