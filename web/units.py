"""Units through time, for the administrator: the list, one unit's story, acts and sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine import clock
from engine.errors import NotFound, Refusal, Refused
from web import lineage_drawing, numbers, unit_orders
from web.catalogue import gettext
from web.extensions import bureau, db, language
from web.identity import ADMIN, somebody
from web.text import said
from workflows.exchange.sheet import FORMATS, MEGABYTES
from workflows.exchange.template import template as make_template
from workflows.nominations import lacking
from workflows.queries import territory
from workflows.regimes import SUBJECT_KINDS
from workflows.territory import acts, handing_over
from workflows.territory.acts import Change, Report
from workflows.territory.categories import categories, names
from workflows.territory.loading import load_units
from workflows.territory.orders import Order
from workflows.units import FORMS, KINDS, Unit

blueprint = Blueprint("units", __name__, url_prefix="/admin/units")

PAGE = 50
SHOWN = 25
"""How many changes a preview tells one by one."""

AT_ONCE = 300
"""How many open cases are handed over before the page answers; more wait for the night."""

ACTS = ("create", "merge", "split", "rename", "move", "recode", "end")
NAMED = {
    "rename": ("name", "form", "category"),
    "move": ("parent",),
    "recode": ("code",),
    "end": ("unit",),
}
WHOLE = ("kind", "name", "form", "code", "parent", "category")
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv; charset=utf-8",
}


@blueprint.get("")
def listing() -> str:
    """Units, searched by name or code, those that ended on request."""
    wanted = request.args.get("q", "").strip()[:100]
    kind = request.args.get("kind", "")
    ended = request.args.get("ended") == "1"
    page = request.args.get("page", 1, type=numbers.page)
    found, total = territory.listing(
        db.session(),
        search=wanted,
        kind=kind if kind in KINDS else "",
        ended=ended,
        limit=PAGE,
        offset=PAGE * (page - 1),
    )
    args = {"q": wanted, "kind": kind, "ended": "1" if ended else ""}
    return render_template(
        "units/list.html",
        found=found,
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
        search=wanted,
        kind=kind,
        ended=ended,
        kinds=KINDS,
        args={name: value for name, value in args.items() if value},
        acts=ACTS,
        may_change=somebody().actor.holds(ADMIN),
    )


@blueprint.get("/<int:unit_id>")
def show(unit_id: int) -> str:
    """One unit: what it was when, what it came out of and went into."""
    story = territory.story(db.session(), unit_id)
    if story is None:
        raise NotFound(Refusal("no_such_unit", {"id": unit_id}))
    title = gettext("Sơ đồ tiền thân và hậu thân của %(unit)s", unit=story.unit.heading)
    picture = lineage_drawing.draw(story, lambda i: url_for("units.show", unit_id=i), title)
    return render_template(
        "units/show.html",
        story=story,
        picture=picture,
        today=clock.today(),
        acts=[act for act in ACTS if act != "create"],
        known=names(story.unit.kind, language()),
        categorised=story.unit.kind in categories(),
        may_change=somebody().actor.holds(ADMIN),
        lacking=_lacking(story.unit),
    )


def _lacking(unit: Unit) -> Refusal | None:
    """Why the unit has no workflow this year, of those that may hold the title."""
    today = clock.today()
    if unit.kind not in SUBJECT_KINDS or (unit.ends_on and unit.ends_on < today):
        return None
    return lacking(db.session(), bureau().house, unit, today.year)


@blueprint.get("/acts/<act>")
def act(act: str) -> str:
    """The form of one kind of act; ``unit`` (a code) is filled in."""
    told = unit_orders.typed({"units": request.args.get("unit", "")[:40], "confidence": "text"})
    return _form(_known(act), told)


@blueprint.post("/acts/<act>")
def record(act: str) -> BaseResponse | str | tuple[str, int]:
    """Tells what the act would lead to, or, when that was seen, records it."""
    told = unit_orders.typed(request.form)
    order, wrong = unit_orders.order(_known(act), told)
    if order is None:
        return _form(act, told, wrong), 422
    try:
        if request.form.get("step") == "record":
            return _recorded(order)
        report = acts.decree(db.session(), [order], dry_run=True)
    except Refused as refused:
        db.session.rollback()
        return _form(act, told, refused.refusals), 422
    return _preview(act, told, order, report)


def _known(act: str) -> str:
    if act not in ACTS:
        raise NotFound(Refusal("unknown_action", {"action": act}))
    return act


def _form(act: str, told: Mapping[str, str], wrong: Sequence[Refusal] = ()) -> str:
    blamed: dict[str, list[tuple[str, str | None]]] = {name: [] for name in (*told, "")}
    for one in wrong:
        name = one.field if one.field in told else unit_orders.place(one.field)
        blamed[name if name in blamed else ""].append((said(one), one.clause))
    parts = {"split": unit_orders.PARTS}.get(act, 1)
    inputs = NAMED.get(act, WHOLE if act == "create" else ("unit", *WHOLE[1:]))
    return render_template(
        "units/act.html",
        act=act,
        told=told,
        wrong=blamed,
        parts=range(parts),
        names=inputs,
        kinds=KINDS,
        forms=FORMS,
        categories={kind: names(kind, language()) for kind in categories()},
        confidences=("text", "secondary", "assumed"),
    )


def _preview(act: str, told: Mapping[str, str], order: Order, report: Report) -> str:
    ended = [one.unit for one in report.changes if one.after is None]
    weight = territory.weight(db.session(), ended)
    upper = [one for one in report.changes if _span_kind(one) != "area"]
    return render_template(
        "units/preview.html",
        act=act,
        told=told,
        order=order,
        report=report,
        changes=(upper + [one for one in report.changes if one not in upper])[:SHOWN],
        weight=weight,
        known_categories={kind: names(kind, language()) for kind in categories()},
        now=order.deed.effective_on <= clock.today(),
    )


def _span_kind(change: Change) -> str:
    span = change.after or change.before
    return span.kind if span else ""


def _recorded(order: Order) -> BaseResponse:
    session = db.session()
    report = acts.decree(session, [order])
    if report.again:
        flash(gettext("Việc này đã ghi trước đó; không ghi lần thứ hai."), "warning")
    else:
        flash(gettext("Đã ghi."), "success")
        _hand_over(order, [one.unit for one in report.changes if one.after is None])
    known = [unit for unit in (change.unit for change in report.changes) if unit > 0]
    address = url_for("units.show", unit_id=known[0]) if known else url_for("units.listing")
    return redirect(address, 303)


def _hand_over(order: Order, ended: Sequence[int]) -> None:
    """What is open goes on at the successors at once, unless it is so much that it waits."""
    session = db.session()
    if order.deed.effective_on > clock.today():
        return
    if territory.weight(session, ended).waiting > AT_ONCE:
        flash(gettext("Hồ sơ còn dở sẽ được chuyển trong đêm nay."), "info")
        return
    done = handing_over.hand_over(session, bureau().house)
    if done.nominations or done.papers:
        flash(
            gettext(
                "%(files)s hồ sơ đã chuyển sang đơn vị kế tục, %(papers)s dự thảo hết giá trị.",
                files=done.nominations,
                papers=done.papers,
            ),
            "info",
        )


@blueprint.get("/sheet")
def sheet() -> str:
    """The form for a sheet of units."""
    return _sheet()


@blueprint.post("/sheet")
def upload() -> str | tuple[str, int]:
    """Tries a sheet, or records it; every refusal with its cell."""
    given = request.files.get("file")
    dry_run = request.form.get("step") != "record"
    if given is None or not given.filename:
        return _sheet(wrong=[Refusal("required", field="file")]), 422
    try:
        data = given.stream.read(MEGABYTES * 1024 * 1024 + 1)
        report = load_units(db.session(), data, given.filename[-150:], dry_run=dry_run)
    except Refused as refused:
        db.session.rollback()
        return _sheet(wrong=refused.refusals), 422
    return _sheet(report=report), 422 if report.refused else 200


def _sheet(*, wrong: Sequence[Refusal] = (), report: object = None) -> str:
    return render_template(
        "units/sheet.html",
        wrong=[(said(one), one.clause) for one in wrong],
        report=report,
        formats=FORMATS,
        megabytes=MEGABYTES,
    )


@blueprint.get("/template.<form>")
def template(form: str) -> Response:
    """An empty sheet with a few lines that show how."""
    if form not in TYPES:
        raise NotFound(Refusal("format_unknown", {"file": form, "formats": ", ".join(FORMATS)}))
    data = make_template("units", f"units.{form}", language())
    name = {"Content-Disposition": f'attachment; filename="units.{form}"'}
    return Response(data, mimetype=TYPES[form].split(";")[0], headers=name)
