"""Past results from a sheet: tried first, names chosen where they are not sure, then loaded.

The file is kept by its digest as soon as it came, so that choosing loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.errors import Refusal, Refused
from web import uploads
from web.catalogue import gettext
from web.extensions import bureau, db, language
from web.text import said
from workflows.exchange.sheet import FORMATS, MEGABYTES
from workflows.exchange.template import template as make
from workflows.takeover.loading import Report, load_history

blueprint = Blueprint("takeover", __name__, url_prefix="/admin/history")

FORM = "past results"
CHOICE = "unit:"
SHOWN = 200
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv",
}


@blueprint.get("")
def form() -> str:
    """Where a sheet is handed in, and the empty ones to fill in."""
    return _page()


@blueprint.post("")
def send() -> BaseResponse | tuple[str, int] | str:
    """Tries the sheet, with what was chosen; loads it when that is asked for and nothing
    stands against it."""
    file = _file()
    if file is None:
        return _page(wrong=gettext("Chọn tệp bảng tính.")), 422
    chosen = {
        name.removeprefix(CHOICE): code
        for name, code in request.form.items()
        if name.startswith(CHOICE) and code
    }
    load = request.form.get("do") == "load"
    data = bureau().store.get(file["sha256"])
    try:
        report = load_history(db.session(), data, file["name"], chosen=chosen, dry_run=not load)
    except Refused as refused:
        db.session.rollback()
        return _page(wrong=said(refused.refusals[0])), 422
    if load and not report.refused:
        flash(_told(report), "success")
        return redirect(url_for("takeover.form"), 303)
    page = _page(report=report, file=uploads.note(file, FORM), chosen=chosen)
    return (page, 422) if load else page


def _file() -> Mapping[str, str] | None:
    """The sheet that was just sent, or the one handed in before."""
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        name = upload.filename.replace("\\", "/").rsplit("/", 1)[-1][:150]
        content = upload.stream.read(MEGABYTES * 1024 * 1024 + 1)
        return {"sha256": bureau().store.put(content), "name": name}
    return uploads.handed_in_again(request.form.get("kept", ""), FORM)


def _told(report: Report) -> str:
    counts = {"new": report.new, "changed": report.changed, "same": report.same}
    return gettext(
        "Đã ghi %(new)s kết quả mới, bổ sung %(changed)s; %(same)s dòng đã có từ trước.", **counts
    )


def _page(
    report: Report | None = None,
    file: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
    wrong: str = "",
) -> str:
    refused = [one for one in report.refused if one.code != "unit_unsure"] if report else []
    return render_template(
        "admin/history.html",
        report=report,
        refused=refused[:SHOWN],
        more=max(0, len(refused) - SHOWN),
        file=file,
        chosen=chosen or {},
        wrong=wrong,
        formats=FORMATS,
        megabytes=MEGABYTES,
    )


@blueprint.get("/template.<suffix>")
def template(suffix: str) -> Response:
    """An empty sheet to fill in."""
    if suffix not in TYPES:
        raise Refused(Refusal("format_unknown", {"file": suffix, "formats": ", ".join(FORMATS)}))
    name = f"ket-qua.{suffix}"
    response = Response(make("history", name, language()), mimetype=TYPES[suffix])
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
