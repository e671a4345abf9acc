"""Commands about papers: show, export, sign, issue; and the drafting of decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from web.cli.frame import Group, answer, argument, command, option, table
from web.cli.inputs import NUMBER, acting, as_user, pin_options, read_pin
from web.cli.nominations import done_lines, history_lines, move_lines, waiting_lines
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
        *waiting_lines(told),
    ]
    for title, rows in (
        ("", [[one["stage"], one["sha256"], str(one["size"])] for one in told["files"]]),
        ("", [[str(one["id"]), one["area_name"], one["state"]] for one in told["nominations"]]),
    ):
        lines += [title, *table(rows)]
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

    office = open_office()
    content, name = office.bureau.desk.export(office.session, id_)
    target = file / name if file.is_dir() else file
    try:
        target.write_bytes(content)
    except OSError as error:
        raise No("not_written", file=target, reason=error.strerror) from None
    told = {"id": id_, "file": str(target), "size": len(content)}
    answer(told, as_json, lambda: [text("written", file=target, size=len(content))])


@command("papers moves", ID, as_user(), group=group, answers=True)
def moves(id_: int, user: str, as_json: bool) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows.queries import cases

    office = open_office()
    case = answers.known(cases.paper(office.session, id_), id_)
    actor = office.actor(user)
    told = answers.moves(office.session, office.bureau.house, case, actor, language())
    answer(told, as_json, lambda: move_lines(told))


@command(
    "papers move",
    ID,
    argument("action"),
    *acting(),
    *pin_options(),
    group=group,
    answers=True,
)
def move(
    id_: int,
    action: str,
    user: str,
    data: dict[str, Any],
    key: str | None,
    version: int | None,
    pin_stdin: bool,
    pin: str | None,
    as_json: bool,
) -> None:
    from engine.commands import perform
    from engine.move import Command
    from web import answers
    from web.cli.office import open_office
    from workflows.papers import ISSUE, SIGN
    from workflows.queries import cases

    office = open_office()
    bureau, session = office.bureau, office.session
    case = answers.known(cases.paper(session, id_), id_)
    person = office.person(user)
    if action in (SIGN, ISSUE):
        if data:
            raise No("no_data_here", action=action)
        demonstration = office.settings.env != "production"
        secret = read_pin(pin=pin, from_stdin=pin_stdin, demonstration=demonstration)
        act = bureau.desk.sign if action == SIGN else bureau.desk.issue
        done = act(session, person, id_, pin=secret, version=version, key=key)
    else:
        wanted = Command(person, id_, action, version, data, key)
        done = perform(session, bureau.house, wanted)
    told = answers.outcome(bureau.house, case, done, action, language())
    answer(told, as_json, lambda: done_lines(told))


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
    told = answers.outcome(house, case, done, desk.DRAFT, language())
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
