"""A change of a definition: copied, edited, checked, tried against past cases, released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import unified_diff

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from engine import diagram
from engine.definition import Definition
from engine.errors import Conflict, EngineError, Refusal, Refused
from engine.fields import read_day
from web import numbers
from web.catalogue import gettext
from web.definitions import told
from web.extensions import bureau, db, language
from web.identity import somebody
from web.text import said
from workflows.definitions import (
    drafts,
    editing,
    faults,
    releasing,
    shelf,
    soundness,
    telling,
)
from workflows.definitions.drafts import DefinitionDraft
from workflows.definitions.editing import Change

blueprint = Blueprint("drafts", __name__, url_prefix="/admin/drafts")

Answer = str | BaseResponse | tuple[str, int]


@dataclass(frozen=True, slots=True)
class View:
    """A draft as its page shows it: what is wrong, with a picture of where."""

    draft: DefinitionDraft
    definition: Definition | None
    faults: Sequence[tuple[str, str]]
    problems: Sequence[soundness.Unsound]
    changes: Sequence[telling.Difference]
    text: Sequence[str]
    picture: str


@blueprint.post("")
def copy() -> BaseResponse:
    """A new draft from a definition that is in use."""
    session = db.session()
    base = bureau().house.definition(request.form.get("digest", "")[:64])
    text = shelf.text_of(session, base)
    draft = drafts.begin(session, base.id, base.digest, text, somebody().person_id)
    return redirect(url_for("drafts.show", draft_id=draft.id), 303)


@blueprint.get("/<int:draft_id>")
def show(draft_id: int) -> Answer:
    """The draft: what is wrong with it, its parts, its text, and what can be done with it."""
    return _page(drafts.find(db.session(), draft_id))


def _page(
    draft: DefinitionDraft,
    *,
    typed: str | None = None,
    form: dict[str, str] | None = None,
    refused: Sequence[Refusal] = (),
    status: int = 200,
) -> Answer:
    seen = _view(draft)
    definition = seen.definition
    page = render_template(
        "definitions/draft.html",
        view=seen,
        draft=draft,
        definition=definition,
        told=told(definition) if definition else (),
        typed=typed,
        form=form or {"from": releasing.earliest().isoformat(), "basis": ""},
        earliest=releasing.earliest(),
        mine=somebody().person_id in draft.editors,
        refused=[said(one) for one in refused],
        limit=drafts.LONGEST,
    )
    return page, status


def _view(draft: DefinitionDraft) -> View:
    definition, wrong = faults.read(draft.text, f"draft {draft.id}")
    sentences = [(one.key, faults.explain(one, language())) for one in wrong]
    if definition and definition.id != draft.definition_id:
        sentences = [("id", said(Refusal("release_under_other_id", {"id": draft.definition_id})))]
    if definition is None:
        return View(draft, None, sentences, (), (), _changed(draft), "")
    found = soundness.problems(bureau().house, definition)
    problems = [soundness.told(definition, one, language()) for one in found]
    chosen = request.args.get("problem", 0, type=numbers.whole) or 0
    way = problems[chosen].states if chosen < len(problems) else ()
    current = way[-1] if way else None
    picture = diagram.svg(definition, language(), current, way[:-1])
    base = _base(draft)
    changes = telling.differences(told(base), told(definition))
    return View(draft, definition, sentences, problems, changes, _changed(draft), picture)


def _changed(draft: DefinitionDraft) -> Sequence[str]:
    """The lines of the text that the draft takes away and adds: also what no sentence tells."""
    base = shelf.text_of(db.session(), _base(draft))
    lines = unified_diff(base.splitlines(), draft.text.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


@blueprint.post("/<int:draft_id>/text")
def save_text(draft_id: int) -> Answer:
    """The whole text, as the expert typed it."""
    typed = request.form.get("text", "")
    try:
        drafts.save(db.session(), draft_id, version(), typed, somebody().person_id)
    except (Conflict, Refused) as error:
        db.session.rollback()
        draft = drafts.find(db.session(), draft_id)
        return _page(draft, typed=typed, refused=error.refusals, status=error.status)
    flash(gettext("Đã lưu bản thảo."), "success")
    return redirect(url_for("drafts.show", draft_id=draft_id) + "#text", 303)


@blueprint.post("/<int:draft_id>/autosave")
def autosave(draft_id: int) -> BaseResponse | tuple[BaseResponse, int]:
    """The same, a moment after the last key: the new version, or why it was not saved."""
    typed = request.form.get("text", "")
    try:
        saved = drafts.save(db.session(), draft_id, version(), typed, somebody().person_id)
    except EngineError as error:
        db.session.rollback()
        return jsonify(refused=" ".join(map(said, error.refusals))), error.status
    return jsonify(saved=gettext("Đã lưu bản thảo."), version=saved)


def version() -> int:
    """The version of the draft that a form was made from."""
    return request.form.get("version", 0, type=numbers.whole) or 0


@blueprint.get("/<int:draft_id>/<any(states,transitions,fields):part>/<item>")
def part(draft_id: int, part: editing.Part, item: str) -> Answer:
    """The form of one state, transition or input."""
    draft = drafts.find(db.session(), draft_id)
    definition = readable(draft)
    return _form(draft, definition, part, item, editing.told_of(definition, part, item))


@blueprint.post("/<int:draft_id>/<any(states,transitions,fields):part>/<item>")
def change_part(draft_id: int, part: editing.Part, item: str) -> Answer:
    """What the form says, written into the text."""
    draft = drafts.find(db.session(), draft_id)
    definition, change = readable(draft), change_of(request.form)
    try:
        text = editing.change(
            draft.text,
            part,
            item,
            change,
            binding=bureau().house.binding,
            definition=definition,
        )
        drafts.save(db.session(), draft_id, version(), text, somebody().person_id)
    except (Refused, Conflict) as error:
        db.session.rollback()
        draft = drafts.find(db.session(), draft_id)
        return _form(draft, readable(draft), part, item, change, error)
    flash(gettext("Đã lưu vào bản thảo."), "success")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@blueprint.post("/<int:draft_id>/<any(states,transitions,fields):part>/<item>/restore")
def restore(draft_id: int, part: editing.Part, item: str) -> BaseResponse:
    """Takes back what this draft changed in one part."""
    session, draft = db.session(), drafts.find(db.session(), draft_id)
    before = shelf.text_of(session, _base(draft))
    text = editing.restore(draft.text, part, item, before)
    drafts.save(session, draft_id, version(), text, somebody().person_id)
    flash(gettext("Phần này đã trở về như quy trình đang dùng."), "success")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


def readable(draft: DefinitionDraft) -> Definition:
    """The definition in a draft; raises ``Refused`` (``draft_malformed``)."""
    definition, _ = faults.read(draft.text, f"draft {draft.id}")
    if definition is None:
        raise Refused(Refusal("draft_malformed"))
    return definition


def change_of(form: MultiDict[str, str]) -> Change:
    """What a form says of a part."""
    measure = form.get("measure", "")
    return Change(
        vi=form.get("vi", ""),
        en=form.get("en", ""),
        measure=measure if measure in ("days", "working_days") else "",  # type: ignore[arg-type]
        days=form.get("days", "").strip(),
        by=tuple(form.getlist("by")),
        guards=tuple(form.getlist("guards")),
        fields=tuple(form.getlist("fields")),
        clause=form.get("clause", ""),
        required=bool(form.get("required")),
    )


def _form(
    draft: DefinitionDraft,
    definition: Definition,
    part: editing.Part,
    item: str,
    change: Change,
    error: EngineError | None = None,
) -> Answer:
    refusals = error.refusals if error else ()
    names = ("vi", "en", "days", "by", "guards", "fields")
    was, now = (_parts(one, part).get(item) for one in (_base(draft), definition))
    page = render_template(
        "definitions/part.html",
        draft=draft,
        definition=definition,
        part=part,
        name=item,
        change=change,
        offices=editing.offices(bureau().house.binding, definition),
        guards=guards(definition, change),
        general=[said(one) for one in refusals if one.field not in names],
        added=was is None and part != "fields",
        changed=was is not None and was != now,
        wrong={
            name: [(said(one), one.clause) for one in refusals if one.field == name]
            for name in names
        },
    )
    return page, error.status if error else 200


def _base(draft: DefinitionDraft) -> Definition:
    """The definition that the draft was begun from."""
    return bureau().house.definition(draft.based_on)


def _parts(definition: Definition, part: editing.Part) -> Mapping[str, object]:
    own: Mapping[editing.Part, Mapping[str, object]] = {
        "states": definition.by_state,
        "transitions": definition.by_transition,
        "fields": definition.by_field,
    }
    return own[part]


def guards(definition: Definition, change: Change) -> list[str]:
    """The conditions to choose from: those asked now first, then those that moves of this
    kind of subject ask somewhere."""
    same = [
        one for one in bureau().house.definitions if one.meta.subject == definition.meta.subject
    ]
    used = {name for one in same for move in one.transitions for name in move.guards}
    rest = [name for name in bureau().house.binding.guards if name in used]
    return list(dict.fromkeys((*change.guards, *rest)))


@blueprint.post("/<int:draft_id>/release")
def release(draft_id: int) -> Answer:
    """The draft becomes law from a day."""
    typed = {name: request.form.get(name, "").strip()[:500] for name in ("from", "basis")}
    try:
        made = releasing.release(
            db.session(),
            bureau().house,
            draft_id,
            version=version(),
            person_id=somebody().person_id,
            effective_from=_day(typed["from"]),
            basis=typed["basis"],
        )
    except (Refused, Conflict) as error:
        db.session.rollback()
        draft = drafts.find(db.session(), draft_id)
        return _page(draft, form=typed, refused=error.refusals, status=error.status)
    flash(gettext("Đã ban hành quy trình; áp dụng từ ngày đã chọn."), "success")
    return redirect(
        url_for("definitions.show", definition_id=made.definition_id, digest=made.digest), 303
    )


def _day(text: str) -> date:
    try:
        return read_day(text)
    except ValueError:
        raise Refused(Refusal("not_a_date", field="from")) from None


@blueprint.post("/<int:draft_id>/drop")
def drop(draft_id: int) -> BaseResponse:
    """Throws the draft away."""
    drafts.drop(db.session(), draft_id)
    flash(gettext("Đã bỏ bản thảo."), "success")
    return redirect(url_for("definitions.listing"), 303)
