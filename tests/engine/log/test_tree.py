"""The Merkle tree held to RFC 9162 as it is written, to published roots, and to another library."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

from engine.log import tree
from engine.log.tree import Edge, Node

SIZES = range(0, 34)


def entries(count: int) -> list[bytes]:
    return [str(number).encode() for number in range(count)]


# ------------------------------------------------- the definitions, word for word (2.1)


def hashed(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def largest_power_below(n: int) -> int:
    """ "the largest power of two smaller than n (i.e., k < n <= 2k)"."""
    k = 1
    while 2 * k < n:
        k *= 2
    assert k < n <= 2 * k
    return k


def mth(d: Sequence[bytes]) -> bytes:
    """Section 2.1.1."""
    if not d:
        return hashed(b"")
    if len(d) == 1:
        return hashed(b"\x00" + d[0])
    k = largest_power_below(len(d))
    return hashed(b"\x01" + mth(d[:k]) + mth(d[k:]))


def path_of(m: int, d: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.3.1."""
    if len(d) == 1:
        return []
    k = largest_power_below(len(d))
    if m < k:
        return [*path_of(m, d[:k]), mth(d[k:])]
    return [*path_of(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: Sequence[bytes], whole: bool) -> list[bytes]:
    """Section 2.1.4.1."""
    if m == len(d):
        return [] if whole else [mth(d)]
    k = largest_power_below(len(d))
    if m <= k:
        return [*subproof(m, d[:k], whole), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def kept(d: Sequence[bytes]) -> dict[Node, bytes]:
    """Every node, as an appending log keeps them."""
    edge, nodes = Edge(), {}
    for index, entry in enumerate(d):
        for level, node in enumerate(edge.append(tree.leaf_hash(entry))):
            key = Node(level, index >> level)
            assert key.last == index
            nodes[key] = node
    return nodes


NODES = kept(entries(SIZES[-1]))


def root_of(size: int) -> bytes:
    return tree.fold([NODES[node] for node in tree.cover(0, size)])


def test_roots_are_those_of_the_definition() -> None:
    for size in SIZES:
        assert root_of(size) == mth(entries(size))


def test_a_growing_edge_has_the_root_of_each_size() -> None:
    edge = Edge()
    for size, entry in enumerate(entries(70)):
        assert edge.root == mth(entries(size))
        edge.append(tree.leaf_hash(entry))
        assert edge.size == size + 1


def test_an_edge_goes_on_from_what_is_kept() -> None:
    for size in SIZES[:-1]:
        edge = Edge(size, [NODES[node] for node in tree.cover(0, size)])
        edge.append(tree.leaf_hash(entries(size + 1)[size]))
        assert edge.root == mth(entries(size + 1))


def test_inclusion_proofs_are_those_of_the_definition_and_hold() -> None:
    for size in SIZES:
        for index in range(size):
            path = tree.resolve(tree.inclusion(index, size), NODES)
            assert path == path_of(index, entries(size))
            leaf = tree.leaf_hash(entries(size)[index])
            assert tree.includes(leaf, index, size, path, root_of(size))


def test_consistency_proofs_are_those_of_the_definition_and_hold() -> None:
    for second in SIZES:
        for first in range(1, second + 1):
            path = tree.resolve(tree.consistency(first, second), NODES)
            assert path == subproof(first, entries(second), True)
            assert tree.extends(first, second, path, root_of(first), root_of(second))


# ------------------------------------------------- facts of others

VECTOR = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The entries of the reference implementation of Certificate Transparency, and their roots."""

VECTOR_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def test_the_published_roots() -> None:
    edge = Edge()
    assert edge.root.hex() == VECTOR_ROOTS[0]
    for entry, root in zip(VECTOR, VECTOR_ROOTS[1:], strict=True):
        edge.append(tree.leaf_hash(entry))
        assert edge.root.hex() == root


def test_another_library_has_the_same_roots_and_proofs() -> None:
    other = InmemoryTree(algorithm="sha256")
    for entry in entries(SIZES[-1]):
        other.append_entry(entry)
    for size in SIZES[1:]:
        assert other.get_root(size) == root_of(size)
        for index in range(size):
            theirs = other.prove_inclusion(index + 1, size)
            verify_inclusion(NODES[Node(0, index)], root_of(size), theirs, index=index + 1)
            # Its paths begin with the leaf itself.
            path = tree.resolve(tree.inclusion(index, size), NODES)
            assert theirs.path == [NODES[Node(0, index)], *path]
        for first in range(1, size + 1):
            # Its consistency proofs have a shape of their own; the trees they prove are ours.
            told = other.prove_consistency(first, size)
            verify_consistency(root_of(first), root_of(size), told, prior_size=first)
            assert told.retrieve_prior_state() == root_of(first)


# ------------------------------------------------- what must not hold

sizes = st.integers(1, 5000)


@given(sizes, st.data())
def test_a_proof_holds_at_no_other_place_and_for_nothing_else(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-2, 2 * size))
    nodes = _Fake()
    path = tree.resolve(tree.inclusion(index, size), nodes)
    leaf = nodes[Node(0, index)]
    root = _climb(leaf, index, size, path)
    assert tree.includes(leaf, index, size, path, root)
    assert len(path) <= size.bit_length()
    if other != index:
        assert not tree.includes(leaf, other, size, path, root)
    assert not tree.includes(nodes[Node(0, index + 1)], index, size, path, root)
    assert not tree.includes(leaf, index, size, [*path, root], root)
    if path:
        spoiled = data.draw(st.integers(0, len(path) - 1))
        assert not tree.includes(leaf, index, size, path[:spoiled] + path[spoiled + 1 :], root)
        assert not tree.includes(leaf, index, size, _spoil(path, spoiled), root)


@given(sizes, sizes, st.data())
def test_no_tree_extends_another_by_a_spoiled_proof(a: int, b: int, data: st.DataObject) -> None:
    first, second = sorted((a, b))
    edge, leaves = Edge(), {}
    roots = {}
    for index in range(second):
        for level, node in enumerate(edge.append(tree.leaf_hash(index.to_bytes(4)))):
            leaves[Node(level, index >> level)] = node
        if edge.size in (first, second):
            roots[edge.size] = edge.root
    path = tree.resolve(tree.consistency(first, second), leaves)
    old, new = roots[first], roots[second]
    assert tree.extends(first, second, path, old, new)
    assert len(path) <= second.bit_length() + 1
    assert not tree.extends(first, second, path, new, old) or first == second
    assert not tree.extends(first, second, [*path, new], old, new)
    assert not tree.extends(first, second, path, hashed(old), new)
    assert not tree.extends(first, second, path, old, hashed(new))
    assert not tree.extends(second + 1, second, path, old, new)
    if path:
        spoiled = data.draw(st.integers(0, len(path) - 1))
        assert not tree.extends(first, second, path[:-1], old, new)
        assert not tree.extends(first, second, _spoil(path, spoiled), old, new)


def test_every_tree_extends_the_empty_one() -> None:
    assert tree.extends(0, 5, [], tree.EMPTY, root_of(5))
    assert not tree.extends(0, 5, [], root_of(1), root_of(5))
    assert not tree.extends(0, 5, [root_of(1)], tree.EMPTY, root_of(5))
    assert not tree.extends(3, 5, [], root_of(3), root_of(5))
    assert not tree.extends(-1, 5, [], tree.EMPTY, root_of(5))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion(index, size)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3), (-1, 3)])
def test_there_is_no_proof_from_nothing_or_backwards(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="no beginning"):
        tree.consistency(first, second)


class _Fake(dict[Node, bytes]):
    """A hash for every node there may be: a tree is not needed to test a path."""

    def __missing__(self, node: Node) -> bytes:
        return hashed(repr(node).encode())


def _spoil(path: Sequence[bytes], at: int) -> list[bytes]:
    return [hashed(step) if place == at else step for place, step in enumerate(path)]


def _climb(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root a path leads to, by the shape of the tree alone (2.1.1)."""
    if size == 1:
        return leaf
    k = largest_power_below(size)
    if index < k:
        return hashed(b"\x01" + _climb(leaf, index, k, path[:-1]) + path[-1])
    return hashed(b"\x01" + path[-1] + _climb(leaf, index - k, size - k, path[:-1]))
