"""Commands about the law as data: which workflows there are, whether sound, how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import Group, answer, argument, command, leave, option, table
from web.cli.words import language, text

if TYPE_CHECKING:
    from datetime import date

    from engine.definition import Definition

group = Group("workflows")


@command("workflows list", group=group, answers=True)
def listing(as_json: bool) -> None:
    from web.cli.definitions import releases
    from workflows import library
    from workflows.definitions.shelf import last_day

    released = releases()
    starts = [(one.definition.id, one.effective_from) for one in released]
    began = [(one, one.meta.effective.since) for one in library.law().definitions]
    began += [(one.definition, one.effective_from) for one in released]
    unsound = {one.definition.digest for one in released if one.fault}
    found = [
        _plain(one, since, last_day(one, since, starts)) | {"sound": one.digest not in unsound}
        for one, since in began
    ]
    answer(found, as_json, lambda: table([_row(one) for one in found]))


def _row(one: dict[str, Any]) -> list[str]:
    """Two of one id differ in their days and digests, two of one title in whom they follow."""
    days = f"{one['from']} – {one['until'] or ''}".rstrip()
    follows = f" ({text('follows', id=one['follows'])})" if one["follows"] else ""
    mark = "" if one["sound"] else f" {text('release_unsound')}"
    return [one["id"], days, one["digest"][:12], one["title"] + follows + mark]


def _plain(one: Definition, since: date, until: date | None) -> dict[str, Any]:
    from workflows.successions import before

    return {
        "id": one.id,
        "title": one.meta.title[language()],
        "subject": one.meta.subject,
        "states": len(one.states),
        "transitions": len(one.transitions),
        "from": since.isoformat(),
        "until": until.isoformat() if until else None,
        "follows": before(one.id),
        "confidence": one.meta.confidence,
        "digest": one.digest,
    }


@command(
    "workflows check",
    argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    group=group,
    answers=True,
)
def check(files: tuple[Path, ...], as_json: bool) -> None:
    from engine.definition import load
    from engine.errors import DefinitionError
    from workflows import library

    known = {one.id: one for one in library.law().definitions}
    told: list[dict[str, Any]] = []
    if files:
        for path in files:
            try:
                found = load(path, library.PARTS)
                world = {**known, found.id: found}
                told.append(_checked(found, world, _listing(found, world)) | {"file": str(path)})
            except DefinitionError as error:
                told.append(_malformed(path, error))
    else:
        told = [_checked(one, known) for one in library.law().definitions]
    answer(told, as_json, lambda: [line for one in told for line in _verdict(one)])
    leave(all(one["sound"] for one in told))


def _checked(
    definition: Definition, known: Mapping[str, Definition], others: Sequence[Definition] = ()
) -> dict[str, Any]:
    from engine.check import check as prove
    from workflows import library
    from workflows.bindings import LAW
    from workflows.bureau import template_names
    from workflows.wording import explain

    law = library.law()
    problems = [
        problem
        for one in (definition, *others)
        for problem in prove(
            one, binding=LAW, kinds=law.kinds, definitions=known, templates=template_names()
        )
    ]
    return {
        "id": definition.id,
        "sound": not problems,
        "problems": [
            {
                "code": problem.code,
                "story": list(problem.story),
                "message": explain(problem, language()),
                "key": problem.key,
            }
            | ({} if problem.definition == definition.id else {"workflow": problem.definition})
            for problem in problems
        ],
    }


def _listing(flow: Definition, known: Mapping[str, Definition]) -> list[Definition]:
    """The workflows that a workflow of papers moves: a change of it may break them."""
    if flow.meta.subject != "paper":
        return []
    return [one for name, one in known.items() if name != flow.id]


def _malformed(path: Path, error: Any) -> dict[str, Any]:
    from workflows.definitions.faults import why

    message = why(error.reason, language())
    problem = {"code": error.code, "story": [], "message": message, "key": error.key}
    problem["file"] = error.source  # where the fault is: also a part that the file includes
    return {"id": path.stem, "sound": False, "problems": [problem], "file": str(path)}


def _verdict(one: dict[str, Any]) -> list[str]:
    if one["sound"]:
        return [text("sound", id=one["id"])]
    lines = [text("unsound", id=one["id"])]
    for problem in one["problems"]:
        # The message ends with the story.
        where = problem.get("file") or problem.get("workflow")
        place = f"{where}: {problem['key']}" if where else problem["key"]
        lines.append(f"  {place}: {problem['message']} [{problem['code']}]")
    return lines


@command(
    "workflows draw",
    argument("id_", metavar="ID"),
    option("--format", "form", type=click.Choice(["mermaid", "svg"]), default="mermaid"),
    group=group,
)
def draw(id_: str, form: str) -> None:
    from engine import diagram
    from web.cli.definitions import find

    definition, _, _ = find(id_)
    draws = diagram.svg if form == "svg" else diagram.mermaid
    click.echo(draws(definition, language()))
