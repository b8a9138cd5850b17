"""How far a file has been published, kept beside it so that a later run goes on from there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.errors import ConfigError
from schemas.files import write_atomically

SAMPLE_BYTES = 65_536
"""The beginning of a file tells it from others; hashing all of it again would take longer than publishing."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything before byte `offset` is done: `lines` lines, of which `published` were records, `bad` refused."""

    offset: int = 0
    lines: int = 0
    published: int = 0
    bad: int = 0
    finished: bool = False


def fingerprint(file: Path, length: int) -> str:
    """SHA-256 of the first `length` bytes, at most 64 KiB: what must not have changed since."""
    with file.open("rb") as source:
        return hashlib.sha256(source.read(min(length, SAMPLE_BYTES))).hexdigest()


def save(state: Path, file: Path, target: str, progress: Progress) -> None:
    """Replace the state file at once: after a crash there is the old one or the new one."""
    content = {"version": 1, "target": target, "start": fingerprint(file, progress.offset), **asdict(progress)}
    # Only for whom the file is: a hash of its beginning could confirm a guess.
    write_atomically(state, json.dumps(content))


def load(state: Path, file: Path, target: str) -> Progress | None:
    """The progress saved for `file` and `target`, or None where none was saved.

    Raises ConfigError when the state is another file's or another target's, or the file has changed since.
    """
    try:
        content = json.loads(state.read_text(encoding="utf-8"))
        progress = Progress(**{name: content[name] for name in Progress.__dataclass_fields__})
        saved = content["target"], content["start"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{state} is no state of an upload; delete it to publish from the start") from None
    if file.stat().st_size < progress.offset or saved != (target, fingerprint(file, progress.offset)):
        raise ConfigError(f"{file} is not what {state} was saved for; delete {state} to publish from the start")
    return progress
