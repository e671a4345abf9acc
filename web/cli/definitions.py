"""Commands about definitions for people: told in sentences, handed out, live cases moved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import answer, argument, command, leave, option
from web.cli.inputs import as_user
from web.cli.refusals import No
from web.cli.words import language, text
from web.cli.workflows import group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.definition import Definition
    from engine.papers.kinds import PaperKind
    from engine.releases import Release
    from workflows.definitions.migrating import Fate

__all__ = ["group"]


def find(name: str) -> tuple[Definition, Mapping[str, PaperKind], Mapping[str, Definition]]:
    """The definition of an id or a digest, with the kinds of paper and all by their id: as an
    installation has them, or the files alone where there is none."""
    from engine.errors import NotFound
    from web.cli.office import open_office
    from web.settings import Unsafe
    from workflows import library
    from workflows.definitions.migrating import called

    office = open_office()
    try:
        _ = office.engine
    except Unsafe:
        law = library.law()
        known = {one.id: one for one in law.definitions}
        found = [one for one in known.values() if name in (one.id, one.digest)]
        if not found:
            raise No("unknown_workflow", id=name, known=", ".join(known)) from None
        return found[0], law.kinds, known
    house = office.bureau.house
    known = {one.id: house.named(one.id) for one in house.definitions}
    try:
        return called(house, name), house.kinds, known
    except NotFound:
        raise No("unknown_workflow", id=name, known=", ".join(known)) from None


def releases() -> Sequence[Release]:
    """What was released in the installation of this call; nothing where there is none."""
    from web.cli.office import open_office
    from web.settings import Unsafe
    from workflows.bureau import shelf_of

    try:
        return shelf_of(open_office().engine).known()
    except Unsafe:
        return ()


@command("workflows show", argument("id_", metavar="ID"), group=group, answers=True)
def show(id_: str, as_json: bool) -> None:
    from workflows.definitions.telling import tell

    definition, kinds, flows = find(id_)
    told = tell(definition, language(), kinds=kinds, flows=flows)
    plain = {
        "id": definition.id,
        "digest": definition.digest,
        "states": [
            {
                "id": state.id,
                "label": state.label,
                "lines": list(state.lines),
                "moves": [
                    {"id": move.id, "label": move.label, "lines": list(move.lines)}
                    for move in state.moves
                ],
            }
            for state in told
        ],
    }
    answer(plain, as_json, lambda: [definition.meta.title[language()], *_lines(plain["states"])])


def _lines(states: Any) -> list[str]:
    lines = []
    for state in states:
        lines += ["", f"# {state['label']}", *state["lines"]]
        for move in state["moves"]:
            lines += [f"- {move['label']}", *(f"    {line}" for line in move["lines"])]
    return lines


@command(
    "workflows export",
    argument("id_", metavar="ID"),
    argument("file", type=click.Path(dir_okay=False, path_type=Path)),
    option("--format", "form", type=click.Choice(["bpmn"]), default="bpmn"),
    group=group,
    answers=True,
)
def export(id_: str, file: Path, form: str, as_json: bool) -> None:
    from workflows.definitions import telling

    writes = {"bpmn": telling.bpmn}
    definition, kinds, flows = find(id_)
    content = writes[form](definition, language(), kinds=kinds, flows=flows)
    file.write_bytes(content)
    plain = {"id": definition.id, "digest": definition.digest, "file": str(file)}
    answer(plain, as_json, lambda: [text("written", file=file, size=len(content))])


@command(
    "workflows migrate",
    argument("old", metavar="FROM"),
    argument("new", metavar="TO"),
    as_user(),
    option("--dry-run", is_flag=True),
    option("--ask", is_flag=True),
    group=group,
    answers=True,
)
def migrate(old: str, new: str, user: str, dry_run: bool, ask: bool, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.definitions import adopting, migrating

    office = open_office()
    house = office.bureau.house
    source, target = migrating.called(house, old), migrating.called(house, new)
    person = office.person(user)
    if ask:
        adopting.ask(office.session, house, person, source, target)
    if dry_run or ask:
        fates = migrating.rehearse(office.session, house, person, source, target)
    else:
        fates = migrating.migrate(office.session, house, person, source, target)
    answer(
        [_plain(one) for one in fates],
        as_json,
        lambda: [
            *map(_told, fates),
            _sum(fates, dry_run=dry_run or ask),
            *([text("adoption_asked")] if ask else []),
        ],
    )
    leave(all(fate.moves for fate in fates))


def _plain(fate: Fate) -> dict[str, Any]:
    from workflows.wording import say

    told = [{"code": one.code, "message": say(one, language())} for one in fate.refusals]
    return {"id": fate.subject_id, "state": fate.state, "moves": fate.moves, "reasons": told}


def _told(fate: Fate) -> str:
    from workflows.wording import say

    mark = "✓" if fate.moves else "✗"
    reasons = " ".join(say(one, language()) for one in fate.refusals)
    return f"{mark} {fate.subject_id} {fate.state} {reasons}".rstrip()


def _sum(fates: Sequence[Fate], *, dry_run: bool) -> str:
    moving = sum(fate.moves for fate in fates)
    key = "cases_would_move" if dry_run else "cases_moved"
    return text(key, moved=moving, stayed=len(fates) - moving)
