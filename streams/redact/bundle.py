"""The bundle: everything that decides how a record is redacted, in one hash (invariant 6)."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable

from streams.redact.detect.find import Detector
from topology.policies import Policy

_DECIDING = ("faker", "fastavro")
"""Libraries outside detection that decide about bytes; the detector names its own."""
_ASIDE = frozenset({"training", "quality"})
"""Folders of this room by which nothing is redacted."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a task's bundle hash stands for: hashes (SHA-256 in hex) of policy, data and code; the detector's name.

    Said whole by `bundle.adopted` on the audit, since a hash alone can't tell what of it has changed.
    """

    policy: str
    detector: str
    data: str
    code: str

    @property
    def hash(self) -> str:
        """SHA-256 in hex: equal bundles give equal bytes."""
        return _hash_of(self)


def bundle_of(policy: Policy, detector: Detector) -> Bundle:
    """The bundle that redacts by this policy and detector, here and now."""
    return Bundle(policy.hash, detector.version, detector.data_hash, code_version())


@lru_cache(maxsize=64)  # every task asks for it: 5 % of what redacting one took
def _hash_of(bundle: Bundle) -> str:
    parts = dataclasses.asdict(bundle)
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@cache
def code_version() -> str:
    """SHA-256 in hex over the sources of this room and of the policies: nobody has to remember a number.

    Also over what else decides: some libraries, and the interpreter with its Unicode tables and random numbers.
    """
    state = hashlib.sha256()
    around = [f"{name}={version(name)}" for name in _DECIDING]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    around += [f"python={python}", f"unicode={unicodedata.unidata_version}"]
    state.update(" ".join(around).encode() + b"\0")
    for package in ("streams.redact", "topology.policies"):
        for name, content in _sources(resources.files(package), package):
            state.update(f"{name}\0{len(content)}\0".encode() + content)
    return state.hexdigest()


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        name = f"{prefix}/{entry.name}"
        if entry.is_dir() and not entry.name.startswith(("_", ".")) and entry.name not in _ASIDE:
            found += _sources(entry, name)
        elif entry.is_file() and not entry.name.endswith(".md"):
            found.append((name, entry.read_bytes()))
    return found
