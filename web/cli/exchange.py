"""Sheets in, and empty sheets to fill in: ``load`` and ``template``."""

from __future__ import annotations

import json
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
    """What a load says to people: each reason with its cell, the lines left out, the sum."""
    lines = []
    for one in told["refused"]:
        place = f"{one['sheet']}!{one['cell']}" if one["sheet"] else one["cell"]
        lines.append(f"{place}: {one['detail']} [{one['code']}]")
    if left := told["left_out"]:
        lines.append(text("load_left_out", count=len(left), rows=", ".join(left)))
    outcome = "load_refused" if told["refused"] else "load_tried" if told["dry_run"] else "loaded"
    counts = {name: told[name] for name in ("rows", "new", "changed", "same")}
    return [*lines, text(outcome, **counts, refused=len(told["refused"]))]


@command(
    "load history",
    argument("file", type=FILE),
    option("--dry-run", is_flag=True),
    option("--match", "matches", metavar="KEY=CODE", multiple=True),
    option("--matches", "matches_file", type=FILE),
    group=load,
    answers=True,
)
def load_history(
    file: Path,
    dry_run: bool,
    matches: tuple[str, ...],
    matches_file: Path | None,
    as_json: bool,
) -> None:
    from web.cli.office import open_office
    from workflows.takeover.loading import as_record
    from workflows.takeover.loading import load_history as read
    from workflows.wording import say

    chosen = _chosen(matches, matches_file)
    office = open_office()
    report = read(office.session, file.read_bytes(), file.name, chosen=chosen, dry_run=dry_run)
    told = as_record(report, [say(one, language()) for one in report.refused])
    answer(told, as_json, lambda: [*_offered(told), *loaded_lines(told)])
    leave(not report.refused)


def _chosen(matches: tuple[str, ...], file: Path | None) -> dict[str, str]:
    """The units chosen for names: one by one, and those of a file (JSON: name by code)."""
    found: dict[str, str] = {}
    if file:
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            found |= {str(key): str(code) for key, code in told.items()}
        except (ValueError, AttributeError):
            raise click.UsageError(text("matches_unreadable", file=file)) from None
    for one in matches:
        key, equals, code = one.rpartition("=")
        if not equals:
            raise click.UsageError(text("match_without_code", match=one))
        found[key.strip()] = code.strip()
    return found


def _offered(told: dict[str, Any]) -> list[str]:
    """How to accept what is offered, ready to be copied."""
    return [
        f'--match "{one["key"]}={candidate["code"]}"   # {candidate["name"]}, {one["commune"]}'
        for one in told["suggestions"]
        for candidate in one["candidates"]
    ]


@command("template units", argument("file", type=NEW_FILE), group=template, answers=True)
def template_units(file: Path, as_json: bool) -> None:
    _template("units", file, as_json)


@command("template history", argument("file", type=NEW_FILE), group=template, answers=True)
def template_history(file: Path, as_json: bool) -> None:
    _template("history", file, as_json)


def _template(kind: str, file: Path, as_json: bool) -> None:
    from workflows.exchange.template import template as make

    data = make(kind, file.name, language())
    try:
        file.write_bytes(data)
    except OSError as error:
        raise No("not_written", file=file, reason=error.strerror) from None
    told = {"file": str(file), "size": len(data)}
    answer(told, as_json, lambda: [text("written", **told)])
