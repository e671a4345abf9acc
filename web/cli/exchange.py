"""Sheets in, and empty sheets to fill in: ``load`` and ``template``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from web.cli.frame import Group, answer, argument, command, leave, option
from web.cli.refusals import No
from web.cli.words import language, text

load = Group("load")
template = Group("template")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@command(
    "load units",
    argument("file", type=FILE),
    option("--dry-run", is_flag=True),
    group=load,
    answers=True,
)
def load_units(file: Path, dry_run: bool, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.territory.loading import as_record
    from workflows.territory.loading import load_units as read
    from workflows.wording import say

    office = open_office()
    report = read(office.session, file.read_bytes(), file.name, dry_run=dry_run)
    told = as_record(report, [say(one, language()) for one in report.refused])
    answer(told, as_json, lambda: loaded_lines(told))
    leave(not report.refused)


def loaded_lines(told: dict[str, Any]) -> list[str]:
    """What a load says to people: each reason with its cell, then the sum."""
    lines = []
    for one in told["refused"]:
        place = f"{one['sheet']}!{one['cell']}" if one["sheet"] else one["cell"]
        lines.append(f"{place}: {one['detail']} [{one['code']}]")
    outcome = "load_refused" if told["refused"] else "load_tried" if told["dry_run"] else "loaded"
    counts = {name: told[name] for name in ("rows", "new", "changed", "same")}
    return [*lines, text(outcome, **counts, refused=len(told["refused"]))]


@command("template units", argument("file", type=NEW_FILE), group=template, answers=True)
def template_units(file: Path, as_json: bool) -> None:
    from workflows.exchange.template import template as make

    data = make("units", file.name, language())
    try:
        file.write_bytes(data)
    except OSError as error:
        raise No("not_written", file=file, reason=error.strerror) from None
    told = {"file": str(file), "size": len(data)}
    answer(told, as_json, lambda: [text("written", **told)])
