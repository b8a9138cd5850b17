"""The bundle: everything that decides how a record is redacted, in one hash (invariant 6)."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from streams.redact.detect.find import Detector
from topology.policies import Policy


def bundle_hash(policy: Policy, detector: Detector) -> str:
    """SHA-256 in hex over policy, detector, its data and our code: equal bundles give equal bytes."""
    parts = {
        "policy": policy.hash,
        "detector": detector.version,
        "data": detector.data_hash,
        "code": code_version(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@cache
def code_version() -> str:
    """SHA-256 in hex over the sources of this room and of the policies: nobody has to remember a number."""
    state = hashlib.sha256()
    for package in ("streams.redact", "topology.policies"):
        for name, content in _sources(resources.files(package), package):
            state.update(f"{name}\0{len(content)}\0".encode() + content)
    return state.hexdigest()


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        name = f"{prefix}/{entry.name}"
        if entry.is_dir() and not entry.name.startswith(("_", ".")):
            found += _sources(entry, name)
        elif entry.name.endswith((".py", ".txt", ".yaml")):
            found.append((name, entry.read_bytes()))
    return found
