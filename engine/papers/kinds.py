"""Kinds of paper as data: which template, which workflow, which number series."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from engine.definition import Act, Frozen, Words
from engine.errors import DefinitionError


class Annexed(Frozen):
    """How a kind of paper is made whose list is too long for its own file.

    ``list`` is the value that holds the list, ``enclosing`` the template of the paper without
    it, ``template`` that of the annex, ``file`` the annex's name, with ``{code}`` for the
    paper's public code.
    """

    list: str
    enclosing: str
    template: str
    file: str = Field(pattern=r"^[a-z-]*\{code\}\.pdf$")


class PaperKind(Frozen):
    """One kind of paper.

    ``definition`` is the workflow its papers go through. ``symbol`` is what follows the
    number (``QĐ-UBND``) and ``series`` the register that counts it; a paper that is only
    recorded, to be signed by hand, has neither. ``signatory`` is the role that signs. ``act``
    is what papers of this kind do to an earlier one; a replacement is of that one's own kind.
    ``annex`` says what becomes of a list that is too long for one file.
    ``mark`` is the number by which a printed code names the kind: it never changes, and is
    never given again.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Words
    template: str
    definition: str
    symbol: str = ""
    series: str = ""
    signatory: str = ""
    mark: int = Field(default=0, ge=0, le=255)
    lists_many: bool = False
    act: Act | None = None
    annex: Annexed | None = None


class _KindFile(Frozen):
    kinds: tuple[PaperKind, ...]


def load_kinds(path: Path) -> Mapping[str, PaperKind]:
    """The kinds in one TOML file, by id; raises ``DefinitionError``."""
    try:
        read = _KindFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError(path.name, "file", str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DefinitionError(path.name, key, first["msg"]) from None
    return {kind.id: kind for kind in read.kinds}
