"""The nominations: the list, one file whole, its moves, its evidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine import clock
from engine.commands import available
from engine.definition import Definition
from engine.errors import NotFound, Refusal
from engine.history import Facts, fold
from engine.papers.kinds import PaperKind
from web import access, facts, levels, moves, numbers, text, uploads, ways
from web.catalogue import gettext
from web.extensions import bureau, db, language
from web.identity import SignedIn, somebody
from workflows import assessment, decisions, lateness, wording
from workflows.cases import vote
from workflows.cycles import cycle
from workflows.nominations import open_nomination
from workflows.queries import cases, listing
from workflows.queries.waiting import Pending, in_hand, pending
from workflows.shares import Shared, share_of
from workflows.units import is_any

blueprint = Blueprint("nominations", __name__)

PAGE = 30
AT_ONCE = 500


@blueprint.get("/nominations", endpoint="listing")
def listing_page() -> str:
    """The nominations this person may read, filtered."""
    wanted = _wanted()
    page = request.args.get("page", 1, type=numbers.page)
    rows, total = listing.page(db.session(), wanted, limit=PAGE, offset=PAGE * (page - 1))
    return render_template(
        "nominations/list.html",
        rows=rows,
        named=levels.named(rows),
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
        wanted=wanted,
        communes=listing.communes(db.session(), wanted.units, wanted.year),
        years=listing.years(db.session()),
        states=_states(bureau().house.runnable, language(), is_any(db.session(), "district")),
        filters={k: v for k, v in request.args.items() if k != "page" and v},
    )


@blueprint.get("/nominations.csv")
def export() -> Response:
    """The same list as a table for a spreadsheet program."""
    rows = listing.every(db.session(), _wanted())
    head = [
        gettext("Năm"),
        gettext("Đơn vị cấp xã"),
        gettext("Khu dân cư"),
        gettext("Trạng thái"),
        gettext("Từ ngày"),
        gettext("Hạn"),
    ]
    response = Response("".join(_csv(head, rows)), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename="ho-so.csv")
    return response


def _csv(head: Sequence[str], rows: Iterator[listing.Row]) -> Iterator[str]:
    yield "\ufeff"  # spreadsheet programs read UTF-8 only behind this mark
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(head)
    for row, named in _named(rows):
        due = text.day(text.last_day(row.due_at)) if row.due_at else ""
        cells = [row.year, row.commune, row.area, named]
        writer.writerow([*(_safe(cell) for cell in cells), text.day(row.entered_at), due])
    yield buffer.getvalue()


def _named(rows: Iterator[listing.Row]) -> Iterator[tuple[listing.Row, str]]:
    """Each with the name of its state, asked for many at once."""
    while some := list(islice(rows, AT_ONCE)):
        names = levels.named(some)
        yield from ((row, names[row.id]) for row in some)


def _safe(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    written = str(cell)
    return f"'{written}" if written[:1] in ("=", "+", "-", "@", "\t") else written


def _wanted() -> listing.Wanted:
    person = somebody()
    return listing.Wanted(
        units=None if person.reads_everything else person.units,
        state=request.args.get("state", "")[:60],
        commune_id=request.args.get("commune", type=numbers.whole),
        year=request.args.get("year", type=numbers.whole),
        search=request.args.get("q", "").strip()[:100],
    )


@lru_cache(maxsize=8)
def _states(
    definitions: Sequence[Definition], language: str, districts: bool
) -> Sequence[tuple[str, str]]:
    """Every state of the workflows of nominations, once, in their order; what a district does
    in them by the names of both where there is none any more."""
    found: dict[str, str] = {}
    for definition in definitions:
        if definition.meta.subject == "nomination":
            for state in definition.states:
                label = state.label if districts else wording.of_either(state.label)
                found.setdefault(state.id, label[language])
    return list(found.items())


@blueprint.post("/nominations")
def start() -> BaseResponse:
    """Opens the nomination of an area for a year."""
    area = request.form.get("area_id", type=numbers.whole) or 0
    year = request.form.get("year", type=numbers.whole) or clock.today().year
    key = request.form.get("key", "")[:80] or None
    outcome = open_nomination(
        db.session(), bureau().house, somebody().person_id, area, year, key=key
    )
    flash(
        gettext("Đã mở hồ sơ năm %(year)s. Làm tiếp bước đầu tiên dưới đây.", year=year), "success"
    )
    return redirect(url_for("nominations.show", subject_id=outcome.subject_id), 303)


@blueprint.get("/nominations/<int:subject_id>")
def show(subject_id: int) -> str:
    """One file, whole."""
    session, house = db.session(), bureau().house
    case = access.nomination(subject_id)
    definition = house.definition(case.digest)
    read = levels.reading(case)
    options = read.options(available(session, house, case.id, somebody().actor))
    lines = cases.timeline(session, case.id)
    state = read.state(definition.by_state[case.state], lines)
    criteria, happened = _criteria_set(case), fold(definition, lines)
    papers = cases.papers_of(session, case.id)
    paper = in_hand(house, case, papers)
    waits = pending(session, paper.id if paper else case.id)
    kinds = decisions.draftable(
        house, somebody().actor, definition, case.state, {one.post for one in waits}
    )
    return render_template(
        "nominations/show.html",
        case=case,
        definition=definition,
        state=state,
        named=levels.named([case])[case.id],
        choice=moves.Choice.of(options, drafts=bool(kinds)),
        pending=waits,
        mine=waits_on(somebody(), waits),
        drafts=[_read(house.kinds[kind], read) for kind in kinds],
        lines=lines,
        papers=papers,
        voided=facts.voided(definition, lines, papers),
        in_hand=paper,
        way=read.way(ways.way(definition, case.state, lines), state),
        picture=ways.picture(read.drawn(definition, state, lines), case.state, lines),
        told=facts.told(definition, lines, _criteria(criteria)),
        returned=facts.returned(definition, lines),
        vote=vote(happened),
        shared=_shared(case),
        late=lateness.behind(session, case.id),
        grade=_grade(criteria, happened),
        desk=moves.Desk("nominations", case),
    )


def _read(kind: PaperKind, read: levels.Reading) -> PaperKind:
    return kind.model_copy(update={"label": read.label(kind.label)})


def _shared(case: cases.Case) -> Shared | None:
    """What the title of a commune needs of the subjects under it."""
    place = case.places[0]
    if case.year is None or place.kind != "commune":
        return None
    return share_of(db.session(), place.id, case.year, case.title)


def _grade(criteria: assessment.CriteriaSet | None, told: Facts) -> assessment.Grade | None:
    """The grade that a province's scheme gives the appraisal, above met and not met."""
    appraised = told.get("record_appraisal")
    if criteria is None or appraised is None:
        return None
    return assessment.grade(criteria, appraised.data["verdicts"])


