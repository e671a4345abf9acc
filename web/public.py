"""The public site: which areas were recognised, and whether a paper is what it seems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from flask import (
    Blueprint,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from engine import clock
from engine.errors import NotFound, Refusal
from engine.signing.cage import Turn
from web import numbers, problems
from web.access import missing
from web.catalogue import gettext
from web.extensions import bureau, db, keeping, language
from web.sign_in import local
from workflows import logbook, resting, standing
from workflows.annexing import ANNEX
from workflows.joined import Other, other
from workflows.queries import public as queries
from workflows.queries.lives import life
from workflows.sign_ins import must_wait, tried
from workflows.statement_keys import StatementKeys
from workflows.streaks import yearly_table
from workflows.units import unit_on
from workflows.verification import Verification, refused
from workflows.verification import verify as check

blueprint = Blueprint("public", __name__)

SHOWN_YEARS = 4
YEAR = 365 * 24 * 3600
CODE_LENGTH = 16
ASK_AGAIN = 5
"""Seconds after which another file has most likely been opened."""

MOST_TYPED, MOST_SHOWN = 1000, 40
"""Letters of a typed code that are looked at (a camera reads address and statement), and shown
again."""


@blueprint.get("/")
def home() -> str:
    """Recognised areas by year and place, the search, and the check of a paper."""
    session = db.session()
    years = queries.years(session)
    year = _year(years)
    search = request.args.get("q", "").strip()[:100]
    table = (
        keeping().answer(
            ("years", years[0], years[-1]), lambda: yearly_table(session, years[0], years[-1])
        )
        if years
        else []
    )
    shown = _shown(years, year)
    found = queries.areas(session, search=search, years=shown, limit=60) if search else ()
    communes = queries.communes(session, year) if years and not search else ()
    return render_template(
        "public/home.html",
        table=list(reversed(table)),
        year=year,
        search=search,
        found=found,
        years=shown,
        communes=communes,
        rests=_rests(table),
        this_year=clock.today().year,
    )


@blueprint.get("/places/<int:unit_id>")
def place(unit_id: int) -> str:
    """The areas of one commune with their results of the last years."""
    session = db.session()
    unit = queries.unit(session, unit_id)
    if unit is None or unit.kind != "commune":
        missing()
    years = queries.years(session)
    year = _year(years)
    on = queries.end_of(year) if year else clock.today()
    heading = (unit_on(session, unit_id, on) or unit).heading
    shown = _shown(years, year)
    areas = queries.areas(session, commune_id=unit_id, on=on, years=shown, limit=300)
    return render_template(
        "public/place.html",
        heading=heading,
        unit_id=unit_id,
        areas=areas,
        years=shown,
        earlier=max((year for year in years if shown and year < shown[0]), default=None),
    )


@blueprint.get("/areas/<int:unit_id>")
def area(unit_id: int) -> str:
    """One area: each year as it counts, and its streak in words."""
    asked = request.args.get("year", type=numbers.whole)
    found = life(db.session(), unit_id, asked, language())
    if found is None:
        missing()
    return render_template("public/area.html", life=found)


def _year(years: Sequence[int]) -> int:
    """The year asked for, else the latest that is over: this year's results still come."""
    asked = request.args.get("year", 0, type=numbers.whole)
    if asked in years:
        return asked
    over = [year for year in years if year < clock.today().year] or years
    return over[-1] if over else 0


def _rests(table: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool]]:
    """Of what the shares of the table are taken: the years, and whether of all areas there
    were. The year that lasts has none yet."""
    over = [row for row in table if row["registered"] and row["year"] < clock.today().year]
    told: list[tuple[str, bool]] = []
    for of, rows in groupby(over, lambda row: row["denominator"]["of"]):
        years = [row["year"] for row in rows]
        name = f"{years[0]}–{years[-1]}" if len(years) > 1 else str(years[0])
        told.append((name, of == "existing"))
    return told


def _shown(years: Sequence[int], last: int) -> Sequence[int]:
    return [year for year in years if year <= last][-SHOWN_YEARS:]


@blueprint.route("/verify", methods=["GET", "POST"])
def verify() -> str | Response | tuple[str | Response, int]:
    """The four answers about a file somebody holds; the file is not kept."""
    if request.method == "GET":
        return _form()
    address = request.remote_addr or ""
    if must_wait(db.session(), "verify", "", address):
        return _form(gettext("Có quá nhiều lần kiểm tra từ mạng này. Chờ ít phút."), 429)
    tried(db.session(), "verify", "", address)
    try:
        upload = request.files.get("file")
    except RequestEntityTooLarge:
        return _answered(refused("too_large"), 413)
    if upload is None or not upload.filename:
        return _form(gettext("Chọn tệp PDF cần kiểm tra."), 422)
    code = request.form.get("code", "")[:CODE_LENGTH]
    desk = bureau().desk
    turn = Turn(desk.keys.folder)
    result = check(db.session(), desk, upload.read(), code=code, ask=turn)
    if result.verdict == "busy":
        again = _answered(result, 503)
        again.headers["Retry-After"] = str(ASK_AGAIN)
        return again
    return _answered(result)


