"""The Merkle tree of a log (RFC 6962, section 2.1; proofs as RFC 9162, section 2.1, verifies them). Pure.

Hashes are SHA-256, 32 bytes. A *node* is the root of a complete subtree: `(level, index)` covers the 2^level
leaves from index * 2^level on. A tree of any size is a row of such nodes, the larger ones first: its *frontier*,
which is all that is needed to go on appending.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""
MAX_SIZE = 2**63 - 1

Node = Callable[[int, int], bytes]
"""The hash of the complete subtree at (level, index)."""


class ProofFails(ValueError):
    """A proof does not show what it was given for."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree as the one who appends knows it. `nodes`: one for each bit that is set in `size`, the largest first.

    Raises ValueError where the two do not fit.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.nodes) != self.size.bit_count():
            raise ValueError("a frontier has a node for each bit of its size")
        if any(len(node) != HASH_BYTES for node in self.nodes):
            raise ValueError("a node has 32 bytes")

    def append(self, leaves: Sequence[bytes]) -> Frontier:
        """The tree with more leaf hashes at its end. Amortized one hash a leaf."""
        size, nodes = self.size, list(self.nodes)
        for leaf in leaves:
            node, rest = leaf, size
            while rest & 1:  # a neighbour of the same height stands to the left
                node = node_hash(nodes.pop(), node)
                rest >>= 1
            nodes.append(node)
            size += 1
        return Frontier(size, tuple(nodes))

    def root(self) -> bytes:
        """The tree's root."""
        if not self.nodes:
            return EMPTY_ROOT
        *rest, root = self.nodes
        for node in reversed(rest):
            root = node_hash(node, root)
        return root


def root_of(node: Node, start: int, end: int) -> bytes:
    """The root of the leaves `start` ≤ i < `end`, of which `start` is where a subtree of that size may begin."""
    if start == end:
        return EMPTY_ROOT
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(width)
    return node_hash(root_of(node, start, middle), root_of(node, middle, end))


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """The path from leaf `index` to the root of the first `size` leaves, the lowest first. ValueError outside."""
    if not 0 <= index < size:
        raise ValueError("no leaf of the tree")
    return _path(node, index, 0, size)


def consistency_proof(node: Node, before: int, size: int) -> list[bytes]:
    """That the tree of `before` leaves is where the tree of `size` leaves begins. ValueError outside."""
    if not 0 <= before <= size:
        raise ValueError("an earlier tree is not larger")
    return [] if before in (0, size) else _subproof(node, before, 0, size, whole=True)


def check_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise ProofFails unless the leaf hash stands at `index` under `root` (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofFails("no leaf of the tree")
    at, last, found = index, size - 1, leaf
    for hash_ in proof:
        if last == 0:
            raise ProofFails("the proof is too long")
        if at & 1 or at == last:
            found = node_hash(hash_, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, hash_)
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise ProofFails("the leaf is not in this tree at this place")


def check_consistency(before: int, old: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise ProofFails unless the tree with root `old` is the beginning of the one with `root` (RFC 9162, section
    2.1.4.2). Nothing begins every tree.
    """
    if not 0 <= before <= size:
        raise ProofFails("an earlier tree is not larger")
    if before in (0, size):
        expected = EMPTY_ROOT if before == 0 else root
        if proof or old != expected:
            raise ProofFails("the trees are not the same, or more is said than there is to say")
        return
    hashes = list(proof)
    if before & (before - 1) == 0:
        hashes.insert(0, old)
    if not hashes:
        raise ProofFails("the proof is empty")
    first, second = _roots_of_both(before, size, hashes)
    if first != old or second != root:
        raise ProofFails("one tree does not begin as the other")


def _roots_of_both(before: int, size: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    at, last = before - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for hash_ in hashes[1:]:
        if last == 0:
            raise ProofFails("the proof is too long")
        if at & 1 or at == last:
            first, second = node_hash(hash_, first), node_hash(hash_, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, hash_)
        at, last = at >> 1, last >> 1
    if last:
        raise ProofFails("the proof is too short")
    return first, second


def _path(node: Node, index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(node, index, start, middle), root_of(node, middle, end)]
    return [*_path(node, index, middle, end), root_of(node, start, middle)]


def _subproof(node: Node, before: int, start: int, end: int, *, whole: bool) -> list[bytes]:
    if before == end:
        return [] if whole else [root_of(node, start, end)]
    middle = start + _split(end - start)
    if before <= middle:
        return [*_subproof(node, before, start, middle, whole=whole), root_of(node, middle, end)]
    return [*_subproof(node, before, middle, end, whole=False), root_of(node, start, middle)]


def _split(width: int) -> int:
    """The largest power of two below it."""
    return 1 << (width - 1).bit_length() - 1
