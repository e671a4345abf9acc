"""Commands about nominations: the same moves as the pages, by the same path."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from web.cli.frame import Group, answer, argument, command, option, table
from web.cli.inputs import NUMBER, acting, as_user, on_day
from web.cli.refusals import No
from web.cli.words import language, text

group = Group("nominations")
ID = argument("id_", metavar="ID", type=NUMBER)


@command(
    "nominations list",
    option("--state"),
    option("--commune", metavar="CODE"),
    on_day(),
    option("--year", type=NUMBER),
    option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True),
    option("--offset", type=NUMBER, default=0),
    as_user(required=False),
    group=group,
    answers=True,
)
def listing(
    state: str | None,
    commune: str | None,
    borne_on: datetime | None,
    year: int | None,
    limit: int,
    offset: int,
    user: str | None,
    as_json: bool,
) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows.queries import listing as query
    from workflows.queries.state_names import state_names
    from workflows.units import by_code

    office = open_office()
    borne = borne_on.date() if borne_on else None
    unit = by_code(office.session, commune, "commune", borne) if commune else None
    if commune and unit is None:
        raise No("unknown_unit", unit=commune)
    wanted = query.Wanted(office.readable(user), state or "", unit.id if unit else None, year)
    rows, total = query.page(office.session, wanted, limit=limit, offset=offset)
    named = state_names(office.session, office.bureau.house, rows, language())
    page = answers.nominations(rows, office.bureau.house, named)
    answer(page, as_json, lambda: _rows(page, total))
    if left := max(total - offset - len(rows), 0):
        click.echo(text("more_left", left=left, offset=offset + len(rows)), err=True)


def _rows(page: list[dict[str, Any]], total: int) -> list[str]:
    rows = [
        [
            str(one["id"]),
            str(one["cycle"]),
            one["area_code"],
            one["commune_name"],
            one["area_name"],
            one["state_name"],
        ]
        for one in page
    ]
    return [*table(rows), text("of_total", shown=len(rows), total=total)]


@command("nominations show", ID, as_user(required=False), group=group, answers=True)
def show(id_: int, user: str | None, as_json: bool) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows.queries import cases

    office = open_office()
    case = answers.known(cases.nomination(office.session, id_), id_)
    if user:
        office.reader(user, case.units)
    told = answers.nomination(office.session, office.bureau.house, case, language())
    answer(told, as_json, lambda: _whole(told))


def _whole(told: dict[str, Any]) -> list[str]:
    lines = [
        f"{told['id']}  {told['area_name']}, {told['commune_name']}  {told['cycle']}",
        f"{told['state_name']}  [{told['state']}, {told['version']}]",
        *waiting_lines(told),
        "",
        *history_lines(told),
    ]
    if told["papers"]:
        papers = [
            [
                str(one["id"]),
                one["kind_name"],
                one["number"] or "",
                one["issued_on"] or one["state"],
            ]
            for one in told["papers"]
        ]
        lines += ["", *table(papers)]
    return lines


def waiting_lines(told: dict[str, Any]) -> list[str]:
    """On whom it waits, one office a line."""
    return [
        text("waits_on", role=one["role_name"], person=one["person"] or "–")
        for one in told["waiting_on"]
    ]


def history_lines(told: dict[str, Any]) -> list[str]:
    """What happened, one move a line."""
    rows = [
        [
            str(one["version"]),
            _moment(one["at"]),
            one["person"] or text("the_system"),
            one["label"],
        ]
        for one in told["history"]
    ]
    return table(rows)


def _moment(at: str) -> str:
    from datetime import datetime

    from engine.clock import VIETNAM

    return datetime.fromisoformat(at).astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")


@command("nominations moves", ID, as_user(), group=group, answers=True)
def moves(id_: int, user: str, as_json: bool) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows.queries import cases

    office = open_office()
    case = answers.known(cases.nomination(office.session, id_), id_)
    actor = office.reader(user, case.units)
    told = answers.moves(office.session, office.bureau.house, case, actor, language())
    answer(told, as_json, lambda: move_lines(told))


def move_lines(told: dict[str, Any]) -> list[str]:
    """What may be done now, and for what may not, why."""
    lines = []
    for one in told["moves"]:
        sign = "+" if one["open"] else "-"
        lines.append(f"{sign} {one['action']}: {one['label']}")
        lines += [f"    {reason['detail']} [{reason['code']}]" for reason in one["refusals"]]
        if one["open"]:
            lines += [f"    {line}" for field in one["fields"] for line in _field(field)]
    return lines or [text("no_moves")]


def _field(field: dict[str, Any]) -> list[str]:
    must = "" if field["required"] else " ?"
    rows = [f"  {row['id']}: {row['label']}" for row in field.get("rows", ())]
    return [f"{field['id']} ({field['type']}){must}: {field['label']}", *rows]


@command(
    "nominations move",
    ID,
    argument("action"),
    *acting(),
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
    as_json: bool,
) -> None:
    from engine.commands import perform
    from engine.move import Command
    from web import answers
    from web.cli.office import open_office
    from workflows.queries import cases

    office = open_office()
    case = answers.known(cases.nomination(office.session, id_), id_)
    wanted = Command(office.person(user), id_, action, version, data, key)
    done = perform(office.session, office.bureau.house, wanted)
    told = answers.outcome(office.session, office.bureau.house, case, done, action, language())
    answer(told, as_json, lambda: done_lines(told))


def done_lines(told: dict[str, Any]) -> list[str]:
    """Where a move led."""
    again = text("again") if told["again"] else ""
    return [f"{told['id']}: {told['state_name']}  [{told['state']}, {told['version']}]{again}"]


@command(
    "nominations open",
    argument("area", metavar="AREA"),
    option("--year", type=NUMBER, required=True),
    option("--title", default="security", metavar="TITLE"),
    as_user(),
    option("--key"),
    group=group,
    answers=True,
)
def open_one(area: str, year: int, title: str, user: str, key: str | None, as_json: bool) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows.nominations import open_nomination
    from workflows.queries import cases
    from workflows.units import by_code

    office = open_office()
    unit = by_code(office.session, area, "area") or by_code(office.session, area)
    if unit is None:
        raise No("unknown_unit", unit=area)
    house = office.bureau.house
    person = office.person(user)
    done = open_nomination(office.session, house, person, unit.id, year, key, title=title)
    case = answers.known(cases.nomination(office.session, done.subject_id), done.subject_id)
    told = answers.outcome(office.session, house, case, done, "open", language())
    answer(told, as_json, lambda: done_lines(told))
