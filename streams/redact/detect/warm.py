"""`python -m streams.redact.detect.warm`: compile now what a process would compile with its first record.

Part of `make setup`. About 25 s of a core the first time, a second afterwards; the result lies beside the sources.
"""

from __future__ import annotations

from dataclasses import replace

from streams.redact.detect.detector import build_detector
from topology.policies import Mode, load_policy


def main() -> None:
    """Build a detector of each mode; building one makes it ready."""
    policy = load_policy("text")
    for mode in Mode:
        build_detector(replace(policy, detection=replace(policy.detection, mode=mode)))


if __name__ == "__main__":
    main()
