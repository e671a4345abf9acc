"""The papers: one whole, its file, its moves. Acts over many papers are ``ceremonies``."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine import clock
from engine.commands import available
from engine.errors import NotFound, Refusal
from engine.papers.book import ANNEXES, LEVELS
from web import access, facts, levels, moves, numbers, ways
from web.amendments import after
from web.catalogue import gettext
from web.extensions import bureau, db
from web.identity import somebody
from web.inbox import Ready
from web.labels import paper_name
from web.nominations import waits_on
from workflows import annexing, decisions
from workflows.queries import cases
from workflows.queries.briefs import briefs
from workflows.queries.state_names import Standing
from workflows.queries.waiting import pending

blueprint = Blueprint("papers", __name__)


@blueprint.get("/papers/new")
def choose() -> str:
    """All nominations that this person may put into one paper of the kind."""
    house, kind = bureau().house, request.args.get("kind", "")
    if kind not in house.kinds or not house.kinds[kind].series or house.kinds[kind].act:
        access.missing()
    chosen = request.args.get("nomination", type=numbers.whole)
    found = decisions.waiting_for(db.session(), house, somebody().actor, kind)
    return render_template(
        "papers/choose.html",
        group=Ready(house.kinds[kind], found, chosen=chosen),
        key=clock.new_code(24),
    )


@blueprint.post("/papers")
def draft() -> BaseResponse:
    """Puts the chosen nominations into one paper of the kind."""
    kind = request.form.get("kind", "")[:40]
    chosen = request.form.getlist("nomination", type=numbers.whole)
    key = request.form.get("key") or None
    outcome = decisions.draft(
        db.session(), bureau().house, somebody().person_id, kind, chosen, key=key
    )
    flash(
        gettext(
            "Đã lập dự thảo. Xem lại bản in; không phải chuyển đi đâu, người duyệt đã thấy nó "
            "trong việc của mình."
        ),
        "success",
    )
    return redirect(url_for("papers.show", subject_id=outcome.subject_id), 303)


@blueprint.get("/papers/<int:subject_id>")
def show(subject_id: int) -> str:
    """One paper, whole."""
    session, house = db.session(), bureau().house
    case = access.paper(subject_id)
    definition = house.definition(case.digest)
    options = available(session, house, case.id, somebody().actor)
    lines, waits = cases.timeline(session, case.id), pending(session, case.id)
    listed = cases.listed_in(session, case.id)
    files = cases.versions(session, case.id)
    if case.paper is None:
        raise LookupError(f"{case.id} is no paper")
    return render_template(
        "papers/show.html",
        case=case,
        brief=briefs(session, [case.id])[case.id],
        kind=house.kinds[case.paper.kind],
        definition=definition,
        state=definition.by_state[case.state],
        choice=moves.Choice.of(options),
        pending=waits,
        mine=waits_on(somebody(), waits),
        lines=lines,
        told=facts.told(definition, lines),
        listed=listed,
        named=levels.named([Standing(one[0], one[5], one[4]) for one in listed]),
        voided=len(listed) == 1 and _voided(case.id, *listed[0][::5]),
        versions=[one for one in files if one[0] not in ANNEXES],
        files=files,
        levels=LEVELS,
        way=ways.way(definition, case.state, lines),
        picture=ways.picture(definition, case.state, lines) if len(definition.states) > 1 else "",
        after=after(case),
        desk=moves.Desk("papers", case),
    )


def _voided(paper_id: int, subject_id: int, digest: str) -> bool:
    """Whether what the paper tells of the one subject it lists counts no more."""
    session, definition = db.session(), bureau().house.definition(digest)
    lines, papers = cases.timeline(session, subject_id), cases.papers_of(session, subject_id)
    return paper_id in facts.voided(definition, lines, papers)


@blueprint.get("/papers/<int:subject_id>/diagram")
def whole_diagram(subject_id: int) -> str:
    """The whole diagram of the paper's workflow with where it is, as large as is wanted."""
    case = access.paper(subject_id)
    definition, lines = (
        bureau().house.definition(case.digest),
        cases.timeline(db.session(), case.id),
    )
    name, back = paper_name(case.id), url_for("papers.show", subject_id=case.id)
    return ways.page(definition, case.state, lines, title=name, back=back)


@blueprint.get("/papers/<int:subject_id>/file")
def file(subject_id: int) -> Response | tuple[str, int]:
    """The newest bytes of the paper, or of its annex when that ``part`` is asked for; or a page
    that says they are being laid out."""
    case = access.paper(subject_id)
    desk, session = bureau().desk, db.session()
    if desk.latest(session, case.id) is None:
        return render_template("papers/waiting.html", case=case, title=paper_name(case.id)), 503
    found: tuple[bytes, str] | None = desk.export(session, case.id)
    if request.args.get("part") == annexing.ANNEX:
        found = annexing.export(session, desk, desk.paper(session, case.id))
    if found is None:
        raise NotFound(Refusal("no_annex"))
    content, name = found
    response = Response(content, mimetype="application/pdf")
    how = "attachment" if request.args.get("download") else "inline"
    response.headers.set("Content-Disposition", how, filename=name)
    return response


@blueprint.get("/papers/<int:subject_id>/moves/<action>")
def move(subject_id: int, action: str) -> moves.Answer:
    """The form of a move of the paper."""
    return moves.show(_desk(subject_id), action)


@blueprint.post("/papers/<int:subject_id>/moves/<action>")
def make_move(subject_id: int, action: str) -> moves.Answer:
    """Makes the move."""
    return moves.send(_desk(subject_id), action)


@blueprint.post("/papers/<int:subject_id>/moves/<action>/draft")
def save_draft(subject_id: int, action: str) -> BaseResponse:
    """Keeps what was typed so far."""
    if action in moves.PIN_ACTS:
        abort(404)
    return moves.save_draft(_desk(subject_id), action)


def _desk(subject_id: int) -> moves.Desk:
    return moves.Desk("papers", access.paper(subject_id))
