"""The whole log worked out anew from its leaves, and held to every checkpoint there is.

What is found is told as refusals, each with its own code:

- ``log_leaf_edited`` a leaf is not the text that was hashed, or its row tells otherwise;
- ``log_gap`` leaves are missing in the middle;
- ``log_order`` a leaf does not lie where it says, or is older than the one before it;
- ``log_node_wrong`` a kept hash of a subtree is not that of its leaves;
- ``log_checkpoint_altered`` a kept checkpoint is not what was signed;
- ``log_rewritten`` the leaves are not those that a kept checkpoint was signed over;
- ``log_cut`` there are fewer leaves than a checkpoint was signed over;
- ``log_fork`` the leaves are not those of a checkpoint that somebody outside has kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refusal, Refused
from engine.history import canonical
from engine.log import tree
from engine.log.book import FORM, Checkpoint, Leaf
from engine.log.note import Head, Verifier


@dataclass(slots=True)
class Recheck:
    """What was found, and how much there is."""

    findings: list[Refusal] = field(default_factory=list)
    size: int = 0
    root: bytes = tree.EMPTY
    checkpoints: int = 0
    signed: int = 0
    """How many leaves the newest checkpoint covers."""
    roots: Mapping[int, bytes] = field(default_factory=dict)
    """The root at each size that was asked for; none after a gap."""


def recheck(
    session: Session,
    verifier: Verifier,
    seen: Sequence[Head] = (),
    sizes: Collection[int] = (),
) -> Recheck:
    """Reads the whole log once. ``seen`` are heads kept elsewhere, their signatures checked;
    ``sizes`` are others at which the root is wanted."""
    found = Recheck()
    kept = list(_kept(session, verifier, found))
    found.roots = roots = _read(session, found, {*sizes, *(head.size for head in (*kept, *seen))})
    found.checkpoints, found.signed = len(kept), max((head.size for head in kept), default=0)
    found.findings += _held(kept, roots, found.size, "log_rewritten")
    # A head that is kept here too says nothing new.
    others = [head for head in seen if head not in kept]
    found.findings += [
        one for one in _held(others, roots, found.size, "log_fork") if one not in found.findings
    ]
    return found


def _kept(session: Session, verifier: Verifier, found: Recheck) -> Iterator[Head]:
    """The heads of the kept checkpoints whose signature is good and whose row tells the same."""
    for row in session.scalars(select(Checkpoint).order_by(Checkpoint.size)):
        try:
            head = verifier.open(row.note)
        except Refused:
            head = None
        if head is None or (head.size, head.root.hex()) != (row.size, row.root):
            found.findings.append(Refusal("log_checkpoint_altered", {"size": row.size}))
        if head is not None:
            yield head


def _read(session: Session, found: Recheck, wanted: set[int]) -> dict[int, bytes]:
    """Goes through the leaves; the roots at the sizes that are wanted, none after a gap."""
    edge = tree.Edge()
    roots = {0: edge.root}
    before: Any = None
    rows = session.execute(
        select(Leaf.position, Leaf.at, Leaf.event, Leaf.leaf, Leaf.hash, Leaf.nodes).order_by(
            Leaf.position
        ),
        execution_options={"yield_per": 2000},
    )
    for row in rows:
        found.findings += _misplaced(row, before)
        told = tree.leaf_hash(row.leaf.encode())
        ended = [node.hex() for node in edge.append(told)]
        if row.hash != ended[0] or not _tells(row):
            found.findings.append(Refusal("log_leaf_edited", {"index": row.position}))
        elif row.nodes != ended[1:] and not found.findings:
            # After the first fault every later subtree over it differs too.
            found.findings.append(Refusal("log_node_wrong", {"index": row.position}))
        if edge.size in wanted and edge.size == row.position + 1:
            roots[edge.size] = edge.root
        before = row
    found.size, found.root = before.position + 1 if before else 0, edge.root
    return roots


def _misplaced(row: Any, before: Any) -> Iterator[Refusal]:
    expected = before.position + 1 if before else 0
    if row.position != expected:
        yield Refusal("log_gap", {"first": expected, "last": row.position - 1})
    if _read_leaf(row.leaf).get("index") != row.position or (before and row.at < before.at):
        yield Refusal("log_order", {"index": row.position})


def _tells(row: Any) -> bool:
    """Whether a leaf is a canonical text, of a form we know, that tells what its row does."""
    told = _read_leaf(row.leaf)
    return (
        canonical(told).decode() == row.leaf
        and told.get("form") == FORM
        and told.get("event") == row.event
        and told.get("at") == row.at.isoformat(timespec="microseconds")
    )


def _read_leaf(leaf: str) -> dict[str, Any]:
    try:
        told = json.loads(leaf)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _held(
    heads: Sequence[Head], roots: dict[int, bytes], size: int, code: str
) -> Iterator[Refusal]:
    """What the first head that does not hold shows: a cut, or ``code`` for another root."""
    for head in sorted(heads, key=lambda head: head.size):
        if head.size > size:
            yield Refusal("log_cut", {"size": head.size, "now": size})
            return
        if roots.get(head.size) != head.root:
            yield Refusal(code, {"size": head.size})
            return
