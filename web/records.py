"""The records: lists by unit and year, a form made from the kind's measures, corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from engine import clock
from engine.errors import NotFound, Refusal, Refused
from web import access, numbers, unit_choice
from web.catalogue import gettext
from web.extensions import db, language
from web.identity import somebody
from web.text import said
from workflows.people import Person
from workflows.records import entering, export, reading
from workflows.records.book import CONFIDENCE, UNSAID, Record
from workflows.records.kinds import Kind, kind, kinds
from workflows.records.listing import Wanted, standing, story
from workflows.records.numbers import Number, written
from workflows.reports import behind
from workflows.units import Unit

blueprint = Blueprint("records", __name__)

MOST = 500


@blueprint.get("/records")
def listing() -> str:
    """The records of a unit that stand, filtered."""
    unit = unit_choice.asked()
    wanted = _wanted(unit)
    found = standing(db.session(), wanted, limit=MOST)
    return render_template(
        "records/list.html",
        unit=unit,
        choices=unit_choice.choices(unit, wanted.last or wanted.first),
        wanted=wanted,
        records=found,
        names=_names(found),
        kinds=[one for one in kinds().values() if unit.kind in one.at],
        may_enter=bool(_enterable(unit)),
        told=told_figures,
        kind_of=kind,
        filters={k: v for k, v in request.args.items() if v},
        most=MOST,
    )


@blueprint.get("/records.csv", endpoint="export")
def export_table() -> Response:
    """The same as a table for a spreadsheet program."""
    unit = unit_choice.asked()
    found = standing(db.session(), _wanted(unit))
    content = "".join(export.table(found, _names(found), language()))
    response = Response(content, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"so-lieu-{unit.code}.csv")
    return response


@blueprint.get("/records/new")
def form() -> str:
    """The form of a new record; without a kind, the kinds to choose from."""
    unit = unit_choice.asked()
    chosen = request.args.get("kind", "")[:40]
    if not chosen:
        return render_template("records/kinds.html", unit=unit, kinds=_enterable(unit))
    told = kind(chosen)
    _permit(unit, told)
    year = str(clock.today().year)
    texts = {"year": year, "from": year, "to": year, "on": clock.today().isoformat()}
    return _form(unit, told, texts)


@blueprint.post("/records")
def enter() -> BaseResponse | tuple[str, int]:
    """Enters a record, or one in place of another."""
    unit = unit_choice.asked()
    told = kind(request.form.get("kind", "")[:40])
    corrects = request.form.get("corrects", type=numbers.whole)
    texts = {key: value[:1000] for key, value in request.form.items()}
    try:
        entry = reading.read(told, unit.id, texts)
        made = entering.enter(db.session(), somebody().actor, entry, corrects)
    except Refused as refused:
        return _form(unit, told, texts, refused.refusals, corrects), 422
    flash(gettext("Đã ghi vào sổ."), "success")
    return redirect(url_for("records.show", record_id=made), 303)


@blueprint.get("/records/<int:record_id>")
def show(record_id: int) -> str:
    """One record with its history, and the list that an announcement reads out."""
    record, unit, told = _record(record_id)
    line = story(db.session(), record_id)
    people = {one.entered_by for one in line if one.entered_by}
    latest = line[0]
    return render_template(
        "records/show.html",
        record=record,
        latest=latest,
        story=line,
        unit=unit,
        kind=told,
        people={one: db.session().get_one(Person, one).name for one in people},
        may_correct=latest.id == record.id and not record.withdrawn and _may(unit, told),
        told=told_figures,
        announced=_announced(record, told, unit),
    )


@blueprint.get("/records/<int:record_id>/correct")
def correct(record_id: int) -> str:
    """The form filled with the record that is to be corrected."""
    record, unit, told = _record(record_id)
    _permit(unit, told)
    return _form(unit, told, reading.texts_of(told, record), corrects=record_id)


@blueprint.post("/records/<int:record_id>/withdraw")
def withdraw(record_id: int) -> BaseResponse:
    """Takes the record back, and says why."""
    record, unit, _ = _record(record_id)
    reason = request.form.get("reason", "")[: entering.LONGEST["note"]]
    entering.withdraw(db.session(), somebody().actor, record.id, reason)
    flash(gettext("Đã rút dòng số liệu; lịch sử vẫn còn."), "success")
    return redirect(url_for("records.listing", unit=unit.id), 303)


def told_figures(record: Record, told: Kind) -> Sequence[tuple[str, str]]:
    """The numbers of a record in the kind's order: label and text."""
    found = []
    for measure in told.measures:
        one = record.values.get(measure.id)
        if one is not None:
            number = Number(one.value, one.high, one.mark)
            text = written(number, measure.decimals, plain=measure.plain, language=language())
            found.append((measure.label[language()], text))
    return found


def _wanted(unit: Unit) -> Wanted:
    """What the address asks for; raises ``NotFound`` for a kind that there is not."""
    chosen = request.args.get("kind", "")[:40]
    return Wanted(
        unit.id,
        kind(chosen).id if chosen else "",
        request.args.get("from", type=_year),
        request.args.get("to", type=_year),
        request.args.get("below") == "1",
    )


def _year(text: str) -> int:
    """A year; as a ``type`` like ``numbers.whole``."""
    year = numbers.whole(text)
    if not 1900 <= year <= 2999:
        raise ValueError(text)
    return year


def _names(records: Sequence[Record]) -> Mapping[int, str]:
    ids = {record.unit_id for record in records}
    found = db.session().scalars(select(Unit).where(Unit.id.in_(ids)))
    return {unit.id: unit.heading for unit in found}


def _enterable(unit: Unit) -> Sequence[Kind]:
    """The kinds that this person enters at the unit."""
    return [one for one in kinds().values() if unit.kind in one.at and _may(unit, one)]


def _may(unit: Unit, told: Kind) -> bool:
    return entering.may_enter(db.session(), somebody().actor, told, unit.id)


def _permit(unit: Unit, told: Kind) -> None:
    if not _may(unit, told):
        access.refuse(Refusal("not_yours", {"by": list(told.enter)}))


def _record(record_id: int) -> tuple[Record, Unit, Kind]:
    record = db.session().get(Record, record_id)
    if record is None:
        raise NotFound(Refusal("no_such_record"))
    return record, access.unit(record.unit_id), kind(record.kind)


def _announced(record: Record, told: Kind, unit: Unit) -> Sequence[behind.Row] | None:
    praised = record.values.get("praised_year")
    if told.lists is None or praised is None:
        return None
    return behind.announced(db.session(), unit.id, int(praised.value))


def _form(
    unit: Unit,
    told: Kind,
    texts: Mapping[str, Any],
    refusals: Sequence[Refusal] = (),
    corrects: int | None = None,
) -> str:
    wrong: dict[str, list[str]] = {}
    for refusal in refusals:
        wrong.setdefault(_place(told, refusal.field), []).append(said(refusal))
    return render_template(
        "records/form.html",
        unit=unit,
        kind=told,
        texts={"confidence": UNSAID, **texts},
        wrong=wrong,
        corrects=corrects,
        confidences=CONFIDENCE,
    )


def _place(told: Kind, field: str | None) -> str:
    """The control that a refusal is shown at."""
    times = {"starts_on": {"year": "year", "span": "from", "day": "on"}}
    times["ends_on"] = {"year": "year", "span": "to", "day": "on"}
    return times.get(field or "", {}).get(told.period, field or "")
