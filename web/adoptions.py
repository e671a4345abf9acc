"""Live cases brought under a newer definition: who can come and why the rest stay, then the act:
one administrator asks for it, another does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine.definition import Definition
from engine.errors import NotFound, Refusal
from web.catalogue import gettext
from web.extensions import bureau, db
from web.identity import somebody
from workflows.definitions import adopting, following, migrating, record, shelf
from workflows.definitions.adopting import AdoptionRequest
from workflows.definitions.migrating import Fate
from workflows.definitions.shelf import Entry
from workflows.people import Person
from workflows.practice import practice

blueprint = Blueprint("adoptions", __name__, url_prefix="/admin/workflows")

SHOWN = 100
"""The most cases told one by one; the counts are of all."""

AT_ONCE = 300
"""The most cases brought over before the page answers: some seconds. The rest come with the
same button, or by the command."""


@blueprint.get("/<definition_id>/cases/<digest>")
def show(definition_id: str, digest: str) -> str:
    """The definitions there are to choose from, and what would become of every live case."""
    return _page(_definition(definition_id, digest))


@blueprint.post("/<definition_id>/cases/<digest>")
def send(definition_id: str, digest: str) -> Response | tuple[str, int]:
    """Asks that the cases that can come be brought over; or brings them, after the box was
    ticked, where another person asked."""
    old = _definition(definition_id, digest)
    new = _target(request.form.get("to", ""))
    if new is not None and request.form.get("act") == "ask":
        adopting.ask(db.session(), bureau().house, somebody().person_id, old, new)
        flash(gettext("Đã ghi đề nghị. Một quản trị viên khác xem lại và chuyển."), "success")
    elif new is None or not request.form.get("confirm"):
        return _page(old, unconfirmed=new is not None), 422
    else:
        _move(old, new)
    address = url_for("adoptions.show", definition_id=old.id, digest=old.digest, to=new.digest)
    return redirect(address, 303)


def _move(old: Definition, new: Definition) -> None:
    fates = migrating.migrate(
        db.session(), bureau().house, somebody().person_id, old, new, limit=AT_ONCE
    )
    moved = sum(one.moves for one in fates)
    places = {"moved": moved, "stayed": len(fates) - moved}
    flash(gettext("Đã chuyển %(moved)s, ở lại %(stayed)s.", **places), "success")


def _definition(definition_id: str, digest: str) -> Definition:
    found = bureau().house.definition(digest)
    if found.id != definition_id:
        raise NotFound(Refusal("unknown_definition", {"id": definition_id}))
    return found


def _target(digest: str) -> Definition | None:
    return bureau().house.definition(digest) if digest else None


def _page(old: Definition, *, unconfirmed: bool = False) -> str:
    session, house = db.session(), bureau().house
    new = _target(request.values.get("to", ""))
    fates: Sequence[Fate] = ()
    asked: Sequence[AdoptionRequest] = ()
    if new is not None:
        fates = migrating.rehearse(session, house, somebody().person_id, old, new)
        asked = adopting.standing(session, house, old, new)
    shown = sorted(fates, key=lambda one: one.moves)[:SHOWN]
    return render_template(
        "definitions/adoption.html",
        old=old,
        new=new,
        targets=_targets(old),
        fates=shown,
        total=len(fates),
        moving=sum(one.moves for one in fates),
        states=Counter((one.state, one.moves) for one in fates),
        places=_places(old, shown),
        asked=asked,
        askers={one.asked_by: session.get_one(Person, one.asked_by).name for one in asked},
        alone=not practice().definitions.two_people,
        self_id=somebody().person_id,
        days=practice().definitions.asked_days,
        unconfirmed=unconfirmed,
        at_once=AT_ONCE,
    )


def _targets(old: Definition) -> Sequence[Entry]:
    """The definitions that may take the place of this one, the newest first."""
    house = bureau().house
    known = {one.definition.digest: one for one in shelf.entries(db.session(), house)}
    return [known[one.digest] for one in following.followers(house, old)]


def _places(old: Definition, fates: Sequence[Fate]) -> Mapping[int, str]:
    if old.meta.subject != "nomination":
        return {}
    return record.places(db.session(), [one.subject_id for one in fates])
