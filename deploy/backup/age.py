"""Encryption to recipients by age (https://age-encryption.org/v1), by `pyrage`; and the seam where a KMS fits.

age encrypts in chunks of 64 KiB, each authenticated, the last marked as such: a cut file is an error, and memory
stays flat. Parts are plain age files: `age --decrypt` opens them where Veilstream is not at hand.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import pyrage

from schemas.errors import ConfigError
from schemas.hidden import Hidden


class Envelope(Protocol):
    """Encrypts for somebody else. The other implementation would wrap a data key with a transit key of another
    Vault, or a cloud's KMS, and seal the parts under it.
    """

    @property
    def recipients(self) -> tuple[str, ...]:
        """To whom, for people."""
        ...

    def seal(self, clear: Iterable[bytes], sink: BinaryIO) -> None:
        """Encrypt a stream. Raises what `clear` and `sink` raise."""
        ...


class Opener(Protocol):
    """Decrypts what an `Envelope` has sealed."""

    def open(self, sealed: BinaryIO, sink: BinaryIO) -> None:
        """Decrypt a stream. Raises ConfigError where none of the keys opens it, or it was cut."""
        ...


class AgeEnvelope:
    """To one or more age recipients (`age1…`, or an SSH public key)."""

    def __init__(self, recipients: Sequence[str], unnamed: Sequence[pyrage.x25519.Recipient] = ()) -> None:
        """`unnamed`: further ones, which the manifest does not name. Raises ConfigError."""
        if not recipients:
            raise ConfigError("a backup is encrypted to somebody: give --to age1…, once or more")
        self.recipients = tuple(recipients)
        self._recipients = [*map(_recipient, recipients), *unnamed]

    def seal(self, clear: Iterable[bytes], sink: BinaryIO) -> None:
        source, target, failed = _Source(clear), _Target(sink), None
        try:
            pyrage.encrypt_io(source, target, self._recipients)
        except Exception as error:  # noqa: BLE001 - it may be ours, told as text
            failed = error
        if (failure := source.failure or target.failure or failed) is not None:
            raise failure from None


class AgeOpener(Hidden):
    """By age identities (`AGE-SECRET-KEY-1…`, or an SSH private key)."""

    def __init__(self, identities: Sequence[pyrage.x25519.Identity | pyrage.ssh.Identity]) -> None:
        self._identities = list(identities)

    @classmethod
    def from_files(cls, paths: Sequence[Path]) -> AgeOpener:
        """Of files as `age-keygen` writes them: a key a line, comments with `#`. Raises ConfigError, OSError."""
        return cls([identity for path in paths for identity in _identities(path)])

    def open(self, sealed: BinaryIO, sink: BinaryIO) -> None:
        try:
            pyrage.decrypt_io(sealed, sink, self._identities)
        except pyrage.DecryptError:
            raise ConfigError(
                "none of the keys given opens this backup; whom it is for, says its manifest"
            ) from None
        except OSError:
            raise ConfigError("what is encrypted was cut or changed") from None


def passing_pair() -> tuple[pyrage.x25519.Recipient, AgeOpener]:
    """A recipient, and the opener that goes with it and is nowhere but in memory."""
    identity = pyrage.x25519.Identity.generate()
    return identity.to_public(), AgeOpener([identity])


@contextmanager
def opened(opener: Opener, sealed: BinaryIO) -> Iterator[BinaryIO]:
    """What is sealed in clear, as it comes, through a pipe: never on a disk, and 64 KiB of it in memory.

    Raises what the opener raises, once the reader has come to the end.
    """
    out, into = os.pipe()
    sink, failures = _Pipe(into), list[Exception]()

    def run() -> None:
        try:
            opener.open(sealed, sink)  # type: ignore[arg-type] # age asks for write and flush alone
        except Exception as error:  # noqa: BLE001 - told to who reads, for whom it would end like a whole stream
            failures.append(error)
        finally:
            os.close(into)

    worker = threading.Thread(target=run, name="decrypting", daemon=True)
    worker.start()
    try:
        with os.fdopen(out, "rb") as clear:
            yield clear
    finally:
        worker.join()
        if failures and not sink.left:  # also over what the reader made of a stream that ended too early
            raise failures[0] from None


class _Pipe:
    """Where a pipe is written to. `left`: nobody reads any more."""

    def __init__(self, into: int) -> None:
        self._into = into
        self.left = False

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._into, rest) :]
            except BrokenPipeError:
                self.left = True
                raise
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


class _Source(io.RawIOBase):
    """The stream as a file to read from; what went wrong in it is kept, since age would tell it as text."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self.failure: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return b""
            except BaseException as error:  # Ctrl-C too
                self.failure = error
                raise
        size = len(self._rest) if size < 0 else size
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


class _Target:
    """Where it is written to; what went wrong there is kept, too: of the last write pyrage tells nobody."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self.failure: BaseException | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._sink.write(data)
        except BaseException as error:
            self.failure = error
            raise

    def flush(self) -> None:
        """Who made the sink does that."""


def _recipient(text: str) -> pyrage.x25519.Recipient | pyrage.ssh.Recipient:
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise ConfigError("--to: is no age recipient (age1…) and no SSH public key") from None


def _identities(path: Path) -> Generator[pyrage.x25519.Identity | pyrage.ssh.Identity, None, None]:
    text = path.read_bytes()
    try:
        if text.startswith(b"-----BEGIN"):
            yield pyrage.ssh.Identity.from_buffer(text)
            return
        for line in text.decode("ascii").splitlines():
            if line.strip() and not line.startswith("#"):
                yield pyrage.x25519.Identity.from_str(line.strip())
    except (pyrage.IdentityError, UnicodeDecodeError):
        raise ConfigError(f"{path}: holds no age identity (AGE-SECRET-KEY-1…) and no SSH private key") from None
