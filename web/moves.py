"""The form of one move, for a nomination and a paper alike: shown, sent, refused, kept.

Nothing that was typed is lost: not to a refusal, not to somebody who was quicker, not to a
session that ended meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import validate_csrf
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import ValidationError

from engine import clock
from engine.binding import Row
from engine.commands import Option, Outcome, available, objections, perform, prospect
from engine.definition import Definition, Transition
from engine.errors import (
    Conflict,
    EngineError,
    Forbidden,
    NotFound,
    Refusal,
    Refused,
    StoreAway,
)
from engine.move import Command
from engine.policy import NOT_YOURS, office_for
from engine.subjects import Subject
from web import facts, forms, levels, numbers, text, uploads
from web.catalogue import gettext
from web.extensions import bureau, db, settings
from web.identity import SignedIn, somebody
from web.labels import paper_name
from web.prefill import Filled, prefill
from web.recorded import Told, recorded
from workflows import deferred, drafts
from workflows.hints import Hint, has_hints, hints
from workflows.queries import cases
from workflows.signing_sessions import Offer

PIN_ACTS = ("sign", "issue")
"""Moves of a paper that the desk makes, with the PIN of a key."""

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the moves of one kind of subject live: the blueprint, and what is moved."""

    blueprint: str
    case: cases.Case

    def address(self, name: str, **values: Any) -> str:
        return url_for(f"{self.blueprint}.{name}", subject_id=self.case.id, **values)

    @property
    def name(self) -> str:
        """What is moved, told apart from others of its kind."""
        if self.case.kind == "paper":
            return paper_name(self.case.id)
        return f"{self.case.name} · {self.case.year}"

    @property
    def definition(self) -> Definition:
        return bureau().house.definition(self.case.digest)

    def help(self, transition: Transition) -> str:
        """What a move does. The words of the workflow are those of a paper that lists files; one
        that is about another paper, and lists none, sends none back when it is discarded."""
        told = text.words(transition.help) if transition.help else ""
        sends_back = transition.tone != "forward" and "tell_listed" in transition.effects
        if not sends_back or cases.listed_in(db.session(), self.case.id):
            return told
        if transition.tone == "back":
            return gettext("Nêu chỗ sai. Dự thảo này bị hủy; văn bản mà nó nói đến vẫn như cũ.")
        return gettext("Dự thảo này bị hủy; văn bản mà nó nói đến vẫn như cũ.")


@dataclass(frozen=True, slots=True)
class Choice:
    """The moves of a subject as its page offers them: those that this person may make now, the
    next steps of theirs that only wait for something, and the rest with the reasons."""

    open: Sequence[Option]
    later: Sequence[Option]
    closed: Sequence[Option]

    @classmethod
    def of(cls, options: Sequence[Option], *, drafts: bool = False) -> Choice:
        """``drafts`` when a paper to be drafted is a way onward already."""
        allowed = [option for option in options if option.open]
        barred = [option for option in options if not option.open]
        if drafts or any(_onward(option) for option in allowed):
            return cls(allowed, (), barred)
        later = [option for option in barred if _onward(option) and _theirs(option)]
        return cls(allowed, later, [option for option in barred if option not in later])


def _onward(option: Option) -> bool:
    return option.transition.tone == "forward"


def _theirs(option: Option) -> bool:
    return not any(refusal.code in NOT_YOURS for refusal in option.refusals)


@dataclass(slots=True)
class Sheet:
    """One move about to be made: the transition, why not, its form, and what is shown on top."""

    desk: Desk
    transition: Transition
    option: Option
    form: forms.MoveForm
    version: int
    key: str
    before: Mapping[str, facts.Before] = field(default_factory=dict)
    hints: Sequence[Hint] = ()
    filled: Filled = field(default_factory=Filled)
    since: Sequence[cases.Line] = ()
    renewed: bool = False
    gone: bool = False
    sent: bool = False
    status: int = 200

    @property
    def returned(self) -> facts.Return | None:
        """Why the file is here once more, if it was returned."""
        lines = cases.timeline(db.session(), self.desk.case.id)
        return facts.returned(self.desk.definition, lines)

    @property
    def recorded(self) -> Mapping[str, Sequence[Told]]:
        """What was recorded of the unit, by the row of the criterion it speaks to."""
        tables = [one for one in self.form.entries if one.definition.rows == "criteria"]
        return recorded(self.desk.case) if tables else {}

    @property
    def needs_pin(self) -> bool:
        return self.desk.case.kind == "paper" and self.transition.id in PIN_ACTS

    @property
    def by_token(self) -> bool:
        """Whether the key is in the holder's own hands, so that the page has nothing to send."""
        return self.needs_pin and settings().signer == "deferred"

    @property
    def under_way(self) -> Offer | None:
        """What the program beside the token has begun and not finished: the page shows the
        same digest."""
        session, desk, person = db.session(), bureau().desk, somebody().person_id
        paper, action = self.desk.case.id, self.transition.id
        code = deferred.under_way(session, person, paper, action)
        return deferred.offer(desk, deferred.find(session, person, paper, code)) if code else None


