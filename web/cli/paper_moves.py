"""Commands that make a move with a paper, and tell beforehand what it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from engine.errors import Conflict, Refusal, Refused
from web.cli.foretold import late, late_lines
from web.cli.frame import answer, argument, command, option
from web.cli.inputs import acting, as_user, pin_options, read_pin
from web.cli.nominations import done_lines, move_lines
from web.cli.papers import ID, group
from web.cli.refusals import No
from web.cli.words import language, text

if TYPE_CHECKING:
    from web.cli.office import Office
    from workflows.queries.cases import Case

__all__ = ["group"]


@command("papers moves", ID, as_user(), group=group, answers=True)
def moves(id_: int, user: str, as_json: bool) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows.queries import cases

    office = open_office()
    case = answers.known(cases.paper(office.session, id_), id_)
    actor = office.reader(user, case.units)
    told = answers.moves(office.session, office.bureau.house, case, actor, language())
    answer(told, as_json, lambda: move_lines(told))


@command(
    "papers move",
    ID,
    argument("action"),
    *acting(),
    *pin_options(),
    option("--dry-run", is_flag=True),
    group=group,
    answers=True,
)
def move(id_: int, action: str, user: str, as_json: bool, dry_run: bool, **asked: Any) -> None:
    from web import answers
    from web.cli.office import open_office
    from workflows.papers import ISSUE, SIGN
    from workflows.queries import cases

    office = open_office()
    case = answers.known(cases.paper(office.session, id_), id_)
    binding = action in (SIGN, ISSUE)
    if binding and asked["data"]:
        raise No("no_data_here", action=action)
    if dry_run and not binding:
        raise No("no_dry_run_here", action=action)
    found = {"late": late(office.session, office.bureau.house, [id_])} if binding else {}
    if dry_run:
        told = _foretold(office, case, user, action) | found
        answer(told, as_json, lambda: [text("may_be_done", action=action), *late_lines(told)])
        return
    for line in late_lines(found):
        click.echo(line, err=True)
    told = _done(office, case, user, action, **asked) | found
    answer(told, as_json, lambda: [*done_lines(told), *late_lines(told)])


def _foretold(office: Office, case: Case, user: str, action: str) -> dict[str, Any]:
    """That it may be done now; raises ``Conflict`` (``not_from_here``), or ``Refused`` with
    every reason why it may not."""
    from engine.commands import available

    person, house = office.reader(user, case.units), office.bureau.house
    options = available(office.session, house, case.id, person)
    found = next((one for one in options if one.transition.id == action), None)
    if found is None:
        raise Conflict(Refusal("not_from_here", {"action": action, "state": case.state}))
    if not found.open:
        raise Refused(*found.refusals)
    return {"id": case.id, "action": action, "state": case.state, "version": case.version}


def _done(
    office: Office,
    case: Case,
    user: str,
    action: str,
    *,
    data: dict[str, Any],
    key: str | None,
    version: int | None,
    pin_stdin: bool,
    pin: str | None,
) -> dict[str, Any]:
    from engine.commands import perform
    from engine.move import Command
    from web import answers
    from workflows.papers import ISSUE, SIGN

    bureau, session = office.bureau, office.session
    person = office.person(user)
    if action in (SIGN, ISSUE):
        demonstration = office.settings.env != "production"
        secret = read_pin(pin=pin, from_stdin=pin_stdin, demonstration=demonstration)
        act = bureau.desk.sign if action == SIGN else bureau.desk.issue
        done = act(session, person, case.id, pin=secret, version=version, key=key)
    else:
        done = perform(session, bureau.house, Command(person, case.id, action, version, data, key))
    return answers.outcome(session, bureau.house, case, done, action, language())
