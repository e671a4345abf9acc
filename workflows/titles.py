"""The titles that units may be nominated for, as data."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from engine.definition import Frozen, Words
from engine.errors import NotFound, Refusal
from workflows.lawfiles import folders, read


class Title(Frozen):
    """One title; ``standard`` is how papers print it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=20)
    standard: str = Field(min_length=1)
    label: Words


class _TitleFile(Frozen):
    titles: tuple[Title, ...]


@cache
def titles() -> dict[str, Title]:
    """Every title on file, by id; raises ``DefinitionError``."""
    files = [path for folder in folders() if (path := folder / "titles.toml").is_file()]
    found = [one for path in files for one in read(_TitleFile, path).titles]
    return {one.id: one for one in found}


def standard(title: str) -> str:
    """The name of a title in papers; raises ``NotFound`` (``no_such_title``)."""
    try:
        return titles()[title].standard
    except KeyError:
        raise NotFound(Refusal("no_such_title", {"title": title})) from None
