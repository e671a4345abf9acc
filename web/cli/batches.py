"""Commands that sign or issue many papers with keys of this machine, and resume it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from web.cli.foretold import late, late_lines
from web.cli.frame import answer, argument, command, leave, option, table
from web.cli.inputs import NUMBER, as_user, pin_options, read_pin
from web.cli.paper_moves import group
from web.cli.papers import batch
from web.cli.words import language, text

if TYPE_CHECKING:
    from web.cli.office import Office

__all__ = ["batch", "group"]

IDS = {"metavar": "ID…", "nargs": -1, "type": NUMBER}


@command(
    "papers batch sign",
    argument("ids", **IDS),
    as_user(),
    option("--key"),
    *pin_options(),
    group=batch,
    answers=True,
)
def sign(ids: tuple[int, ...], key: str | None, **asked: Any) -> None:
    _begin("sign", ids, key, **asked)


@command(
    "papers batch issue",
    argument("ids", **IDS),
    as_user(),
    option("--key"),
    *pin_options(),
    group=batch,
    answers=True,
)
def issue(ids: tuple[int, ...], key: str | None, **asked: Any) -> None:
    _begin("issue", ids, key, **asked)


@command(
    "papers batch resume", argument("code"), as_user(), *pin_options(), group=batch, answers=True
)
def resume(code: str, user: str, **asked: Any) -> None:
    from web.cli.office import open_office

    office = open_office()
    _conduct(office, office.person(user), code, (), **asked)


@command("papers batch show", argument("code"), as_user(), group=batch, answers=True)
def show(code: str, user: str, as_json: bool) -> None:
    from web.cli.office import open_office

    office = open_office()
    _tell(office, office.person(user), code, (), as_json)


def _begin(action: str, ids: tuple[int, ...], key: str | None, *, user: str, **asked: Any) -> None:
    from web.cli.office import open_office
    from workflows import convening
    from workflows.queries import ceremonies as queries

    office = open_office()
    session, person = office.session, office.person(user)
    wanted = f"{action} {key}" if key else None
    code = convening.keyed(session, person, wanted)
    only = list(dict.fromkeys(ids)) or None
    strangers: tuple[int, ...] = ()
    if code is None:
        actor, house = office.actor(user), office.bureau.house
        papers = queries.waiting_for(session, house, actor, action, only)
        chosen = [one.paper_id for one in papers]
        strangers = tuple(set(only or ()) - set(chosen))
        for line in late_lines({"late": late(session, house, chosen)}):
            click.echo(line, err=True)
        code = convening.make(session, person, action, papers, wanted)
    _conduct(office, person, code, strangers, **asked)


def _conduct(
    office: Office,
    person: int,
    code: str,
    strangers: tuple[int, ...],
    *,
    as_json: bool,
    pin_stdin: bool,
    pin: str | None,
) -> None:
    """Does what is left of a batch. What is over is told as it ended."""
    from workflows import ceremonies, conducting

    held = ceremonies.find(office.session, person, code)
    if held.state != "ended":
        demonstration = office.settings.env != "production"
        secret = read_pin(pin=pin, from_stdin=pin_stdin, demonstration=demonstration)
        office.session.rollback()
        with (
            suppress(KeyboardInterrupt),  # stopped between two papers: the rest can be resumed
            conducting.begun(office.session, office.bureau.desk, held, secret) as results,
        ):
            for _ in results:
                pass
    _tell(office, person, code, strangers, as_json)


def _tell(
    office: Office, person: int, code: str, strangers: tuple[int, ...], as_json: bool
) -> None:
    """A batch as it stands; yes only when all of it is done."""
    from engine.errors import Refusal
    from web.ceremony_answers import ceremony
    from workflows import ceremonies, wording
    from workflows.queries import ceremonies as queries

    held = ceremonies.find(office.session, person, code)
    rows = queries.rows(office.session, held.id, limit=ceremonies.MOST)
    told = ceremony(office.bureau.house, held, rows, language())
    why = wording.say(Refusal("not_waiting"), language())
    told["papers"] += [
        {"id": one, "outcome": "failed", "code": "not_waiting", "detail": why}
        for one in sorted(strangers)
    ]
    answer(told, as_json, lambda: _lines(told))
    leave(not strangers and held.state == "ended" and not (held.failed or held.left_out))


def _lines(told: dict[str, Any]) -> list[str]:
    rows = [
        [
            str(one["id"]),
            one["outcome"],
            one.get("number") or "",
            f"{one['detail']} [{one['code']}]" if one["code"] else one.get("about", ""),
        ]
        for one in told["papers"]
    ]
    return [*table(rows), text("batch_state", code=told["code"], **told["counts"])]
