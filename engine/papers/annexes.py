"""A list too long for its paper's file: an annex in a file of its own, tied to the paper.

The paper and its annex are printed from the same frozen values, by two templates. The annex is
laid out first; the paper carries the SHA-256 of those first bytes in its data, so whoever signs
the paper signs which annex it is. Source of the rule: Nghị định 30/2020/NĐ-CP, Phụ lục I (an
annex in the same file is not signed by itself, one in another file by the agency).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.papers.kinds import PaperKind

VALUE = "annex"
"""The value that a paper with an annex has, and no other."""

Values = Mapping[str, Any]


def placed(kind: PaperKind, values: Values, code: str, longest: int) -> dict[str, Any]:
    """The values of a paper about to be frozen, which say whether its list has more than
    ``longest`` rows and so goes into a file of its own."""
    kept = {key: value for key, value in values.items() if key != VALUE}
    rows = len(values[kind.annex.list]) if kind.annex else 0
    if kind.annex is None or rows <= longest:
        return kept
    return kept | {VALUE: {"file": kind.annex.file.format(code=code), "rows": rows}}


def template(kind: PaperKind, values: Values) -> str:
    """The template that prints a paper with these values."""
    return kind.annex.enclosing if kind.annex and VALUE in values else kind.template


def annex_template(kind: PaperKind, values: Values) -> str:
    """The template of its annex; empty where it has none."""
    return kind.annex.template if kind.annex and VALUE in values else ""


def file_name(values: Values) -> str:
    """The name of its annex's file; empty where it has none."""
    return str(values[VALUE]["file"]) if VALUE in values else ""


def enclosed(values: Values, first: bytes) -> dict[str, Any]:
    """What the paper's data say of its annex, from the annex's first bytes."""
    told = {"sha256": hashlib.sha256(first).hexdigest(), "size": len(first)}
    return {"file": file_name(values), **told}


def belongs(content: bytes, told: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a file begins with the very bytes of which a paper's data tell (``enclosed``):
    what was signed since then was only appended. ``told`` may come from anywhere."""
    sizes = {one.get("size"): one.get("sha256") for one in told}
    return any(
        type(size) is int
        and 0 < size <= len(content)
        and hashlib.sha256(content[:size]).hexdigest() == digest
        for size, digest in sizes.items()
    )


def templates(kind: PaperKind) -> tuple[str, ...]:
    """All the templates by which papers of a kind may be printed."""
    annex = (kind.annex.enclosing, kind.annex.template) if kind.annex else ()
    return (kind.template, *annex)


def digest(kind: PaperKind, of: Callable[[str], str]) -> str:
    """The digest of all of them; of a single one its own."""
    first, *others = map(of, templates(kind))
    return hashlib.sha256("\n".join((first, *others)).encode()).hexdigest() if others else first
