"""A thousand ways to touch an export. Each says where it did it, in the words of findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from streams.audit import checkpoint, tiles
from streams.audit.checkpoint import Checkpoint
from streams.audit.index import INDEX, LogPlace, read_index
from streams.audit.tiles import CHECKPOINT, WIDTH, Tile
from streams.audit.tiling import Tiling
from tests.streams.audit.memory_audit import checkpoint_of, sign

Files = dict[str, bytes]


@dataclass(frozen=True)
class Touched:
    """`log` and, where one place is what should be named, the entries `first` to `last`; else a file."""

    files: Files
    log: str
    first: int = -1
    last: int = -1
    file: str = ""


def entries_of(files: Files, log: str) -> list[bytes]:
    size = checkpoint.parse(files[f"{log}/{CHECKPOINT}"])[0].size
    bundles = [it for it in tiles.tiles_of(size) if it.level is None]
    return [one for it in bundles for one in tiles.unpack(files[f"{log}/{it.path()}"], it.width)]


def laid_out(entries: Iterable[bytes], log: str) -> Files:
    """All files of a log's tree."""
    tiling = Tiling()
    written = [*tiling.append(entries)]
    return {f"{log}/{tile.path()}": data for tile, data in [*written, *tiling.partial()]}


def rebuilt(files: Files, log: str, entries: Sequence[bytes], note: bytes, size: int | None = None) -> Files:
    """The export with another log in place of this one, and an index that goes with it."""
    rest = {name: data for name, data in files.items() if not name.startswith(f"{log}/")}
    index = read_index(files[INDEX])
    place = index.logs[log]
    new = LogPlace(place.origin, place.topic, place.partition, size or len(entries), place.next_offset)
    index = type(index)({**index.logs, log: new}, index.files)
    return {**rest, **laid_out(entries, log), f"{log}/{CHECKPOINT}": note, INDEX: index.data()}


