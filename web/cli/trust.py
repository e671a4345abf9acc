"""Commands about the trust bundle: written to a file, as a page, and the key that signs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from web.cli.frame import Group, answer, argument, command, option
from web.cli.refusals import No
from web.cli.words import text

group = Group("trust")
TARGET = click.Path(dir_okay=False, path_type=Path)


def _bundle() -> dict[str, Any]:
    from web.cli.office import open_office
    from workflows.trust import export

    office = open_office()
    return export(office.session, office.bureau.desk)


def _write(target: Path, content: bytes, as_json: bool, told: dict[str, Any]) -> None:
    try:
        target.write_bytes(content)
    except OSError as error:
        raise No("not_written", file=target, reason=error.strerror) from None
    told = {"file": str(target), "size": len(content), **told}
    answer(told, as_json, lambda: [text("written", file=target, size=len(content))])


@command("trust export", argument("file", type=TARGET), group=group, answers=True)
def export(file: Path, as_json: bool) -> None:
    told = _bundle()
    content = json.dumps(told, ensure_ascii=False, indent=1).encode()
    _write(file, content, as_json, {"made_at": told["made_at"]})


@command("trust page", argument("file", type=TARGET), group=group, answers=True)
def page(file: Path, as_json: bool) -> None:
    from web.offline import page_file

    told = _bundle()
    _write(file, page_file(told).encode(), as_json, {"made_at": told["made_at"]})


@command(
    "trust key",
    option("--create", "create_key", is_flag=True),
    option("--renew", is_flag=True),
    option("--stolen", metavar="ID"),
    group=group,
    answers=True,
)
def key(create_key: bool, renew: bool, stolen: str | None, as_json: bool) -> None:
    from web.cli.office import settings
    from workflows.statement_keys import StatementKeys

    keys = StatementKeys(settings().keys_folder)
    if create_key:
        keys.create()
    if renew:
        keys.renew()
    if stolen:
        keys.disown(stolen)
    told = [one.record() for one in keys.published()]
    answer(
        told,
        as_json,
        lambda: [_key_line(one) for one in told],
    )


def _key_line(one: dict[str, Any]) -> str:
    mark = f"  {text('key_stolen')}" if one["stolen"] else ""
    return f"{one['key']}  {one['from']} – {one['until'] or ''}{mark}"