def _answered(result: Verification, status: int = 200) -> Response:
    if problems.wants_json():
        return make_response(jsonify(result.record(language())), status)
    code = "" if status == 413 else request.form.get("code", "")[:CODE_LENGTH]
    page = render_template("public/verify.html", result=result, problem="", code=code)
    return make_response(page, status)


def _form(
    problem: str = "", status: int = 200, asked: str = "", papers: Sequence[str] = ()
) -> tuple[str | Response, int]:
    if problem and problems.wants_json():
        return jsonify(title=problem, detail=problem, status=status), status
    code = "" if asked else request.args.get("code", "")[:CODE_LENGTH]
    shown = {"problem": problem, "code": code, "asked": asked, "papers": papers}
    return render_template("public/verify.html", result=None, **shown), status


@blueprint.get("/find")
def find() -> BaseResponse | tuple[str | Response, int]:
    """From a code as somebody typed it to the page of its paper."""
    typed = request.args.get("code", "").strip()[:MOST_TYPED]
    code = queries.plain_code(typed)
    if not code:
        return _form(gettext("Gõ mã in trên văn bản."), 422, asked=typed)
    if _known(code) is None:
        told = gettext(
            "Không có văn bản nào mang mã “%(code)s”. So lại từng chữ với mã in cạnh mã QR.",
            code=code[:MOST_SHOWN],
        )
        return _form(told, 404, asked=typed[:MOST_SHOWN])
    if found := other(db.session(), StatementKeys(bureau().desk.keys.folder), code, typed):
        return _torn_code(code, found, typed)
    return redirect(url_for("public.paper", code=code), 303)


def _torn_code(code: str, found: Other, typed: str) -> tuple[str | Response, int]:
    """What is told of an address with a statement that is not of its paper."""
    if found.code:
        told = gettext(
            "Mã bạn gõ ghép từ hai văn bản: địa chỉ của một văn bản, phần xác nhận sau dấu # của "
            "văn bản số %(number)s. Tờ giấy in mã như vậy không phải văn bản đã phát hành. "
            "Xem hai văn bản ấy để so:",
            number=found.number,
        )
    else:
        told = gettext(
            "Phần xác nhận sau dấu # không phải của văn bản có địa chỉ này, cũng không phải của "
            "văn bản nào đã phát hành ở đây: bị gõ sai hoặc bị sửa. Xem văn bản của địa chỉ để so:"
        )
    return _form(told, 422, asked=typed, papers=tuple(filter(None, (code, found.code))))


def _checked(sha256: str | None) -> Verification | None:
    """The answers about an issued file of ours; none where there is no such file."""
    if sha256 is None:
        return None
    return check(db.session(), bureau().desk, bureau().store.get(sha256))


@blueprint.get("/p/<code>")
def paper(code: str) -> str | BaseResponse:
    """The permanent page of a paper: where its printed code leads. Another spelling of the
    code leads there."""
    plain = queries.plain_code(code)
    if plain != code and _known(plain):
        return redirect(url_for("public.paper", code=plain), 301)
    found = _paper(code)
    result, annex = (_checked(sha256) for sha256 in (found.sha256, found.annex))
    kind = bureau().house.kinds[found.kind]
    session = db.session()
    return render_template(
        "public/paper.html",
        paper=found,
        kind=kind,
        result=result,
        annex=annex,
        code=code,
        logged=logbook.standing(session, found.id),
        target=standing.target(session, found.id),
        shaken=resting.shaken(session, paper_id=found.id),
    )


@blueprint.get("/p/<code>/file")
def paper_file(code: str) -> Response:
    """The issued file itself, byte for byte; its annex when that ``part`` is asked for."""
    found = _paper(code)
    annex = request.args.get("part") == ANNEX
    sha256 = found.annex if annex else found.sha256
    if sha256 is None:
        raise NotFound(Refusal("no_annex") if annex else Refusal("no_such_file", {"sha256": ""}))
    number = (found.number or code).replace("/", "-")
    name = found.annex_name if annex else f"{number}.pdf"
    response = Response(bureau().store.get(sha256), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=name)
    return response


@blueprint.get("/p/<code>/data.json")
def paper_data(code: str) -> Response:
    """The data that the issued file carries, joined with its number and date."""
    from engine.papers.archive import carried

    found = _paper(code)
    if found.sha256 is None:
        raise NotFound(Refusal("no_such_file", {"sha256": ""}))
    return jsonify(carried(bureau().store.get(found.sha256)).record())


def _paper(code: str) -> queries.PublicPaper:
    found = _known(code)
    if found is None:
        missing()
    return found


def _known(code: str) -> queries.PublicPaper | None:
    """An outgoing paper; those that are only recorded never leave the office."""
    found = queries.paper(db.session(), code)
    return found if found and bureau().house.kinds[found.kind].series else None


@blueprint.get("/language/<code>", endpoint="language")
def choose_language(code: str) -> BaseResponse:
    """Remembers the language in a cookie of its own and goes back."""
    response = redirect(local(request.args.get("next")) or url_for("public.home"), 303)
    chosen = "en" if code == "en" else "vi"
    response.set_cookie(
        "language", chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure
    )
    return response


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What search engines may read: the public pages."""
    lines = ["User-agent: *", "Allow: /$", "Allow: /places/", "Allow: /areas/", "Disallow: /"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
