"""Trees against the published vectors and against the definition in RFC 6962, word for word."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    ProofFails,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)

ENTRIES = [
    bytes.fromhex(it)
    for it in (
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
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first 0 to 8 entries: the vectors with which Certificate Transparency's implementations are tested."""
LEAVES = [leaf_hash(str(number).encode()) for number in range(300)]
sizes = st.integers(0, len(LEAVES))


def defined(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(defined(leaves[:split]), defined(leaves[split:]))


def node(level: int, index: int) -> bytes:
    return defined(LEAVES[index << level : (index + 1) << level])


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_published_roots(size: int) -> None:
    leaves = [leaf_hash(it) for it in ENTRIES[:size]]
    assert Frontier().append(leaves).root().hex() == ROOTS[size] == defined(leaves).hex()


@given(sizes, sizes)
def test_a_frontier_grows_in_any_steps_to_the_root_as_defined(first: int, size: int) -> None:
    first = min(first, size)
    grown = Frontier().append(LEAVES[:first]).append(LEAVES[first:size])
    assert grown == Frontier().append(LEAVES[:size])
    assert grown.root() == defined(LEAVES[:size]) == root_of(node, 0, size)


def test_a_frontier_that_cannot_be_is_refused() -> None:
    for size, nodes in ((1, ()), (3, (bytes(32),)), (1, (b"short",)), (-1, ())):
        with pytest.raises(ValueError, match="a "):
            Frontier(size, nodes)


@given(st.data())
def test_each_leaf_is_proven_and_no_other_one_by_the_same_proof(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    root, proof = defined(LEAVES[:size]), inclusion_proof(node, index, size)
    check_inclusion(LEAVES[index], index, size, root, proof)
    other = data.draw(st.integers(0, size).filter(lambda it: it != index))
    for wrong in (
        (LEAVES[index], other, size, root, proof),
        (leaf_hash(b"other"), index, size, root, proof),
        (LEAVES[index], index, size, bytes(32), proof),
        (LEAVES[index], index, size, root, [*proof, bytes(32)]),
        *([(LEAVES[index], index, size, root, proof[:-1])] if proof else []),
    ):
        with pytest.raises(ProofFails):
            check_inclusion(*wrong)


@given(sizes, sizes, st.data())
def test_each_beginning_is_proven_and_no_other_one(first: int, second: int, data: st.DataObject) -> None:
    before, size = sorted((first, second))
    old, root = defined(LEAVES[:before]), defined(LEAVES[:size])
    proof = consistency_proof(node, before, size)
    check_consistency(before, old, size, root, proof)
    wrong = [(before, old, size, root, [*proof, bytes(32)]), (before, bytes(32), size, root, proof)]
    if before:
        wrong.append((before, old, size, bytes(32), proof))
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        wrong += [
            (before, old, size, root, proof[:-1]),
            (before, old, size, root, [*proof[:at], bytes(32), *proof[at + 1 :]]),
        ]
    for one in wrong:
        with pytest.raises(ProofFails):
            check_consistency(*one)


def test_a_larger_tree_is_no_beginning() -> None:
    with pytest.raises(ProofFails):
        check_consistency(2, bytes(32), 1, bytes(32), [])
    with pytest.raises(ValueError, match="larger"):
        consistency_proof(node, 2, 1)
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(node, 1, 1)
    check_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
