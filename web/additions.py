"""States and transitions added to a draft through forms, and taken out again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine.definition import Definition
from engine.errors import Conflict, EngineError, Refused
from web import drafts as pages
from web.catalogue import gettext
from web.extensions import bureau, db
from web.identity import somebody
from web.text import said
from workflows.definitions import adding, drafts, editing
from workflows.definitions.adding import Added, Addition
from workflows.definitions.drafts import DefinitionDraft
from workflows.definitions.editing import Change

blueprint = Blueprint("additions", __name__, url_prefix="/admin/drafts")

Answer = str | Response | tuple[str, int]
NAMES = ("vi", "en", "days", "by", "guards", "fields", "after", "sources", "target")


@blueprint.get("/<int:draft_id>/new/<any(states,transitions):part>")
def form(draft_id: int, part: Added) -> Answer:
    """The empty form; ``at`` is the state that it was asked for at."""
    draft = drafts.find(db.session(), draft_id)
    at = request.args.get("at", "")[:60]
    new = Addition(Change("", ""), after=at, sources=(at,) if at else ())
    return _page(draft, pages.readable(draft), part, new)


@blueprint.post("/<int:draft_id>/new/<any(states,transitions):part>")
def send(draft_id: int, part: Added) -> Answer:
    """Adds the part to the text."""
    draft = drafts.find(db.session(), draft_id)
    definition, new = pages.readable(draft), _addition()
    try:
        text = adding.add(draft.text, part, new, bureau().house.binding, definition)
        drafts.save(db.session(), draft_id, pages.version(), text, somebody().person_id)
    except (Refused, Conflict) as error:
        db.session.rollback()
        draft = drafts.find(db.session(), draft_id)
        return _page(draft, pages.readable(draft), part, new, error)
    flash(gettext("Đã thêm vào bản thảo. Xem phần Kiểm tra."), "success")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@blueprint.post("/<int:draft_id>/<any(states,transitions):part>/<item>/remove")
def remove(draft_id: int, part: Added, item: str) -> Response:
    """Takes out again what this draft added."""
    draft = drafts.find(db.session(), draft_id)
    base = bureau().house.definition(draft.based_on)
    text = adding.remove(draft.text, part, item, base)
    drafts.save(db.session(), draft_id, pages.version(), text, somebody().person_id)
    flash(gettext("Đã bỏ phần vừa thêm."), "success")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


def _addition() -> Addition:
    form = request.form
    return Addition(
        pages.change_of(form),
        after=form.get("after", ""),
        sources=tuple(form.getlist("sources")),
        target=form.get("target", ""),
    )


def _page(
    draft: DefinitionDraft,
    definition: Definition,
    part: Added,
    new: Addition,
    error: EngineError | None = None,
) -> Answer:
    refusals = error.refusals if error else ()
    page = render_template(
        "definitions/addition.html",
        draft=draft,
        definition=definition,
        part=part,
        new=new,
        change=new.told,
        offices=editing.offices(bureau().house.binding, definition),
        guards=pages.guards(definition, new.told),
        general=[said(one) for one in refusals if one.field not in NAMES],
        wrong={
            name: [(said(one), one.clause) for one in refusals if one.field == name]
            for name in NAMES
        },
    )
    return page, error.status if error else 200
