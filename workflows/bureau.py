"""The product put together once per process: law, functions, files, keys and desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from engine import check
from engine.definition import Definition
from engine.house import House
from engine.papers import annexes, fonts
from engine.papers.template import Templates
from engine.releases import DatabaseShelf
from engine.store import BlobStore
from workflows import library
from workflows.actors import find_actor
from workflows.bindings import LAW
from workflows.keys import Keyring
from workflows.papers import PaperDesk
from workflows.practice import practice

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "papers"


@dataclass(frozen=True)
class Bureau:
    """What every entrance to the product shares: the site, the API, the command line, the
    worker."""

    house: House
    store: BlobStore
    desk: PaperDesk


def build(
    *,
    blob_folder: Path,
    keys_folder: Path,
    specimen: bool,
    wake: Callable[[Sequence[int]], None] | None = None,
) -> Bureau:
    """Reads the law, proves it sound, and puts the product together.

    Raises ``DefinitionError`` for a malformed or unsound definition, and
    ``fonts.FontMissing`` with the command that installs the typeface. Nothing starts then.
    """
    law = library.law()
    if fonts.missing():
        raise fonts.FontMissing
    templates = Templates(TEMPLATES)
    prove(law)
    digests = {kind.id: annexes.digest(kind, templates.digest) for kind in law.kinds.values()}
    house = House(
        definitions=law.definitions,
        binding=LAW,
        kinds=law.kinds,
        find_actor=find_actor,
        template_digest=digests.__getitem__,
        calendar=law.calendar,
        longest_list=practice().annex.longest_list,
        specimen=specimen,
        wake=wake or _nobody_to_wake,
    )
    store = BlobStore(blob_folder)
    return Bureau(house, store, PaperDesk(house, store, Keyring(keys_folder), TEMPLATES))


@cache
def template_names() -> frozenset[str]:
    """The names of the paper templates on disk, without their suffix."""
    return frozenset(path.stem for path in TEMPLATES.glob("*.html") if path.stem[0] != "_")


def prove(law: library.Law) -> None:
    """Raises ``DefinitionError`` telling the first problem of an unsound definition."""
    by_id: Mapping[str, Definition] = {d.id: d for d in law.definitions}
    for definition in law.definitions:
        check.prove(
            definition,
            binding=LAW,
            kinds=law.kinds,
            definitions=by_id,
            templates=template_names(),
        )


def with_releases(bureau: Bureau, database: Engine) -> Bureau:
    """The same bureau, which also runs the definitions released in that database."""
    shelf = shelf_of(database)
    house = replace(bureau.house, shelf=shelf)
    return replace(bureau, house=house, desk=replace(bureau.desk, house=house))


def shelf_of(database: Engine) -> DatabaseShelf:
    """What was released in that database, each judged by the check as it is now."""
    return DatabaseShelf(database, _prove_released)


def _prove_released(definition: Definition) -> None:
    law = library.law()
    check.prove(
        definition,
        binding=LAW,
        kinds=law.kinds,
        definitions={one.id: one for one in (*law.definitions, definition)},
        templates=template_names(),
    )


def _nobody_to_wake(_task_ids: Sequence[int]) -> None:
    """No queue: the worker's sweep finds the tasks."""
