"""A backup on a disk: a folder with a manifest in clear, its signature, and a file of ciphertext for each part."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from deploy.backup import contents
from deploy.backup.age import Envelope, Opener, opened
from deploy.backup.manifest import MANIFEST, SIGNATURE, Manifest, Part, digest, read_manifest
from schemas.errors import ConfigError
from topology.pins import Pins

CHUNK = 1024 * 1024


def write_part(folder: Path, name: str, envelope: Envelope, clear: Iterable[bytes]) -> tuple[str, int]:
    """Encrypt a part into its file, which is new; SHA-256 and length of that, on disk when it returns."""
    path = folder / contents.file_of(name)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        sink = _Hashed(file)
        envelope.seal(clear, sink)  # type: ignore[arg-type] # age asks for write and flush alone
        file.flush()
        os.fsync(file.fileno())
    return sink.sha256.hexdigest(), sink.size


class _Hashed:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


class _HashedReading:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        return data


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup whose manifest is signed and whose parts are what it says. `digest`: of the manifest."""

    folder: Path
    manifest: Manifest
    digest: str

    @contextmanager
    def opened(self, part: str, opener: Opener) -> Iterator[BinaryIO]:
        """A part in clear, as a stream. Raises ConfigError, at its end also where the file is not what was
        verified: who may write there, and has no key, could have put an earlier backup's in its place meanwhile.
        """
        with self.path(part).open("rb") as file:
            sealed = _HashedReading(file)
            with opened(opener, sealed) as clear:  # type: ignore[arg-type] # age asks for read alone
                yield clear
            while sealed.read(CHUNK):
                pass
        if sealed.sha256.hexdigest() != self.manifest.parts[part].sha256:
            raise ConfigError(f"{contents.file_of(part)} was changed while it was read")

    def path(self, part: str) -> Path:
        """The file of a part."""
        return self.folder / contents.file_of(part)


def verified(folder: Path, pins: Pins) -> Verified:
    """Check signature and hashes of a backup, before anything in it is decrypted. Raises ConfigError, OSError."""
    data, signature = _small(folder / MANIFEST), _small(folder / SIGNATURE)
    manifest = read_manifest(data, signature, pins)
    wanted = set(contents.parts(manifest.projects))
    for name in sorted(wanted | manifest.parts.keys()):
        if name not in manifest.parts or name not in wanted:
            raise ConfigError(f"{folder}: the manifest names another set of parts: {_shown(name)}")
        _check(folder / contents.file_of(name), manifest.parts[name])
    return Verified(folder, manifest, digest(data))


def _check(path: Path, part: Part) -> None:
    if not path.is_file():
        raise ConfigError(f"{path.name} is missing")
    size = path.stat().st_size
    if size != part.size:
        raise ConfigError(
            f"{path.name} has {size:,} bytes, the manifest says {part.size:,}: it was cut or changed"
        )
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            sha256.update(data)
    if sha256.hexdigest() != part.sha256:
        raise ConfigError(f"{path.name} is not what the manifest says: it was changed")


def _small(path: Path) -> bytes:
    if not path.is_file():
        raise ConfigError(f"{path} is missing: this is no backup")
    return path.read_bytes()


def _shown(name: str) -> str:
    return name if name.isprintable() else "a name that can't be shown"
