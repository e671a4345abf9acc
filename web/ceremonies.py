"""Many papers, one act: looked at as one table, done with one PIN, told one by one.

Everything works without JavaScript. While papers are signed the page tells how far they are
and can stop it; what is left can be resumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any

from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from engine.db import end_reading
from engine.errors import EngineError, Refusal
from web import access, numbers, text
from web.extensions import bureau, db, language, settings
from web.identity import somebody
from workflows import ceremonies, conducting, convening, reviewing, wording
from workflows.ceremonies import Chosen, Held
from workflows.ceremony_rows import LEFT_OUT, WAITING
from workflows.queries import ceremonies as queries
from workflows.queries.ceremonies import Row

blueprint = Blueprint("ceremonies", __name__)

PAGE = 50
AT_ONCE = 5
"""So few papers are done before the answer is sent; more go on beside it, and the page tells
how far they are. A web process answers one request at a time: none may last as long as the
signing of hundreds."""

Answer = str | BaseResponse | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a ceremony."""

    held: Held
    rows: list[Row]
    review: reviewing.Review
    page: int
    wrong: tuple[Refusal, ...] = ()

    @property
    def pages(self) -> int:
        return -(-self.held.total // PAGE)

    @property
    def one_kind(self) -> bool:
        return len({row.kind for row in self.rows}) == 1

    @property
    def chosen_elsewhere(self) -> int:
        """How many papers of the other pages are still in."""
        return self.held.waiting - sum(row.outcome == WAITING for row in self.rows)

    @property
    def drafted(self) -> str:
        """Who drafted them and when, if that is the same of all."""
        return _same(f"{row.drafted_by} · {text.day(row.drafted_at)}" for row in self.rows)

    @property
    def open_rows(self) -> list[Row]:
        """The papers whose term still runs here."""
        return [row for row in self.rows if row.outcome in (WAITING, LEFT_OUT)]

    @property
    def same_due(self) -> bool:
        return len({row.due_at for row in self.open_rows}) <= 1

    @property
    def by_token(self) -> bool:
        return settings().signer == "deferred"

    @property
    def elsewhere(self) -> bool:
        """Whether it could not be started because another window does it now."""
        return any(one.code == "ceremony_running" for one in self.wrong)

    @property
    def open(self) -> bool:
        """Whether papers can be chosen and the signing be started."""
        return self.held.state in ("review", "paused")


def _same(values: Iterable[str]) -> str:
    found = set(values)
    return found.pop() if len(found) == 1 else ""


@blueprint.post("/papers/<any(sign, issue):action>")
def make(action: str) -> Answer:
    """A new ceremony over what waits for the act, or over the papers that were named; with a
    PIN it begins at once. Asks first where another one was looked at and not started."""
    session, person = db.session(), somebody()
    named = request.form.getlist("paper", type=numbers.whole) or None
    wanted = f"{action} {key}" if (key := request.form.get("key")) else None
    pin = request.form.get("pin", "")
    code = convening.keyed(session, person.person_id, wanted)
    if code is None:
        papers = queries.waiting_for(session, bureau().house, person.actor, action, named)
        instead = request.form.getlist("instead")
        others = convening.unstarted(session, person.person_id, action, papers)
        if papers and not pin and {one.code for one in others} - set(instead):
            return _ask(action, papers, others, named)
        if len(papers) < len(set(named or ())):
            flash(text.said(Refusal("not_waiting")), "warning")
        if not papers:
            return redirect(url_for("inbox.mine"), 303)
        code = convening.make(session, person.person_id, action, papers, wanted, instead)
    return _start(code, pin) if pin else redirect(url_for("ceremonies.show", code=code), 303)


def _ask(
    action: str,
    papers: Sequence[Chosen],
    others: Sequence[convening.Unstarted],
    named: Sequence[int] | None,
) -> Answer:
    """Whether to take up what was looked at before, perhaps in another window, or to drop it."""
    page = render_template(
        "ceremonies/another.html",
        action=action,
        others=others,
        count=len(papers),
        named=named or (),
        key=request.form.get("key", ""),
    )
    return page, 409


@blueprint.get("/ceremonies/<code>")
def show(code: str) -> str:
    """The papers of a ceremony: to be looked at, under way, or done."""
    return _page(access.ceremony(code), request.args.get("page", 1, type=numbers.page))


@blueprint.post("/ceremonies/<code>")
def act(code: str) -> Answer:
    """Keeps what was chosen on this page; then another page, or the act itself, or its stop."""
    held, session = access.ceremony(code), db.session()
    wish = request.form.get("do", "")
    if wish == "stop":
        ceremonies.halt(session, held.id)
    elif wish == "close":
        ceremonies.close(session, held)
    else:
        _choose(held)
        if wish == "start":
            return _start(code, request.form.get("pin", ""))
    page = wish.removeprefix("page-") if wish.startswith("page-") else None
    return redirect(url_for("ceremonies.show", code=code, page=page), 303)


def _choose(held: Held) -> None:
    shown = request.form.getlist("shown", type=numbers.whole)
    if shown and held.state in ("review", "paused"):
        kept = request.form.getlist("paper", type=numbers.whole)
        ceremonies.choose(db.session(), held, shown, kept)


def _page(held: Held, page: int, wrong: tuple[Refusal, ...] = ()) -> str:
    session = db.session()
    rows = queries.rows(session, held.id, limit=PAGE, offset=PAGE * (page - 1))
    busy = held.state == "running"  # the page is asked for again every few seconds
    found = reviewing.Review() if busy else reviewing.review(session, bureau().house, held.id, rows)
    sheet = Sheet(held, rows, found, page, wrong)
    return render_template("ceremonies/show.html", sheet=sheet, held=held)


def _start(code: str, pin: str) -> Answer:
    """Opens the key, once; then the papers are done one after another."""
    held = access.ceremony(code)
    there = redirect(url_for("ceremonies.show", code=code), 303)
    if held.state == "ended":
        return there
    opening = ExitStack()
    session = opening.enter_context(Session(db.engine))
    try:
        results = opening.enter_context(conducting.begun(session, bureau().desk, held, pin))
    except EngineError as error:
        opening.close()
        end_reading(db.session())  # what another window did meanwhile is to be seen
        page = request.form.get("page", 1, type=numbers.page)
        return _page(access.ceremony(code), page, tuple(error.refusals)), error.status
    if held.waiting <= AT_ONCE:
        _conduct(results, opening)
    else:
        goes_on = partial(copy_context().run, _conduct, results, opening)
        Thread(target=goes_on, name=f"ceremony {held.id}", daemon=True).start()
    return there


def _conduct(results: Iterator[conducting.Result], opened: ExitStack) -> None:
    """All of it; each result is kept as it comes. If this process dies, the rest is resumed."""
    with opened:
        for _ in results:
            pass


# ------------------------------------------------------------------ words of the tables


def title(row: Row) -> str:
    """``Giấy công nhận · Thôn 1, xã Nga An``."""
    return f"{text.words(bureau().house.kinds[row.kind].label)} · {queries.about(row)}"


def first_areas(row: Row) -> str:
    """The names of the first areas of a list of several."""
    return ", ".join(area["name"] for area in row.values.get("areas", ())[:4])


def part(name: str) -> str:
    return wording.part_name(name, language())


def remark(one: reviewing.Remark) -> str:
    return wording.remark(one.code, one.params, language())


def halt(code: str) -> str:
    return wording.halt(code, language())


def short(digest: str) -> str:
    """The beginning of a digest, in groups that two screens can be compared by."""
    return " ".join(digest[start : start + 4] for start in range(0, 16, 4))


NAMES: dict[str, Any] = {
    "row_name": title,
    "row_about": queries.about,
    "first_areas": first_areas,
    "part_name": part,
    "remark": remark,
    "halt_reason": halt,
    "short_digest": short,
}


@blueprint.record_once
def _attach(state: BlueprintSetupState) -> None:
    """Makes these known to the templates; raises ``LookupError`` for a name that another page
    has given already."""
    known = state.app.jinja_env.globals
    if taken := NAMES.keys() & known.keys():
        raise LookupError(f"templates know {sorted(taken)} already")
    known.update(NAMES)
