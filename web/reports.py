"""Reports as pages: figures that lead to their records, paragraphs to write, files to take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine import clock
from engine.errors import NotFound, Refusal, Refused, Stale
from web import access, numbers, unit_choice
from web.catalogue import gettext
from web.extensions import bureau, db, language, settings
from web.identity import somebody
from web.problems import wants_json
from web.text import moment, said
from workflows import lateness
from workflows.queries.public import years as result_years
from workflows.reports import behind, files
from workflows.reports.composing import compose
from workflows.reports.layout import Layout, layout, layouts
from workflows.reports.parts import Report
from workflows.reports.passages import Scope, write
from workflows.units import Unit

blueprint = Blueprint("reports", __name__)

USUAL = 10
PAGE = 100


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into a section that could not be kept, and why not."""

    section: str
    text: str
    sentences: tuple[str, ...]


@blueprint.get("/reports")
def index() -> str:
    """Which report, of which unit, over which years."""
    unit = unit_choice.asked()
    known = result_years(db.session())
    year = numbers.year(request.args, "to")
    last = year or max(known, default=clock.today().year)
    return render_template(
        "reports/index.html",
        unit=unit,
        choices=unit_choice.choices(unit, year),
        year=year,
        reports=layouts().values(),
        first=max(last - USUAL + 1, min(known, default=last)),
        last=last,
    )


@blueprint.get("/reports/<report>")
def show(report: str) -> str | BaseResponse:
    """The report as a page."""
    unit, scope = _scope(report)
    return _page(unit, scope)


@blueprint.get("/reports/<report>/file")
def file(report: str) -> Response:
    """The report as a file, made anew."""
    unit, scope = _scope(report)
    form = request.args.get("format", "pdf")
    if form not in files.TYPES:
        access.missing()
    made = compose(db.session(), scope, language())
    content = files.content(
        made,
        unit,
        form,
        bureau().desk.renderer,
        settings().base_url.rstrip("/"),
        specimen=settings().specimen,
        language=language(),
    )
    response = Response(content, content_type=files.TYPES[form])
    name = files.name(made, unit, form)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@blueprint.post("/reports/<report>/sections/<section>", endpoint="write")
def write_section(report: str, section: str) -> Response | BaseResponse | tuple[str, int]:
    """Keeps what was written in a section: sent by its button, or by the page itself."""
    unit, scope = _scope(report)
    told = layout(report)
    if told.section(section) is None:
        raise NotFound(Refusal("no_report", {"report": section}))
    if not _may_write(told, unit):
        access.refuse(Refusal("not_yours", {"by": list(told.edit)}))
    text = request.form.get("text", "")
    seen = request.form.get("version", 0, type=numbers.whole)
    author = somebody().person_id
    try:
        version = write(db.session(), scope, section, text, version=seen, author_id=author)
    except (Stale, Refused) as refused:
        if wants_json():
            raise
        sentences = tuple(said(one) for one in refused.refusals)
        return _page(unit, scope, Typed(section, text, sentences)), refused.status
    if wants_json():
        saved = gettext("Đã lưu lúc %(time)s", time=moment(clock.now())[:5])
        return jsonify(saved=saved, version=version)
    flash(gettext("Đã lưu."), "success")
    return redirect(f"{_address(scope)}#section-{section}", 303)


@blueprint.get("/reports/results")
def results() -> str:
    """The results behind a count."""
    unit = unit_choice.asked()
    asked = behind.Asked(
        unit.id,
        numbers.year(request.args, "year") or clock.today().year,
        numbers.given(request.args, "streak") or 0,
        request.args.get("only") == "recognised",
        request.args.get("kind", "")[:20],
    )
    rows = behind.results(db.session(), asked)
    page = request.args.get("page", 1, type=numbers.page)
    return render_template(
        "reports/results.html",
        unit=unit,
        asked=asked,
        rows=rows[PAGE * (page - 1) : PAGE * page],
        total=len(rows),
        recognised=sum(row.result.recognised for row in rows),
        page=page,
        pages=max(1, -(-len(rows) // PAGE)),
        filters={k: v for k, v in request.args.items() if k != "page" and v},
    )


@blueprint.get("/reports/overdue")
def overdue() -> str:
    """The files that are overdue in a unit now, and those decided late: of one year, or all."""
    unit = unit_choice.asked()
    year = numbers.year(request.args, "year")
    rows = () if year else behind.overdue(db.session(), unit.id)
    late = lateness.within(db.session(), unit.id, year or 0, year or clock.today().year)
    return render_template("reports/overdue.html", unit=unit, rows=rows, late=late, year=year)


def _page(unit: Unit, scope: Scope, typed: Typed | None = None) -> str:
    made = compose(db.session(), scope, language())
    told = layout(scope.report)
    return render_template(
        "reports/show.html",
        unit=unit,
        report=made,
        may_write=_may_write(told, unit),
        typed=typed,
        asked=_asked(made),
        target=told.target_percent,
    )


def _asked(made: Report) -> Mapping[str, int]:
    scope = made.scope
    return {"unit": scope.unit_id, "from": scope.first, "to": scope.last}


def _scope(report: str) -> tuple[Unit, Scope]:
    told = layout(report[:40])
    unit = unit_choice.asked()
    last = numbers.year(request.values, "to") or clock.today().year
    first = numbers.year(request.values, "from") or last
    if told.most_years == 1:
        first = last
    told.check_years(first, last)
    return unit, Scope(told.id, unit.id, first, last)


def _may_write(told: Layout, unit: Unit) -> bool:
    offices = somebody().actor.offices
    return any(one.role in told.edit and one.unit_id == unit.id for one in offices)


def _address(scope: Scope) -> str:
    asked: dict[str, Any] = {"unit": scope.unit_id, "from": scope.first, "to": scope.last}
    return url_for("reports.show", report=scope.report, **asked)
