"""Reading the law files: TOML into frozen models, or the file, the key and the reason."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from engine.definition import Frozen, Span
from engine.errors import DefinitionError

LAW = Path(__file__).parent / "law"

LOCAL = "BINHXET_LAW"
"""The setting that names a folder of local law beside ours: other titles, added criteria."""

ADDED = ("criteria", "recognition", "regimes")
"""The kinds of file, each a folder, that a place may add; beside them ``titles.toml``."""

TITLES = "titles.toml"

Model = TypeVar("Model", bound=Frozen)


def table(path: Path) -> dict[str, Any]:
    """The plain content of one law file; raises ``DefinitionError``."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError.unreadable(path.name, error) from None
    except RecursionError:
        raise DefinitionError(path.name, "file", "values nested too deeply") from None


def read(model: type[Model], path: Path) -> Model:
    """The model in one law file; raises ``DefinitionError``."""
    values = table(path)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "file"
        raise DefinitionError(path.name, key, first["msg"]) from None


def folders() -> tuple[Path, ...]:
    """The folders of law: ours, and that of the place where the product runs, if it has one."""
    local = os.environ.get(LOCAL)
    return (LAW, Path(local)) if local else (LAW,)


def refuse_strays() -> None:
    """Raises ``DefinitionError`` for the first file of local law that nothing would read: one in
    a folder of another name, or of a kind that a place does not add; and for a folder of local
    law that is not there."""
    for folder in folders()[1:]:
        if not folder.is_dir():
            raise DefinitionError(folder.name, LOCAL, "there is no such folder")
        for path in law_files(folder):
            place = path.relative_to(folder)
            if place.as_posix() != TITLES and not (
                len(place.parts) == 2 and place.parts[0] in ADDED
            ):
                reason = f"is not read: local law lies in {', '.join(ADDED)} or {TITLES}"
                raise DefinitionError(place.as_posix(), "file", reason)


def files_of(kind: str) -> Sequence[Path]:
    """The files of one kind (``criteria``, ``regimes``) in all folders; raises
    ``DefinitionError`` when two have one name."""
    found: dict[str, Path] = {}
    for path in (path for folder in folders() for path in sorted((folder / kind).glob("*.toml"))):
        if path.name in found:
            raise DefinitionError(path.name, "file", f"{kind} has a file of this name already")
        found[path.name] = path
    return sorted(found.values(), key=lambda path: path.name)


def refuse_overlaps(spans: Sequence[tuple[str, Span]], key: str, source: str = "") -> None:
    """Raises ``DefinitionError`` when two of these, by name, are effective on one day. The
    names are files, or, where ``source`` is the file, rules in it."""
    ordered = sorted(spans, key=lambda one: one[1].since)
    for (earlier, before), (later, span) in pairwise(ordered):
        if before.until is None or span.since <= before.until:
            day = span.since.isoformat()
            raise DefinitionError(source or later, key, f"{earlier} and {later} both hold on {day}")


def law_files(folder: Path = LAW) -> Sequence[Path]:
    """Every file of law, in a fixed order."""
    return sorted(folder.rglob("*.toml"))
