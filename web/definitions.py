"""The definitions, for people who read neither TOML nor BPMN: listed, drawn, told, handed out."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, render_template, request

from engine import diagram
from engine.definition import Definition
from engine.errors import NotFound, Refusal
from web.extensions import bureau, db, language
from web.identity import ADMIN, somebody
from workflows.definitions import drafts, shelf, soundness, telling

blueprint = Blueprint("definitions", __name__, url_prefix="/admin/workflows")


@blueprint.get("")
def listing() -> str:
    """All there are, with their days, how sure we are, live cases; and the drafts."""
    session = db.session()
    return render_template(
        "definitions/list.html",
        entries=shelf.entries(session, bureau().house),
        drafts=drafts.open_drafts(session),
        may_change=somebody().actor.holds(ADMIN),
    )


@blueprint.get("/<definition_id>")
def show(definition_id: str) -> str:
    """One definition: drawn, and told state by state."""
    definition = _wanted(definition_id)
    entry = next(
        one
        for one in shelf.entries(db.session(), bureau().house)
        if one.definition.digest == definition.digest
    )
    return render_template(
        "definitions/show.html",
        entry=entry,
        definition=definition,
        told=told(definition),
        faults=_faults(definition) if entry.unsound else (),
        may_change=somebody().actor.holds(ADMIN),
    )


@blueprint.get("/<definition_id>/svg")
def picture(definition_id: str) -> Response:
    """The drawing, by itself: with the sentences it would make the page too heavy."""
    return Response(diagram.svg(_wanted(definition_id), language()), mimetype="image/svg+xml")


@blueprint.get("/<definition_id>/bpmn")
def bpmn(definition_id: str) -> Response:
    """The definition as a BPMN 2.0 file."""
    definition, house = _wanted(definition_id), bureau().house
    content = telling.bpmn(definition, language(), kinds=house.kinds, flows=flows())
    return _file(content, f"{definition.id}.bpmn", "application/xml")


@blueprint.get("/<definition_id>/toml")
def source(definition_id: str) -> Response:
    """The text itself."""
    definition = _wanted(definition_id)
    content = shelf.text_of(db.session(), definition).encode()
    return _file(content, f"{definition.id}.toml", "application/toml")


def told(definition: Definition) -> tuple[telling.ToldState, ...]:
    """The sentences of a definition, in the language of the page."""
    return telling.tell(definition, language(), kinds=bureau().house.kinds, flows=flows())


def _faults(definition: Definition) -> list[soundness.Unsound]:
    """What the check finds wrong, in the language of the page."""
    found = soundness.problems(bureau().house, definition)
    return [soundness.told(definition, one, language()) for one in found]


def flows() -> Mapping[str, Definition]:
    """The workflows of papers as they apply today."""
    house = bureau().house
    return {kind.definition: house.named(kind.definition) for kind in house.kinds.values()}


def _wanted(definition_id: str) -> Definition:
    """The definition of the address: of that digest, if one is told, else what applies today."""
    house, digest = bureau().house, request.args.get("digest", "")
    if not digest:
        return house.named(definition_id)
    found = house.definition(digest)
    if found.id != definition_id:
        raise NotFound(Refusal("unknown_definition", {"id": definition_id}))
    return found


def _file(content: bytes, name: str, kind: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