class Tamperer:
    """Tampers with copies of one export."""

    def __init__(self, files: Files, rng: Random) -> None:
        self._files = files
        self._rng = rng
        self._logs = sorted(name.partition("/")[0] for name in files if name.endswith(f"/{CHECKPOINT}"))
        self.ways: list[Callable[[], Touched]] = [
            self.edit, self.drop, self.swap, self.insert, self.repeat, self.edit_with_tile,
            self.edit_with_all_tiles, self.truncate, self.truncate_bundle, self.replay,
            self.replay_checkpoint_alone,
            self.fork, self.sign_otherwise, self.delete, self.replace, self.damage, self.add_file, self.drop_log,
        ]  # fmt: skip

    def touch(self) -> tuple[str, Touched]:
        way = self._rng.choice(self.ways)
        return way.__name__, way()

    def _pick(self) -> tuple[str, list[bytes], int]:
        log = self._rng.choice(self._logs)
        entries = entries_of(self._files, log)
        return log, entries, self._rng.randrange(len(entries))

    def _bundle(self, log: str, entries: Sequence[bytes], number: int) -> Files:
        """The export with other entries in one bundle, whose name stays."""
        size = len(entries_of(self._files, log))
        tile = Tile(None, number, min(WIDTH, size - number * WIDTH))
        return {**self._files, f"{log}/{tile.path()}": tiles.pack(entries)}

    def _within(self, change: Callable[[list[bytes], int], None]) -> Touched:
        log, entries, at = self._pick()
        number, place = divmod(at, WIDTH)
        mine = entries[number * WIDTH :][:WIDTH]
        change(mine, place)
        return Touched(self._bundle(log, mine, number), log, at, at)

    def _changed(self, entry: bytes) -> bytes:
        at = self._rng.randrange(len(entry))
        return entry[:at] + bytes([entry[at] ^ self._rng.randint(1, 255)]) + entry[at + 1 :]

    def edit(self) -> Touched:
        def change(mine: list[bytes], at: int) -> None:
            mine[at] = self._changed(mine[at])

        return self._within(change)

    def drop(self) -> Touched:
        return self._within(lambda mine, at: mine.pop(at))

    def insert(self) -> Touched:
        return self._within(lambda mine, at: mine.insert(at, self._changed(mine[at])))

    def repeat(self) -> Touched:
        """One entry again; which of two equal neighbours is the new one nobody can say."""
        done = self._within(lambda mine, at: mine.insert(at, mine[at]))
        return Touched(done.files, done.log, done.first, done.last + 1)

    def swap(self) -> Touched:
        def change(mine: list[bytes], at: int) -> None:
            other = (at + 1 + self._rng.randrange(len(mine) - 1)) % len(mine)
            mine[at], mine[other] = mine[other], mine[at]

        return self._within(change)

    def edit_with_tile(self) -> Touched:
        """The tile at level 0 goes with it."""
        log, entries, at = self._pick()
        entries[at] = self._changed(entries[at])
        number = at // WIDTH
        new = laid_out(entries, log)
        start = number * WIDTH
        keep = {Tile(level, number, min(WIDTH, len(entries) - start)).path() for level in (None, 0)}
        changed = {name: new[name] for name in (f"{log}/{it}" for it in keep)}
        return Touched({**self._files, **changed}, log, start, min(len(entries), start + WIDTH) - 1)

    def edit_with_all_tiles(self) -> Touched:
        log, entries, at = self._pick()
        entries[at] = self._changed(entries[at])
        return Touched({**self._files, **laid_out(entries, log)}, log, 0, len(entries) - 1)

    def _other(self, log: str, entries: Sequence[bytes], by: str = "seal.platform") -> bytes:
        return sign(checkpoint_of(entries, self._said(log).origin), by)

    def _said(self, log: str) -> Checkpoint:
        return checkpoint.parse(self._files[f"{log}/{CHECKPOINT}"])[0]

    def truncate(self) -> Touched:
        """An earlier state of the log, index and all."""
        log, entries, at = self._pick()
        at = max(1, at)
        return Touched(rebuilt(self._files, log, entries[:at], self._other(log, entries[:at])), log, at, at)

    def truncate_bundle(self) -> Touched:
        log, entries, at = self._pick()
        number, place = divmod(at, WIDTH)
        mine = entries[number * WIDTH :][:WIDTH][:place]
        return Touched(self._bundle(log, mine, number), log, at, at)

    def replay(self) -> Touched:
        """The same, but for the index."""
        log, entries, at = self._pick()
        at = max(1, at)
        note = self._other(log, entries[:at])
        return Touched(rebuilt(self._files, log, entries[:at], note, len(entries)), log, at, at)

    def replay_checkpoint_alone(self) -> Touched:
        log, entries, at = self._pick()
        at = max(1, at)
        return Touched({**self._files, f"{log}/{CHECKPOINT}": self._other(log, entries[:at])}, log, at, at)

    def fork(self) -> Touched:
        """The sealer itself signs another log, of any size."""
        log, entries, at = self._pick()
        entries[at] = self._changed(entries[at])
        entries += entries[: self._rng.randrange(3)]
        return Touched(rebuilt(self._files, log, entries, self._other(log, entries)), log, 0, len(entries) - 1)

    def sign_otherwise(self) -> Touched:
        log, entries, at = self._pick()
        entries[at] = self._changed(entries[at])
        note = self._other(log, entries, by="label.demo")
        return Touched(rebuilt(self._files, log, entries, note), log, file=f"{log}/{CHECKPOINT}")

    def _file(self) -> str:
        return self._rng.choice(sorted(name for name in self._files if "/tile/" in name))

    def delete(self) -> Touched:
        name = self._rng.choice(sorted(self._files))
        rest = {other: data for other, data in self._files.items() if other != name}
        return Touched(rest, name.partition("/")[0], file=name)

    def replace(self) -> Touched:
        name, other = self._file(), self._file()
        while self._files[other] == self._files[name]:
            other = self._file()
        return Touched({**self._files, name: self._files[other]}, name.partition("/")[0], file=name)

    def damage(self) -> Touched:
        name = self._rng.choice(sorted(self._files))
        return Touched({**self._files, name: self._changed(self._files[name])}, name.partition("/")[0], file=name)

    def add_file(self) -> Touched:
        log, entries, _ = self._pick()
        name = f"{log}/{Tile(0, len(entries) // WIDTH + 1).path()}"
        return Touched({**self._files, name: bytes(32 * WIDTH)}, log, file=name)

    def drop_log(self) -> Touched:
        """A log whole, and from the index."""
        log, _, _ = self._pick()
        index = read_index(self._files[INDEX])
        rest = {name: data for name, data in self._files.items() if not name.startswith(f"{log}/")}
        index = type(index)({name: it for name, it in index.logs.items() if name != log}, index.files)
        return Touched({**rest, INDEX: index.data()}, log, file=self._said(log).origin)
