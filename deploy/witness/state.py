"""What a witness remembers, in files. Each is replaced whole, and on the disk before a cosignature leaves.

    key             its private key (mode 0600)
    origins         the logs it has cosigned, one a line, with size and time of what it cosigned last: a file that
                    is lost, or an older one put back, shows by this
    seen/<hash>     the checkpoint it cosigned last of a log, with its cosignature; named by SHA-256 of the origin
    evidence/*.json what logs have shown that contradicts what it had cosigned
    lock            held while a process uses the state

A state that is damaged, or that has lost a file, opens for nobody: a witness that has forgotten what it cosigned
could cosign another history of the same log. What no check can show is an older copy of the whole folder put back,
or of `origins` and memories together. No signature of its own would: whoever writes there has the key, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from deploy.supervise.files import make_private_folder
from deploy.witness.durable import sync_folder, write_durably
from deploy.witness.key import EVIDENCE, ORIGINS, SEEN, WitnessKey, read_key
from deploy.witness.lock import StateLock
from schemas.errors import ConfigError
from streams.audit import witness
from streams.audit.note import BadNote, Verifier
from streams.audit.witness import Seen
from streams.audit.witness_evidence import BadEvidence, Evidence, Kind, origin_hash

MAX_EVIDENCE = 100
"""Files of each sort a log: enough to convince anybody, and nobody fills the disk by sending more. Of doubts the
oldest give way, since anybody can send those: they would keep out what is none.
"""
_FILES = "[!.]*.json"
_LINE = re.compile(r"(?P<origin>\S+) (?P<size>[0-9]{1,19}) (?P<time>[0-9]{1,20})")


class State:
    """A state that this process alone uses, from `with` to its end. Not for several threads at once.

    `with` raises StackError while another process has it, ConfigError where there is none or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = read_key(folder)
        self._lock = StateLock(folder)
        self._memory: dict[str, Seen] = {}

    def __enter__(self) -> Self:
        self._lock.__enter__()
        try:
            self._memory = read_memory(self._folder, self._key.verifier)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.__exit__(kind, error, trace)

    @property
    def key(self) -> WitnessKey:
        """The witness's own."""
        return self._key

    @property
    def memory(self) -> Mapping[str, Seen]:
        """What was cosigned last, by origin."""
        return MappingProxyType(self._memory)

    def remember(self, seen: Seen) -> None:
        """After this returns, no crash undoes it. Where it raises (OSError), the disk holds the old or the new."""
        origin = seen.point.origin
        write_durably(self._folder / SEEN / origin_hash(origin), str(seen.note).encode())
        self._memory[origin] = seen  # now, lest something older be written after a list that fails
        write_durably(self._folder / ORIGINS, _listing(self._memory))  # after the file, which has to be as new
        self.settle(Evidence(Kind.UNPROVEN, (), seen.note, seen.note))  # about what is cosigned after all

    def keep(self, evidence: Evidence) -> Path | None:
        """Where it lies. None where as many split views are proven already."""
        path = self._file(evidence)
        if path.exists():
            return path
        folder = make_private_folder(path.parent)
        sort = evidence.name.rpartition("-")[0]
        there = sorted(folder.glob(f"{sort}-*.json"), key=lambda it: it.stat().st_mtime_ns, reverse=True)
        if evidence.is_split and len(there) >= MAX_EVIDENCE:
            return None
        write_durably(path, evidence.as_bytes())
        for oldest in there[MAX_EVIDENCE - 1 :]:
            oldest.unlink()
        return path

    def doubts(self, origin: str) -> list[Evidence]:
        """What nobody has proven about a log yet. A damaged file keeps nobody from the others."""
        found = []
        for path in sorted((self._folder / EVIDENCE).glob(_FILES)):
            with suppress(BadEvidence):
                found.append(Evidence.parse(path.read_bytes()))
        return [it for it in found if it.origin == origin and not it.is_split]

    def settle(self, doubt: Evidence) -> None:
        """It is none any more."""
        path = self._file(doubt)
        if path.exists():
            path.unlink()
            sync_folder(path.parent)

    def _file(self, evidence: Evidence) -> Path:
        return self._folder / EVIDENCE / f"{evidence.name}.json"


def read_memory(folder: Path, verifier: Verifier) -> dict[str, Seen]:
    """What a state remembers, by origin; may be read at any time. Raises ConfigError where it is damaged."""
    listed = _listed(folder)  # first: what is cosigned meanwhile is newer
    memory = {}
    for path in sorted((folder / SEEN).glob("[!.]*")):
        try:
            seen = witness.recall(path.read_bytes(), verifier)
        except BadNote as error:
            raise _damaged(path, str(error)) from None
        if origin_hash(seen.point.origin) != path.name:
            raise _damaged(path, "it is about another log than its name says")
        memory[seen.point.origin] = seen
    for origin, (size, time) in listed.items():
        path, found = folder / SEEN / origin_hash(origin), memory.get(origin)
        if found is None:
            raise _damaged(path, f"it is missing, though {origin} was cosigned")
        if found.point.size < size or found.time < time:
            raise _damaged(path, f"it is older than what was cosigned last of {origin}")
    return memory


def read_evidence(folder: Path) -> list[tuple[Path, Evidence]]:
    """What a state has kept, proven split views first; may be read at any time. Raises ConfigError where a file is
    damaged.
    """
    found = []
    for path in sorted((folder / EVIDENCE).glob(_FILES)):
        try:
            found.append((path, Evidence.parse(path.read_bytes())))
        except FileNotFoundError:  # settled meanwhile, or it has given way
            continue
        except BadEvidence as error:
            raise ConfigError(f"{path}: damaged: {error}") from None
    return sorted(found, key=lambda it: (not it[1].is_split, it[0].name))


def _listing(memory: Mapping[str, Seen]) -> bytes:
    return "".join(f"{it} {memory[it].point.size} {memory[it].time}\n" for it in sorted(memory)).encode()


def _listed(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of what was cosigned last, at least, by origin."""
    path = folder / ORIGINS
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise _damaged(path, "it is missing") from None
    except UnicodeDecodeError:
        raise _damaged(path, "it is no text") from None
    if text and not text.endswith("\n"):
        raise _damaged(path, "its last line is cut")
    found = [_LINE.fullmatch(line) for line in text.split("\n")[:-1]]
    if None in found:
        raise _damaged(path, "a line is no log with a size and a time")
    return {it["origin"]: (int(it["size"]), int(it["time"])) for it in found if it}


def _damaged(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{path}: {why}. A witness that has forgotten could cosign another history, so this one does nothing. "
        "Restore the newest copy of the folder, or begin anew: another folder, another key, another name"
    )