def show(desk: Desk, action: str) -> Answer:
    """The form, filled from the draft or from what was told before."""
    person = somebody()
    option = _option(desk, person, action)
    filled = prefill(desk.case, desk.definition, person.person_id, action)
    sheet = _sheet(desk, person, option, filled.data)
    sheet.filled, form_id = filled, _form_id(desk, person, action)
    sheet.form.kept = {
        place: [uploads.note(file, form_id) for file in kept]
        for place, kept in filled.files.items()
    }
    if filled.year:
        sheet.form.copied = frozenset(p for p, value in forms.flat(filled.data).items() if value)
    return _page(sheet)


def send(desk: Desk, action: str) -> Answer:
    """Makes the move, or saves the draft, or shows again what was typed and why not."""
    person = somebody()
    option = _option(desk, person, action)
    sheet = _sheet(desk, person, option, {})
    seen = request.form.get("version", type=numbers.whole)
    sheet.version = sheet.version if seen is None else seen
    sheet.key = request.form.get("key") or sheet.key
    files = uploads.receive(sheet.form, _form_id(desk, person, action))
    data = forms.typed(sheet.form, files)
    if not _token_good():
        sheet.renewed, sheet.status = True, 400
        return _page(sheet)
    if request.form.get("do") == "save":
        return _save(sheet, person, data)
    if seen is None:  # nobody was quicker: what was sent says not what it was made from
        return _refused(sheet, Refused(Refusal("load_again")))
    if sheet.form.problems():  # a file that is not accepted; whatever else is wrong is told too
        return _refused(sheet, Refused(*_others(sheet, person, data)))
    try:
        outcome = _perform(sheet, person, data)
    except Conflict as late:
        return _late_comer(sheet, late)
    except (Refused, StoreAway) as refused:
        return _refused(sheet, refused)
    drafts.drop(db.session(), desk.case.id, person.person_id, action)
    _tell(desk, sheet.transition, outcome)
    return redirect(desk.address("show"), 303)


def save_draft(desk: Desk, action: str) -> Response:
    """Keeps what was typed so far; asked for by the page itself while somebody types."""
    person = somebody()
    option = _option(desk, person, action)
    sheet = _sheet(desk, person, option, {})
    files = uploads.receive(sheet.form, _form_id(desk, person, action))
    at = drafts.save(
        db.session(), desk.case.id, person.person_id, action, forms.typed(sheet.form, files)
    )
    return jsonify(saved=gettext("Đã lưu nháp lúc %(time)s", time=text.moment(at)[:5]))


def _save(sheet: Sheet, person: SignedIn, data: Mapping[str, Any]) -> Answer:
    action = sheet.transition.id
    drafts.save(db.session(), sheet.desk.case.id, person.person_id, action, data)
    flash(gettext("Đã lưu nháp. Chưa gửi đi đâu cả; bạn quay lại làm tiếp lúc nào cũng được."))
    return redirect(sheet.desk.address("move", action=action), 303)


def _perform(sheet: Sheet, person: SignedIn, data: Mapping[str, Any]) -> Outcome:
    case, action = sheet.desk.case, sheet.transition.id
    if sheet.needs_pin:
        desk = bureau().desk
        act = desk.sign if action == "sign" else desk.issue
        pin = request.form.get("pin", "")
        return act(
            db.session(), person.person_id, case.id, pin=pin, version=sheet.version, key=sheet.key
        )
    command = Command(person.person_id, case.id, action, sheet.version, data, sheet.key)
    return perform(db.session(), bureau().house, command)


def _others(sheet: Sheet, person: SignedIn, data: Mapping[str, Any]) -> Sequence[Refusal]:
    """What is wrong besides the files that were not accepted."""
    command = Command(person.person_id, sheet.desk.case.id, sheet.transition.id, None, data)
    found = objections(db.session(), bureau().house, command, person.actor)
    return [refusal for refusal in found if refusal.field not in sheet.form.blamed]