def _criteria_set(case: cases.Case) -> assessment.CriteriaSet | None:
    kind = case.places[0].kind
    found = cycle(db.session(), case.year, case.title, kind) if case.year else None
    return assessment.criteria_set(found.criteria_id) if found else None


def _criteria(criteria: assessment.CriteriaSet | None) -> Mapping[str, str]:
    """The criteria of the file's year in words, by the ids of their rows."""
    rows = assessment.rows(criteria) if criteria else []
    return {row.id: row.label_en if language() == "en" else row.label for row in rows}


def waits_on(person: SignedIn, offices: Sequence[Pending]) -> bool:
    """Whether one of these offices is this person's."""
    held = {(office.role, office.unit_id) for office in person.actor.offices}
    return any(one.post in held for one in offices)


@blueprint.get("/nominations/<int:subject_id>/diagram")
def whole_diagram(subject_id: int) -> str:
    """The whole diagram of the workflow with where the file is, as large as is wanted."""
    case = access.nomination(subject_id)
    definition, lines = (
        bureau().house.definition(case.digest),
        cases.timeline(db.session(), case.id),
    )
    read = levels.reading(case)
    drawn = read.drawn(definition, read.state(definition.by_state[case.state], lines), lines)
    name, back = levels.named([case])[case.id], url_for("nominations.show", subject_id=case.id)
    return ways.page(drawn, case.state, lines, title=case.name, back=back, named=name)


@blueprint.get("/nominations/<int:subject_id>/files/<sha256>")
def evidence(subject_id: int, sha256: str) -> Response:
    """A file that the history of this nomination names."""
    case = access.nomination(subject_id)
    for line in cases.timeline(db.session(), case.id):
        for file in facts.files(line.data):
            if file["sha256"] == sha256:
                return attachment(sha256, file.get("name", ""))
    raise NotFound(Refusal("no_such_file", {"sha256": sha256}))


def attachment(sha256: str, name: str) -> Response:
    """Somebody's upload: never shown as a page of ours, whatever it contains."""
    content = bureau().store.get(sha256)
    kind = uploads.sniff(content[:16])
    response = Response(content, mimetype=kind[0] if kind else "application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=name or sha256[:12])
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.get("/nominations/<int:subject_id>/moves/<action>")
def move(subject_id: int, action: str) -> moves.Answer:
    """The form of a move."""
    return moves.show(_desk(subject_id), action)


@blueprint.post("/nominations/<int:subject_id>/moves/<action>")
def make_move(subject_id: int, action: str) -> moves.Answer:
    """Makes the move."""
    return moves.send(_desk(subject_id), action)


@blueprint.post("/nominations/<int:subject_id>/moves/<action>/draft")
def save_draft(subject_id: int, action: str) -> BaseResponse:
    """Keeps what was typed so far."""
    return moves.save_draft(_desk(subject_id), action)


def _desk(subject_id: int) -> moves.Desk:
    return moves.Desk("nominations", access.nomination(subject_id))
