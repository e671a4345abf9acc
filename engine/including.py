"""Stretches that several definitions share: parts of files, put in before a definition is read.

A definition names a part and what its places stand for; the states, transitions and fields
of the part are then its own. Whoever reads a definition sees the whole, and its digest is
that of the whole: a part that changed makes every definition that includes it another one.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from engine.errors import DefinitionError
from engine.values import Frozen

GROUPS = ("states", "transitions", "fields")
PLACE = re.compile(r"\{([a-z_]+)\}")


class Include(Frozen):
    """One part: ``places`` are written in it as ``{name}``; items named in ``without`` stay
    out."""

    part: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    places: Mapping[str, str] = Field(default_factory=dict, alias="with")
    without: tuple[str, ...] = ()


def resolve(values: dict[str, Any], source: str, parts: Path | None) -> dict[str, Any]:
    """The values of a definition with what it includes put before its own items.

    Raises ``DefinitionError`` for a part that is not there, a place that nothing fills or
    that the part does not have, and an item left out that it does not have.
    """
    whole = {name: value for name, value in values.items() if name != "include"}
    found: dict[str, list[Any]] = {group: [] for group in GROUPS}
    if not isinstance(values["include"], list):
        raise DefinitionError(source, "include", "is a list of parts: [[include]]")
    for position, told in enumerate(values["include"]):
        key = f"include.{position}"
        part = _part(told, source, key, parts)
        for group in GROUPS:
            found[group] += part.get(group, [])
    for group in GROUPS:
        whole[group] = [*found[group], *values.get(group, [])]
    return whole


def digest_of(whole: Mapping[str, Any]) -> str:
    """SHA-256 of a resolved definition: of its content, whatever files it came from."""
    told = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def _part(told: Any, source: str, key: str, parts: Path | None) -> dict[str, Any]:
    try:
        wanted = Include.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DefinitionError(source, f"{key}.{place}", first["msg"]) from None
    path = (parts or Path()) / f"{wanted.part}.toml"
    if parts is None or not path.is_file():
        raise DefinitionError(source, f"{key}.part", f"there is no part {wanted.part}")
    try:
        read = _read(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError.unreadable(path.name, error) from None
    except RecursionError:
        raise DefinitionError(path.name, "file", "values nested too deeply") from None
    if strange := sorted(read.keys() - set(GROUPS)):
        raise DefinitionError(path.name, strange[0], "a part has states, transitions and fields")
    return _without(_filled(read, wanted, source, key), wanted, source, key)


@lru_cache(maxsize=64)
def _read(text: str) -> Mapping[str, Any]:
    """A part's text, read once for all that include it; nothing changes what it says."""
    return tomllib.loads(text)


def _filled(read: Any, wanted: Include, source: str, key: str) -> dict[str, Any]:
    used: set[str] = set()

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            names = PLACE.findall(value)
            used.update(names)
            if missing := [name for name in names if name not in wanted.places]:
                reason = f"the part {wanted.part} needs {missing[0]}"
                raise DefinitionError(source, f"{key}.with", reason)
            return PLACE.sub(lambda found: wanted.places[found[1]], value)
        if isinstance(value, list):
            return [fill(one) for one in value]
        if isinstance(value, dict):
            return {name: fill(one) for name, one in value.items()}
        return value

    filled: dict[str, Any] = fill(read)
    if unused := sorted(wanted.places.keys() - used):
        reason = f"the part {wanted.part} has no place {unused[0]}"
        raise DefinitionError(source, f"{key}.with", reason)
    return filled


def _without(read: dict[str, Any], wanted: Include, source: str, key: str) -> dict[str, Any]:
    known = {item.get("id") for group in read.values() for item in group}
    if missing := [name for name in wanted.without if name not in known]:
        reason = f"the part {wanted.part} has no {missing[0]}"
        raise DefinitionError(source, f"{key}.without", reason)
    return {
        group: [item for item in items if item.get("id") not in wanted.without]
        for group, items in read.items()
    }
