"""The Merkle tree of RFC 9162, section 2.1, over SHA-256: pure functions.

``Node(level, position)`` is the root of the complete subtree over the ``2**level`` leaves that
begin at ``position * 2**level``; node ``(0, i)`` is leaf ``i``. Every hash a root or a proof
needs is folded from a few such nodes, which never change once their leaves are there: a *cover*
names them from left to right. So the tree is kept by nodes, and read by covers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

LEAF, INNER = b"\x00", b"\x01"
EMPTY = hashlib.sha256(b"").digest()
"""The root of the tree without leaves (section 2.1.1)."""


class Node(NamedTuple):
    """The root of a complete subtree."""

    level: int
    position: int

    @property
    def last(self) -> int:
        """The index of the subtree's last leaf, with which the node came to be."""
        return ((self.position + 1) << self.level) - 1


Cover = tuple[Node, ...]


def leaf_hash(entry: bytes) -> bytes:
    """``HASH(0x00 || d)``, section 2.1.1."""
    return hashlib.sha256(LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """``HASH(0x01 || left || right)``, section 2.1.1."""
    return hashlib.sha256(INNER + left + right).digest()


def cover(start: int, end: int) -> Cover:
    """The complete subtrees over leaves ``start`` to ``end - 1``, the largest first.

    ``start`` must be where section 2.1.1 would begin a subtree of that width: a multiple of
    the largest power of two that is not greater than it.
    """
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return tuple(nodes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over the subtrees of a cover (section 2.1.1, from the right)."""
    if not hashes:
        return EMPTY
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def inclusion(index: int, size: int) -> list[Cover]:
    """``PATH(index, D[size])`` of section 2.1.3.1, from the leaf's sibling to below the root.

    Raises ``ValueError`` when the tree of that size has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} among {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(cover(middle, end))
            end = middle
        else:
            path.append(cover(start, middle))
            start = middle
    return path[::-1]


def consistency(first: int, second: int) -> list[Cover]:
    """``PROOF(first, D[second])`` of section 2.1.4.1; empty when the sizes are equal.

    Raises ``ValueError`` for a first tree that is empty or larger than the second.
    """
    if not 0 < first <= second:
        raise ValueError(f"{first} leaves are no beginning of {second}")
    start, end, path, whole = 0, second, [], True
    while first < end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(cover(middle, end))
            end = middle
        else:
            path.append(cover(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(cover(start, end))
    return path[::-1]


def resolve(path: Sequence[Cover], nodes: Mapping[Node, bytes]) -> list[bytes]:
    """The hashes of a path, once its nodes are known."""
    return [fold([nodes[node] for node in each]) for each in path]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that the hashed leaf is at ``index`` under the root: the
    algorithm of section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            place, last = _up_to_a_right_node(place, last)
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def extends(
    first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Whether the path proves that the second tree only adds leaves to the first: the
    algorithm of section 2.1.4.2. A tree extends itself and the empty one by no path."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == EMPTY
    steps = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            place, last = _up_to_a_right_node(place, last)
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and (old, new) == (first_root, second_root)


class Edge:
    """The right edge of a growing tree: all that an append needs to know of it."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """``hashes`` are those of ``cover(0, size)``."""
        self.size = size
        self._hashes = list(hashes)

    @property
    def root(self) -> bytes:
        """``MTH(D[size])``, section 2.1.1."""
        return fold(self._hashes)

    def append(self, leaf: bytes) -> list[bytes]:
        """Adds a hashed leaf; returns the hashes of the complete subtrees that end with it,
        the leaf first. Their levels are their places in the list."""
        ended = [leaf]
        size = self.size
        while size & 1:
            ended.append(node_hash(self._hashes.pop(), ended[-1]))
            size >>= 1
        self._hashes.append(ended[-1])
        self.size += 1
        return ended


def _split(width: int) -> int:
    """The largest power of two smaller than ``width`` (section 2.1.1)."""
    return 1 << (width - 1).bit_length() - 1


def _up_to_a_right_node(place: int, last: int) -> tuple[int, int]:
    """Climbs while the place is a left node without a right one (sections 2.1.3.2, 2.1.4.2)."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last
