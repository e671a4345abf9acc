"""Commands of the program beside the token over a batch that the server keeps: once, or driven
by the page."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from web.cli.frame import answer, argument, command, leave, option, table
from web.cli.inputs import read_pin
from web.cli.refusals import Answered, No
from web.cli.token_agent import (
    ask,
    choose_credential,
    connect,
    group,
    row,
    server_options,
    show,
    token_options,
)
from web.cli.words import of_all_threads, text

if TYPE_CHECKING:
    from web.cli.agent import Agent, Work
    from web.cli.ceremony import Ready, Result
    from web.cli.course import Course

PORT = 8791


def _held() -> list[Any]:
    folder = click.Path(path_type=Path, file_okay=False)
    return [
        *server_options(),
        *token_options(),
        option("--certificate", default="", metavar="FINGERPRINT"),
        option("--preview", type=folder, metavar="FOLDER"),
        option("--last-try", is_flag=True),
        option("--pin-stdin", is_flag=True),
    ]


@command(
    "token-agent batch",
    argument("code"),
    *_held(),
    option("--no-questions", is_flag=True),
    group=group,
    answers=True,
)
def batch(code: str, no_questions: bool, as_json: bool, **asked: Any) -> None:
    course = _course(code, **_chosen(**asked))
    results = _hold(course, no_questions, asked["last_try"], asked["pin_stdin"])
    answer([one.record() for one in results], as_json, lambda: table([row(r) for r in results]))
    leave(all(one.done for one in results))


def _chosen(
    *,
    server: str,
    user: str,
    module: Path,
    token: str,
    certificate: str,
    preview: Path | None,
    **_: Any,
) -> dict[str, Any]:
    """The token, its certificate and the server, asked for once."""
    from engine.signing.pkcs11 import Place

    place = Place(module, token)
    credential = choose_credential(place, certificate)
    if preview is not None:
        preview.mkdir(parents=True, exist_ok=True)
    remote = connect(server, user)
    return {"remote": remote, "place": place, "credential": credential, "previews": preview}


def _course(code: str, **chosen: Any) -> Course:
    from web.cli.course import Course

    return Course(code=code, **chosen)


def _hold(course: Course, no_questions: bool, last_try: bool, pin_stdin: bool) -> list[Result]:
    from web.cli.ceremony import Result

    prepared = list(course.prepared())
    failed = [one for one in prepared if isinstance(one, Result)]
    ready = [one for one in prepared if not isinstance(one, Result)]
    for one in ready:
        if not isinstance(one, int):
            show(one, course.names.get(one.paper, ""))
    if not ready or not (no_questions or ask("sign_all", count=len(ready))):
        return failed
    pin = read_pin(pin=None, from_stdin=pin_stdin, demonstration=False)

    def allow(one: Ready) -> bool:
        if one not in ready:
            show(one, course.names.get(one.paper, ""))
        return True

    results = failed
    try:
        results.extend(course.sign(ready, pin, allow, last_try=last_try))
    except KeyboardInterrupt:  # between two papers or in one: the server knows what was done
        results.extend(course.rest({one.paper for one in results}))
    return results


# ------------------------------------------------------------------ driven by the page


@command(
    "token-agent serve",
    *_held(),
    option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True),
    group=group,
)
def serve(port: int, **asked: Any) -> None:
    from web.cli.agent import Agent
    from web.cli.loopback import HOST, Door

    chosen = _chosen(**asked)
    agent = Agent(_origin(asked["server"]), asked["user"], _show_code)
    try:
        door = Door(port, agent)
    except OSError as error:
        raise No("port_taken", host=HOST, port=port, reason=error.strerror) from None
    click.echo(text("agent_ready", port=door.server_port, server=agent.origin), err=True)
    agent.offer()
    thread = Thread(target=door.serve_forever, daemon=True)
    with of_all_threads():
        thread.start()
        try:
            _go_on(agent, chosen, asked["last_try"], asked["pin_stdin"])
        except KeyboardInterrupt:
            agent.stop()
        finally:
            door.shutdown()
            door.server_close()


def _origin(server: str) -> str:
    url = urlsplit(server)
    return f"{url.scheme}://{url.netloc}"


def _show_code(code: str) -> None:
    click.echo(text("pairing_code", code=f"{code[:4]} {code[4:]}"), err=True)


def _go_on(agent: Agent, chosen: dict[str, Any], last_try: bool, pin_stdin: bool) -> None:
    from engine.errors import EngineError
    from web.cli.ceremony import failed

    while True:
        work = agent.asked.get()
        try:
            _do(_course(work.ceremony, **chosen), work, last_try, pin_stdin)
        except (EngineError, Answered, No) as error:
            told = failed(0, error)
            click.echo(f"{told.detail} [{told.code}]", err=True)
            work.end(told.code, told.detail)


def _do(course: Course, work: Work, last_try: bool, pin_stdin: bool) -> None:
    """One batch: prepared and shown on both screens, the PIN asked for here, then signed."""
    from web.cli.agent import ASKING, SIGNING
    from web.cli.ceremony import ENDING, Result

    names, ready, lost = course.names, [], ("", "")
    for one in course.prepared():
        if isinstance(one, Result):
            work.tell(one)
            lost = (one.code, one.detail) if one.code in ENDING else lost
            continue
        ready.append(one)
        if not isinstance(one, int):
            _tell_of(one, names, work)
        if work.stopped.is_set():
            break
    if not ready or work.stopped.is_set():
        work.end(*lost)
        return
    work.state = ASKING
    pin = _ask_pin(len(ready), pin_stdin)
    if not pin or work.stopped.is_set():
        work.end("left_out", No("left_out").sentence)
        return
    work.state = SIGNING

    def allow(one: Ready) -> bool:
        if one not in ready:
            _tell_of(one, names, work)
        return True

    signing = course.sign(ready, pin, allow, last_try=last_try, stopped=work.stopped.is_set)
    for result in signing:
        work.tell(result)
        click.echo("  ".join(row(result)), err=True)
    work.end()


def _tell_of(one: Ready, names: dict[int, str], work: Work) -> None:
    show(one, names.get(one.paper, ""))
    work.show(one)


def _ask_pin(count: int, pin_stdin: bool) -> str:
    """The PIN, asked for anew for every batch: whoever drives the page must be here too."""
    click.echo(text("pin_for", count=count), err=True)
    if pin_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise No("cannot_ask", option="--pin-stdin")
    return str(click.prompt(text("ask_pin"), hide_input=True, default="", show_default=False))
