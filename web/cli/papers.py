"""Commands about papers: show, export, sign, issue; and the drafting of decisions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from engine.errors import Refusal, Refused
from web.cli.foretold import unreached_lines
from web.cli.frame import Group, answer, argument, command, option, said_of, table
from web.cli.inputs import NUMBER, JsonObject, as_user, on_day
from web.cli.nominations import done_lines, history_lines, waiting_lines
from web.cli.records import change_lines
from web.cli.refusals import No
from web.cli.words import language, text

group = Group("papers")
decisions = Group("decisions")
batch = Group("papers batch")
group.add_command(batch)
ID = argument("id_", metavar="ID", type=NUMBER)


@command(
    "papers list",
    option("--kind"),
    option("--state"),
    option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True),
    option("--offset", type=NUMBER, default=0),
    group=group,
    answers=True,
)
def listing(kind: str | None, state: str | None, limit: int, offset: int, as_json: bool) -> None:
    from web import answers
    from web.cli.office import open_office

    office = open_office()
    told = answers.papers(
        office.session,
        office.bureau.house,
        language(),
        kind=kind,
        state=state,
        limit=limit,
        offset=offset,
    )
    answer(told, as_json, lambda: _rows(told))


def _rows(told: list[dict[str, Any]]) -> list[str]:
    return table(
        [
            [
                str(one["id"]),
                one["kind_name"],
                one["number"] or "",
                one["authority_name"],
                one["state"],
            ]
            for one in told
        ]
    )


@command("papers show", ID, group=group, answers=True)
def show(id_: int, as_json: bool) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows.queries import cases

    office = open_office()
    case = answers.known(cases.paper(office.session, id_), id_)
    told = answers.paper(office.session, office.bureau.house, case, language())
    answer(told, as_json, lambda: _whole(told))


def _whole(told: dict[str, Any]) -> list[str]:
    number = f"{told['number']}, {told['issued_on']}" if told["number"] else ""
    lines = [
        f"{told['id']}  {told['kind_name']}  {told['authority_name']}  {number}".rstrip(),
        f"{told['state_name']}  [{told['state']}, {told['version']}]",
        *([text("paper_level", level=told["level"])] if told["level"] else []),
        *waiting_lines(told),
    ]
    for title, rows in (
        ("", [[one["stage"], one["sha256"], str(one["size"])] for one in told["files"]]),
        ("", [[str(one["id"]), one["area_name"], one["state"]] for one in told["nominations"]]),
    ):
        lines += [title, *table(rows)]
    lines += ["", *(line for change in told["changes"] for line in change_lines(change))]
    lines += [text("rests_on", number=one["number"]) for one in told["rests_on_fallen"]]
    return [*lines, "", *history_lines(told)]


@command(
    "papers export",
    ID,
    argument("file", metavar="FILE", type=click.Path(path_type=Path)),
    group=group,
    answers=True,
)
def export(id_: int, file: Path, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows import annexing

    office = open_office()
    session, desk = office.session, office.bureau.desk
    content, name = desk.export(session, id_)
    files = [(file / name if file.is_dir() else file, content)]
    annex = annexing.export(session, desk, desk.paper(session, id_))
    if annex is not None:  # beside the paper, under the name by which the paper calls it
        files.append((files[0][0].parent / annex[1], annex[0]))
    for target, written in files:
        try:
            target.write_bytes(written)
        except OSError as error:
            raise No("not_written", file=target, reason=error.strerror) from None
    told: dict[str, Any] = {"id": id_, "file": str(files[0][0]), "size": len(content)}
    if annex is not None:
        told["annex"] = {"file": str(files[1][0]), "size": len(annex[0])}
    lines = [text("written", file=target, size=len(written)) for target, written in files]
    answer(told, as_json, lambda: lines)


@command(
    "papers renew",
    option("--before", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE"),
    option("--dry-run", is_flag=True),
    group=group,
    answers=True,
)
def renew(before: datetime | None, dry_run: bool, as_json: bool) -> None:
    from engine import clock
    from web.cli.office import open_office
    from workflows import renewal

    office = open_office()
    limit = clock.vietnam(before.date()) if before else None
    if dry_run:
        found = [
            *renewal.due(office.session, limit),
            *renewal.failing(office.session, limit),
        ]
    else:
        found = renewal.renew(office.session, office.bureau.desk, limit)
    told = [one.record() for one in found]
    ending = "renew_none" if not told else "renew_planned" if dry_run else "renew_left"
    answer(told, as_json, lambda: [*_renewals(told), text(ending, count=len(told))])


def _renewals(told: list[dict[str, Any]]) -> list[str]:
    def why(one: dict[str, Any]) -> str:
        told = text(f"renew_{one['why']}", until=(one["until"] or "")[:10])
        return f"{told}; {text('renew_failing', error=one['error'])}" if one["error"] else told

    def file(one: dict[str, Any]) -> str:
        return (
            f"{one['paper']} ({text('annex_part')})"
            if one["part"] == "annex"
            else f"{one['paper']}"
        )

    return table([[file(o), o["number"], o["level"], why(o)] for o in told])


@command(
    "papers amend",
    ID,
    argument("act", type=click.Choice(["correction", "replacement", "revocation"])),
    as_user(),
    option("--data", type=JsonObject(), default="{}", metavar="JSON"),
    option("--key"),
    option("--list", "nominations", type=NUMBER, multiple=True, metavar="ID"),
    option("--dry-run", is_flag=True),
    group=group,
    answers=True,
)
def amend(
    id_: int,
    act: str,
    user: str,
    data: dict[str, Any],
    key: str | None,
    nominations: tuple[int, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows import amendments
    from workflows.queries import cases

    office = open_office()
    house, session = office.bureau.house, office.session
    person, chosen = office.person(user), list(nominations) or None
    answers.known(cases.paper(session, id_), id_)
    if dry_run:
        amendments.require_open(session, house, person, act, id_, chosen, data)
        foretold = answers.consequences(amendments.consequences(session, act, id_, chosen))
        answer(foretold, as_json, lambda: _foretold(foretold))
        return
    done = amendments.draft(session, house, person, act, id_, data, nominations=chosen, key=key)
    drafted = answers.known(cases.paper(session, done.subject_id), done.subject_id)
    told = answers.outcome(session, house, drafted, done, f"draft_{act}", language())
    answer(told, as_json, lambda: done_lines(told))


def _foretold(told: dict[str, Any]) -> list[str]:
    return [
        *map(_lost, told["lost"]),
        *(
            text(
                "heir_will_lose",
                area=heir["area_name"],
                of=one["area_name"],
                before=heir["streak"],
                after=heir["streak_after"],
            )
            for one in told["lost"]
            for heir in one["heirs"]
        ),
        *unreached_lines(told),
        *(
            text("will_rest", number=one["number"], where=one["authority_name"])
            for one in told["dependents"]
        ),
    ] or [text("nothing_lost")]


def _lost(one: dict[str, Any]) -> str:
    """Of a certificate or a higher decision alone the year still counts."""
    before, after = one["streak"], one["streak_after"]
    said = "will_lose" if before != after else "will_lose_paper"
    return text(said, area=one["area_name"], before=before, after=after)


@command("papers resting", option("--unit", metavar="CODE"), on_day(), group=group, answers=True)
def resting(unit: str | None, borne_on: datetime | None, as_json: bool) -> None:
    from web import answers
    from web.cli.office import open_office
    from web.cli.reports import unit_of
    from workflows.resting import shaken

    office = open_office()
    found = unit_of(office, unit, borne_on) if unit else None
    papers = shaken(office.session, units=[found.id] if found else None)
    told = answers.shaken(papers, office.bureau.house, language())
    answer(told, as_json, lambda: table([_shaken(one) for one in told]))


def _shaken(one: dict[str, Any]) -> list[str]:
    fallen = f"{one['fallen']['number']} [{one['fallen']['state']}]"
    return [str(one["id"]), one["kind_name"], one["number"], one["authority_name"], fallen]


@command(
    "decisions draft",
    argument("kind"),
    argument("ids", metavar="ID…", nargs=-1, type=NUMBER, required=True),
    as_user(),
    option("--key"),
    group=decisions,
    answers=True,
)
def draft(kind: str, ids: tuple[int, ...], user: str, key: str | None, as_json: bool) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows import decisions as desk
    from workflows.queries import cases

    office = open_office()
    house = office.bureau.house
    done = desk.draft(office.session, house, office.person(user), kind, list(ids), key)
    case = answers.known(cases.paper(office.session, done.subject_id), done.subject_id)
    told = answers.outcome(office.session, house, case, done, desk.DRAFT, language())
    answer(told, as_json, lambda: done_lines(told))


@command("decisions waiting", argument("kind"), as_user(), group=decisions, answers=True)
def waiting(kind: str, user: str, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows import decisions as desk

    office = open_office()
    actor = office.actor(user)
    ready = desk.waiting_for(office.session, office.bureau.house, actor, kind)
    told = [
        {"id": one.id, "area_name": one.area, "commune_name": one.commune, "cycle": one.year}
        for one in ready
    ]
    answer(
        told,
        as_json,
        lambda: table([[str(o["id"]), str(o["area_name"]), str(o["commune_name"])] for o in told]),
    )


@command("papers data", argument("paper", metavar="FILE|ID"), group=group, answers=True)
def data(paper: str, as_json: bool) -> None:
    from engine.signing.cage import data as inside

    found = inside(_content(paper))
    told = found.record()
    click.echo(text("data_unchecked"), err=True)
    # For people too: this is data, and its own names say what it is.
    answer(told, as_json, lambda: [said_of(told)])


def _content(paper: str) -> bytes:
    """The bytes of a file on disk, else of the newest version of the paper of that id or code."""
    from web.cli.office import open_office
    from workflows.logbook import named
    from workflows.verification import LARGEST

    if (path := Path(paper)).is_file():
        if path.stat().st_size > LARGEST:
            raise Refused(Refusal("file_too_large"))
        return path.read_bytes()
    office = open_office()
    return office.bureau.desk.export(office.session, named(office.session, paper).id)[0]


@command("papers schema", argument("kind"), group=group, answers=True)
def schema(kind: str, as_json: bool) -> None:
    from engine.papers.schema import Schemas
    from workflows.bureau import TEMPLATES

    schemas = Schemas(TEMPLATES)
    if kind not in schemas.kinds:
        raise No("unknown_kind", kind=kind, known=", ".join(schemas.kinds))
    told = schemas.of(kind)
    answer(told, as_json, lambda: [said_of(told)])
