"""Writes one log of an export up to a checkpoint, going on where an earlier export has ended.

Nothing that the checkpoint in place covers is ever written again; the order of writes is:

1. `checkpoint.next`, the checkpoint to come: files beyond the one in place are explained by it;
2. bundles and tiles as they fill, large leaves before the entries that name them; at the end the partial ones;
3. `checkpoint`, only after the same root came out here: from now on the log is longer;
4. partial tiles whose full one is there now go, `checkpoint.next` last.

A crash at any point leaves the log as it was before 3 or as it is after it; the next export goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from streams.audit import tiles, tree
from streams.audit.chain import Pins
from streams.audit.entries import Entry, large_digest
from streams.audit.export_files import belongs, tile_of
from streams.audit.index import NEXT, LogPlace, large_name
from streams.audit.note import BadNote
from streams.audit.sealed import Sealed, opened
from streams.audit.store import Store
from streams.audit.tiles import CHECKPOINT, HEIGHT, WIDTH, BadTile, Tile
from streams.audit.tiling import Tiling, Written, edge_of, partials_of


class Forked(ValueError):
    """Checkpoint, topic and export don't tell of one log. The text says which, and what to do."""


class LogWriter:
    """One log. Raises Forked where it can't go on, OSError from the store."""

    def __init__(self, store: Store, place: LogPlace, goal: Sealed, pins: Pins) -> None:
        self._store = store
        self._goal = goal
        self._pins = pins
        self._interrupted = store.get(f"{place.name}/{NEXT}") is not None
        self.place = place
        self._kept = self._checkpoint()
        self._tiling = self._resumed(place.size)
        self._check_goal()

    @property
    def missing(self) -> int:
        """How many entries the checkpoint covers that were not taken yet."""
        return self._goal.checkpoint.size - self._tiling.size

    def take(self, offset: int, entry: Entry) -> None:
        """The next entry, and the offset it was read from."""
        if self._tiling.size == self.place.size:
            self._store.put(f"{self.place.name}/{NEXT}", self._goal.data)
        if entry.large is not None:
            self._store.put(large_name(large_digest(entry.data) or b""), entry.large)
        self._write(self._tiling.append([entry.data]))
        self.place = replace(self.place, next_offset=offset + 1)
        if not self.missing:
            self._finish()

    def clean(self, before: int) -> None:
        """Remove partial tiles of the log of `before` entries that are full by now, and what a crash left.

        None earlier: whoever has read an older checkpoint reads its tiles still (tlog-tiles, Partial Tiles).
        """
        name, size = self.place.name, self.place.size
        folders = [tile.folder() for tile in partials_of(before) if not belongs(tile, size)]
        for folder in ["tile"] if self._interrupted else folders:
            for file in sorted(self._store.names(f"{name}/{folder}")):
                tile = tile_of(file.removeprefix(f"{name}/"))
                if tile is None or not belongs(tile, size):
                    self._store.delete(file)
        self._store.delete(f"{name}/{NEXT}")

    def _finish(self) -> None:
        if self._tiling.root() != self._goal.checkpoint.root:
            raise Forked(
                f"the first {self._tiling.size:,} events have another root than the sealer has signed: the topic "
                "changed, its beginning expired, or the sealer tells of another log. Nothing of it was exported"
            )
        self._check_alone()
        self._write(self._tiling.partial())
        if self._kept is None or self._kept.checkpoint != self._goal.checkpoint:  # else it may be cosigned
            self._store.put(f"{self.place.name}/{CHECKPOINT}", self._goal.data)
        self.place = replace(self.place, size=self._tiling.size)

    def _check_alone(self) -> None:
        """Where a store can't keep another export away (`Store.alone`), no checkpoint is put back by this one."""
        now = self._checkpoint()
        if (now and now.checkpoint) != (self._kept and self._kept.checkpoint):
            raise Forked(
                "another export has extended it meanwhile. Run one at a time; the next goes on from there"
            )

    def _write(self, written: Iterable[Written]) -> None:
        for tile, data in written:
            name = f"{self.place.name}/{tile.path()}"
            if _end(tile) > self._size:
                self._store.put(name, data)
            elif self._store.get(name) != data:
                raise Forked(
                    f"{name} is not what the topic holds today: one of them was changed after the last export. "
                    "Verify the export; export into another folder to go on"
                )

    @property
    def _size(self) -> int:
        return self._kept.checkpoint.size if self._kept else 0

    def _checkpoint(self) -> Sealed | None:
        """The one in place now."""
        data = self._store.get(f"{self.place.name}/{CHECKPOINT}")
        if data is None:
            return None
        try:
            return opened(data, self._pins, self.place.origin)
        except BadNote as error:
            raise Forked(f"the checkpoint that was exported before doesn't hold: {error}") from None

    def _resumed(self, size: int) -> Tiling:
        """The tiling after `size` entries, from the files; checked against the checkpoint in place."""
        try:
            root = tree.root_of(tiles.node_reader(self._size, self._hashes), 0, self._size)
            if size > self._size or (self._kept and root != self._kept.checkpoint.root):
                raise BadTile("not under its checkpoint")
            tiling = Tiling(size)
            for tile in edge_of(size):
                tiling.rows += [[] for _ in range((tile.level or 0) - len(tiling.rows))]
                tiling.rows.append(self._hashes(self._as_kept(tile))[: tile.width])
            if size % WIDTH:
                bundle = self._as_kept(Tile(None, size // WIDTH, size % WIDTH))
                tiling.bundle = tiles.unpack(self._file(bundle), bundle.width)[: size % WIDTH]
        except BadTile:
            raise Forked(
                "what was exported of it before is damaged. Verify the export; export into another folder to go on"
            ) from None
        return tiling

    def _as_kept(self, tile: Tile) -> Tile:
        """The tile as wide as the checkpoint in place has it: after a crash, wider than the index says."""
        nodes = self._size >> (HEIGHT * (tile.level or 0))
        return replace(tile, width=min(WIDTH, nodes - tile.number * WIDTH))

    def _hashes(self, tile: Tile) -> list[bytes]:
        return tiles.hashes(self._file(tile), tile.width)

    def _file(self, tile: Tile) -> bytes:
        data = self._store.get(f"{self.place.name}/{tile.path()}")
        if data is None:
            raise BadTile("missing")
        return data

    def _check_goal(self) -> None:
        goal = self._goal.checkpoint
        if self._kept is None:
            return
        kept = self._kept.checkpoint
        if goal.size < kept.size:
            raise Forked(
                f"the sealer's last checkpoint covers {goal.size:,} events, the export already {kept.size:,}: "
                "it goes back"
            )
        if goal.size == kept.size and goal.root != kept.root:
            raise Forked(f"the sealer has signed two roots for {goal.size:,} events")


def _end(tile: Tile) -> int:
    """How many entries a log has at least that has this tile."""
    return (tile.number * WIDTH + tile.width) << (HEIGHT * (tile.level or 0))
