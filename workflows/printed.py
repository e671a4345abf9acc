"""What the log was when a paper was issued, as it stands printed in the paper's strip.

Whoever has the database and the log's key can write another log and sign it. The papers that
went out they cannot reach: each bears the size and the root of the log just before its issue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.errors import Refusal, Refused
from engine.statement import form
from workflows.origins import statements


@dataclass(frozen=True, slots=True)
class Printed:
    """The checkpoint on one issued paper: how long the log was, and the first bytes of its
    root."""

    code: str
    number: str
    size: int
    root: bytes


def printed(content: bytes, code: str, number: str) -> Printed | None:
    """The checkpoint in the statement that an issued file of this code bears; none where none
    can be read from its bytes."""
    for text in statements(content):
        try:
            said = form.read(text)
        except Refused:
            continue
        if said.code == code:
            return Printed(code, number, said.statement.log_size, said.statement.log_root)
    return None


def against(papers: Iterable[Printed], roots: Mapping[int, bytes], size: int) -> Iterator[Refusal]:
    """Every paper whose checkpoint is not of this log, which has ``size`` leaves and these
    roots at the sizes that are printed."""
    for paper in papers:
        where = {"paper": paper.code, "number": paper.number, "size": paper.size}
        root = roots.get(paper.size, b"")[: len(paper.root)]
        if paper.size > size:
            yield Refusal("log_paper_cut", {**where, "now": size})
        elif root != paper.root:
            places = {"root": as_printed(paper.root), "held": as_printed(root) or "–"}
            yield Refusal("log_paper_fork", {**where, **places})


def as_printed(root: bytes) -> str:
    """The first bytes of a root as people compare them."""
    text = root[: form.ROOT_BYTES].hex()
    return f"{text[:8]} {text[8:]}".rstrip()