def _late_comer(sheet: Sheet, late: Conflict) -> Answer:
    """Somebody moved this first, or this very page was sent before with other content: shows what
    happened and what was typed, to be sent again where the move still leads on from here, and
    else to be read or copied."""
    lines = cases.timeline(db.session(), sheet.desk.case.id)
    state = db.session().scalar(select(Subject.state).where(Subject.id == sheet.desk.case.id))
    sheet.gone = state not in sheet.transition.sources
    sheet.sent = late.code == "key_used_elsewhere"
    sheet.since = [line for line in lines if line.version > sheet.version]
    sheet.version = lines[-1].version if lines else 0
    sheet.key = clock.new_code(24)
    sheet.status = 409
    sheet.form.general.extend((text.said(refusal), "") for refusal in late.refusals)
    return _page(sheet)


def _refused(sheet: Sheet, refused: EngineError) -> Answer:
    for refusal in refused.refusals:
        if refusal.code == "key_unfit":
            sheet.key = clock.new_code(24)
        place = "pin" if refusal.code == "wrong_pin" else refusal.field
        sheet.form.blame(place, text.said(refusal), refusal.clause)
    sheet.status = refused.status
    return _page(sheet)


def _option(desk: Desk, person: SignedIn, action: str) -> Option:
    """The move as it stands for this person; raises ``Conflict`` when the file is elsewhere
    by now and ``Forbidden`` when it is not this person's to make."""
    definition = desk.definition
    if action not in definition.by_transition:
        raise NotFound(Refusal("unknown_action", {"action": action}))
    for option in available(db.session(), bureau().house, desk.case.id, person.actor):
        if option.transition.id == action:
            barred = [r for r in option.refusals if r.code in NOT_YOURS]
            if barred:
                raise Forbidden(*barred)
            return option
    if _repeated():
        return _late(desk, person, definition.transition(action))
    raise Conflict(Refusal("not_from_here", {"action": action, "state": desk.case.state}))


def _repeated() -> bool:
    """Whether a form is being sent: the engine then tells a repetition from a late-comer."""
    return request.method == "POST" and "version" in request.form


def _late(desk: Desk, person: SignedIn, transition: Transition) -> Option:
    """The move of a form that comes when the file is elsewhere, if it is one of theirs at all;
    raises ``Forbidden``."""
    move = prospect(db.session(), bureau().house, desk.case.id, transition.id, person.actor)
    if office_for(person.actor, transition.by, move.scopes) is None:
        raise Forbidden(Refusal("not_yours", {"by": list(transition.by)}, transition.clause))
    return Option(transition, ())


def _sheet(desk: Desk, person: SignedIn, option: Option, data: Mapping[str, Any]) -> Sheet:
    definition, transition = desk.definition, option.transition
    fields = definition.fields_of(transition)
    rows: dict[str, Sequence[Row]] = {}
    before: dict[str, facts.Before] = {}
    known: Sequence[Hint] = ()
    tables = [one for one in fields if one.type == "table"]
    if tables or has_hints(transition):
        house = bureau().house
        move = prospect(db.session(), house, desk.case.id, transition.id, person.actor)
        # A form that comes late is about a file that has moved on.
        known = hints(move) if move.from_state in transition.sources else ()
        rows = {one.id: house.binding.rows[one.rows or ""](move) for one in tables}
        before = facts.before(definition, move.facts, transition)
    form = forms.build(fields, definition.by_field, rows, data)
    return Sheet(
        desk, transition, option, form, desk.case.version, clock.new_code(24), before, known
    )


def _form_id(desk: Desk, person: SignedIn, action: str) -> str:
    return f"{person.person_id} {desk.case.id} {action}"


def _token_good() -> bool:
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return False
    return True


def _page(sheet: Sheet) -> tuple[str, int]:
    warnings = [] if request.method == "POST" else sheet.option.refusals
    page = render_template(
        "move.html",
        sheet=sheet,
        case=sheet.desk.case,
        reading=levels.reading(sheet.desk.case),
        form=sheet.form,
        warnings=warnings,
    )
    return page, sheet.status


def _tell(desk: Desk, transition: Transition, outcome: Outcome) -> None:
    state, read = desk.definition.by_state[outcome.state], levels.reading(desk.case)
    flash(
        gettext(
            "Xong: %(move)s. Bây giờ: %(state)s.",
            move=text.words(read.label(transition.label)),
            state=text.words(read.label(state.label)),
        ),
        "success",
    )
