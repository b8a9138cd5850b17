"""Names and widths of tiles against the specification's examples; proofs from tiles alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.audit.tiles import HEIGHT, WIDTH, BadTile, Tile, hashes, node_reader, pack, tiles_of, unpack
from streams.audit.tree import (
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(None, 0), "tile/entries/000"),
        (Tile(1, 999, 112), "tile/1/999.p/112"),
        (Tile(None, 1_000, 1), "tile/entries/x001/000.p/1"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path() == path


def test_tiles_of_a_log_as_the_specification_counts_them() -> None:
    """70,000 entries: 256 tiles and one of 112 at level 0, one and one of 17 at level 1, one of 1 at level 2."""
    found = list(tiles_of(70_000))
    by_row = {level: [it.width for it in found if it.level == level] for level in (None, 0, 1, 2, 3)}
    assert by_row == {None: [256] * 273 + [112], 0: [256] * 273 + [112], 1: [256, 17], 2: [1], 3: []}
    assert list(tiles_of(0)) == []


@given(st.integers(0, 140_000), st.integers(0, 140_000))
def test_what_is_new_and_what_was_there_are_all_tiles(one: int, other: int) -> None:
    after, size = sorted((one, other))
    new = set(tiles_of(size, after))
    assert set(tiles_of(size)) <= new | set(tiles_of(after))
    assert new <= set(tiles_of(size))
    assert not {it for it in new if it.width == WIDTH} & set(tiles_of(after))


class Tiled:
    """A log in tiles, made by the definition of a tile."""

    def __init__(self, size: int) -> None:
        self.leaves = [leaf_hash(str(number).encode()) for number in range(size)]
        rows = [self.leaves]
        while len(rows[-1]) >= WIDTH:
            row = rows[-1]
            full = range(0, len(row) - len(row) % WIDTH, WIDTH)
            rows.append([Frontier().append(row[at : at + WIDTH]).root() for at in full])
        self.tiles = {
            it: b"".join(rows[it.level][it.number * WIDTH :][: it.width])
            for it in tiles_of(size)
            if it.level is not None
        }
        self.node = node_reader(size, lambda tile: hashes(self.tiles[tile], tile.width))


LOG = Tiled(66_000)


@given(st.integers(1, 66_000), st.data())
def test_proofs_come_from_tiles_alone(size: int, data: st.DataObject) -> None:
    root = root_of(LOG.node, 0, size)
    index = data.draw(st.integers(0, size - 1))
    check_inclusion(LOG.leaves[index], index, size, root, inclusion_proof(LOG.node, index, size))
    before = data.draw(st.integers(0, size))
    old = root_of(LOG.node, 0, before)
    check_consistency(before, old, size, root, consistency_proof(LOG.node, before, size))


def test_the_root_from_tiles_is_the_frontiers() -> None:
    assert root_of(LOG.node, 0, 66_000) == Frontier().append(LOG.leaves).root()
    assert LOG.node(HEIGHT, 3) == Frontier().append(LOG.leaves[3 * WIDTH : 4 * WIDTH]).root()
    assert LOG.node(1, 2) == node_hash(*LOG.leaves[4:6])


@given(st.lists(st.binary(max_size=600), min_size=1, max_size=WIDTH))
def test_a_bundle_gives_back_what_was_packed(entries: list[bytes]) -> None:
    data = pack(entries)
    assert unpack(data, len(entries)) == entries
    for wrong in (data[:-1], data + b"\x00", data + b"\x00\x00"):
        with pytest.raises(BadTile):
            unpack(wrong, len(entries))
    with pytest.raises(BadTile):
        hashes(bytes(33), 1)
