"""The number registers: every number given, used or void, to be read and printed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine import clock, registers
from engine.db import writing
from engine.errors import Refusal, Refused
from web import access, numbers
from web.catalogue import gettext
from web.extensions import bureau, db, settings
from web.identity import somebody
from web.text import said
from workflows import register_print, standing
from workflows.queries import books
from workflows.queries.briefs import briefs

blueprint = Blueprint("registers", __name__)

PAGE = 100


@blueprint.get("/registers")
def listing() -> str:
    """The registers of the authorities this person belongs to."""
    person = somebody()
    units = None if person.reads_everything else person.units
    return render_template("registers/list.html", books=books.registers(db.session(), units))


@blueprint.get("/registers/<int:register_id>")
def show(register_id: int) -> str:
    """One register, the newest number first."""
    return _page(_book(register_id))


def _page(book: books.Book, problem: str = "", reason: str = "") -> str:
    page = request.args.get("page", 1, type=numbers.page)
    session = db.session()
    rows = books.numbers(session, book.id, limit=PAGE, offset=PAGE * (page - 1))
    papers = [row.paper_id for row in rows if row.paper_id]
    return render_template(
        "registers/show.html",
        book=book,
        numbers=rows,
        briefs=briefs(session, papers),
        changes=standing.changes_of(session, papers),
        volumes=len(register_print.volumes(book)),
        page=page,
        pages=max(1, -(-book.last // PAGE)),
        may_void=_keeps(book) and book.year == clock.today().year,
        problem=problem,
        reason=reason,
    )


@blueprint.get("/registers/<int:register_id>/print")
def printed(register_id: int) -> str:
    """One volume of the register as a page to print, the first number first."""
    book, volume = _book(register_id), request.args.get("volume", 1, type=numbers.page)
    told = register_print.values(db.session(), book, volume, specimen=settings().specimen)
    return render_template("registers/print.html", book=book, told=told)


@blueprint.get("/registers/<int:register_id>.pdf")
def paper(register_id: int) -> Response:
    """The same as a file, laid out as the decree has it."""
    book, volume = _book(register_id), request.args.get("volume", 1, type=numbers.page)
    told = register_print.values(db.session(), book, volume, specimen=settings().specimen)
    content = bureau().desk.renderer.render(register_print.TEMPLATE, told)
    name = f"so-{book.series}-{book.year}-{volume}.pdf"
    return _file(content, "application/pdf", name)


@blueprint.get("/registers/<int:register_id>.csv")
def table(register_id: int) -> Response:
    """The whole register as a table for a spreadsheet program."""
    book = _book(register_id)
    content = "".join(register_print.table(db.session(), book)).encode()
    return _file(content, "text/csv; charset=utf-8", f"so-{book.series}-{book.year}.csv")


def _file(content: bytes, kind: str, name: str) -> Response:
    response = Response(content, content_type=kind)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@blueprint.post("/registers/<int:register_id>/void")
def void(register_id: int) -> Response | tuple[str, int]:
    """Enters the number that the page named as void, with the reason, in the clerk's name;
    if it is not the next one any more, nothing."""
    book = _book(register_id)
    if not _keeps(book):
        access.refuse(Refusal("not_yours", {"by": ["clerk"]}))
    reason = request.form.get("reason", "")
    try:
        number = _void(book, reason)
    except Refused as refused:
        db.session.rollback()
        problem = " ".join(map(said, refused.refusals))
        return _page(book, problem, reason[: registers.LONGEST_REASON]), 422
    flash(gettext("Số %(number)s đã ghi là không dùng.", number=f"{number:02d}"), "success")
    return redirect(url_for("registers.show", register_id=register_id), 303)


def _void(book: books.Book, reason: str) -> int:
    expected = request.form.get("number", type=numbers.whole)
    if expected is None:
        raise Refused(Refusal("load_again"))
    session = db.session()
    with writing(session):
        return registers.take(
            session,
            book.authority_id,
            book.series,
            clock.today(),
            person_id=somebody().person_id,
            void_reason=reason,
            expected=expected,
            year=book.year,
        )


def _book(register_id: int) -> books.Book:
    book = books.register(db.session(), register_id)
    if book is None:
        access.missing()
    access.register_unit(book.authority_id)
    return book


def _keeps(book: books.Book) -> bool:
    return any(
        office.role == "clerk" and office.unit_id == book.authority_id
        for office in somebody().actor.offices
    )
