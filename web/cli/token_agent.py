"""The program beside the token: signs and seals papers of a server with a key it never sees."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import Group, answer, argument, command, leave, option, table
from web.cli.inputs import read_pin
from web.cli.refusals import No
from web.cli.words import text

if TYPE_CHECKING:
    from engine.signing.pkcs11 import Place
    from engine.signing.signer import Credential
    from web.cli.ceremony import Ceremony, Ready, Result
    from web.cli.remote import Remote

group = Group("token-agent")

PASSWORD_VARIABLE = "BINHXET_PASSWORD"  # noqa: S105 - the name of a variable
SIGN, ISSUE = "sign", "issue"


def server_options() -> list[Any]:
    return [
        option("--server", required=True, metavar="URL"),
        option("--user", required=True, metavar="NAME"),
    ]


def token_options() -> list[Any]:
    module = click.Path(path_type=Path)
    return [
        option("--module", required=True, type=module, envvar="BINHXET_PKCS11_MODULE"),
        option("--token", default="", metavar="LABEL"),
    ]


def _batch() -> list[Any]:
    folder = click.Path(path_type=Path, file_okay=False)
    return [
        argument("papers", metavar="PAPER…", nargs=-1, type=int, required=True),
        *server_options(),
        *token_options(),
        option("--certificate", default="", metavar="FINGERPRINT"),
        option("--preview", type=folder, metavar="FOLDER"),
        option("--no-questions", is_flag=True),
        option("--last-try", is_flag=True),
        option("--pin-stdin", is_flag=True),
    ]


@command("token-agent certificates", *token_options(), group=group, answers=True)
def certificates(module: Path, token: str, as_json: bool) -> None:
    from engine.signing.certificates import identity
    from engine.signing.pkcs11 import Place, credentials

    told = []
    for one in credentials(Place(module, token)):
        holder = identity(one.certificate)
        told.append(
            {
                "fingerprint": holder.fingerprint,
                "kind": holder.kind,
                "reference": holder.reference,
                "name": holder.name,
                "until": one.certificate.not_valid_after_utc.isoformat(),
            }
        )
    answer(told, as_json, lambda: table([[str(cell) for cell in one.values()] for one in told]))


@command("token-agent list", *server_options(), group=group, answers=True)
def listing(server: str, user: str, as_json: bool) -> None:
    told = connect(server, user).get("/papers")["papers"]
    rows = [[str(one["id"]), one["action"], one["kind_name"], one["about"]] for one in told]
    answer(told, as_json, lambda: table(rows))


@command("token-agent sign", *_batch(), group=group, answers=True)
def sign(**asked: Any) -> None:
    _act(SIGN, **asked)


@command("token-agent issue", *_batch(), group=group, answers=True)
def issue(**asked: Any) -> None:
    _act(ISSUE, **asked)


def _act(
    action: str,
    *,
    papers: Sequence[int],
    server: str,
    user: str,
    module: Path,
    token: str,
    certificate: str,
    preview: Path | None,
    no_questions: bool,
    last_try: bool,
    pin_stdin: bool,
    as_json: bool,
) -> None:
    from engine.signing.pkcs11 import Place
    from web.cli.ceremony import Ceremony

    place = Place(module, token)
    credential = choose_credential(place, certificate)
    if preview is not None:
        preview.mkdir(parents=True, exist_ok=True)
    ceremony = Ceremony(connect(server, user), credential, action, preview)
    chosen = tuple(dict.fromkeys(papers))
    results = _hold(ceremony, place, chosen, no_questions, last_try, pin_stdin)
    told = [one.record() for one in results]
    answer(told, as_json, lambda: table([row(one) for one in results]))
    leave(all(one.done for one in results))


def _hold(
    ceremony: Ceremony,
    place: Place,
    papers: Sequence[int],
    no_questions: bool,
    last_try: bool,
    pin_stdin: bool,
) -> list[Result]:
    """The ceremony: all is shown and allowed, the PIN is asked for once, all is signed.

    What the leader signs is prepared and shown before the PIN. What the clerk seals carries a
    number, which is known only when the paper before it is done: there each is shown and
    allowed in its turn.
    """
    from engine import clock
    from engine.signing.certificates import identity
    from engine.signing.pkcs11 import Wanted, opened
    from web.cli.ceremony import Ready, Result

    # Asked for when the first is shown: a wrong password was refused by then, and once.
    names = cache(partial(_names, ceremony.remote))
    fingerprint = identity(ceremony.credential.certificate).fingerprint
    prepared = ceremony.prepare(papers) if ceremony.action == SIGN else list(papers)
    failed = [one for one in prepared if isinstance(one, Result)]
    ready = [one for one in prepared if not isinstance(one, Result)]
    for one in ready:
        if isinstance(one, Ready):
            show(one, names().get(one.paper, ""))
    if not ready or not (no_questions or ask("sign_all", count=len(ready))):
        return [*failed, *(_left_out(one) for one in ready)]
    pin = read_pin(pin=None, from_stdin=pin_stdin, demonstration=False)

    def allow(one: Ready) -> bool:
        if one in ready:
            return True
        show(one, names().get(one.paper, ""))
        return no_questions or ask("sign_one", paper=one.paper)

    wanted = Wanted(fingerprint=fingerprint)
    with opened(place, pin, wanted, clock.now(), last_try=last_try) as signer:
        return [*failed, *ceremony.sign(ready, signer, allow)]


def _names(remote: Remote) -> dict[int, str]:
    """What each paper that waits is called."""
    told = remote.get("/papers")["papers"]
    return {int(one["id"]): f"{one['kind_name']} · {one['about']}" for one in told}


def _left_out(one: int | Ready) -> Result:
    from web.cli.ceremony import Result

    paper = one if isinstance(one, int) else one.paper
    return Result(paper, code="left_out", detail=No("left_out").sentence)


def choose_credential(place: Place, fingerprint: str) -> Credential:
    from engine import clock
    from engine.signing.pkcs11 import Wanted, choose, credentials

    wanted = Wanted(fingerprint=fingerprint.replace(":", "").lower())
    return choose(credentials(place), wanted, clock.now())


def connect(server: str, user: str) -> Remote:
    from web.cli.remote import Remote

    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None:
        if not sys.stdin.isatty():
            raise No("no_password", variable=PASSWORD_VARIABLE)
        password = str(click.prompt(text("ask_password"), hide_input=True, err=True))
    return Remote.at(server, user, password)


def show(one: Ready, name: str = "") -> None:
    """What is about to be signed; the page of the paper shows the same name and digest."""
    if name:
        click.echo(name, err=True)
    if one.number:
        told = text("to_be_sealed", paper=one.paper, number=one.number, digest=one.covered)
    else:
        told = text("to_be_signed", paper=one.paper, digest=one.covered)
    click.echo(told, err=True)
    if one.file is not None:
        click.echo(text("look_at", file=one.file), err=True)
    if one.annex is not None:
        click.echo(text("with_annex", digest=one.annex.covered), err=True)
        if one.annex.file is not None:
            click.echo(text("look_at", file=one.annex.file), err=True)


def ask(key: str, **places: object) -> bool:
    if not sys.stdin.isatty():
        raise No("cannot_ask", option="--no-questions")
    return click.confirm(text(key, **places), default=False, err=True)


def row(one: Result) -> list[str]:
    mark = text("signed_mark") if one.done else text("failed_mark")
    told = " ".join(part for part in (one.state, one.number) if part)
    return [str(one.paper), mark, told or f"{one.detail} [{one.code}]"]
