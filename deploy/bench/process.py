"""One stage as `deploy.run` runs it, with switches for the bench: redact without detection, or in the mode fast.

`python -m deploy.bench.process redact bench --root DIR --no-detection` (or `--fast`); `--profile FILE` leaves a
cProfile of the loop's thread. Nothing else starts this module: in production there is no way to run redact without
detection, nor in another mode than the policy says.
"""

from __future__ import annotations

import cProfile
import sys
from collections.abc import Sequence
from dataclasses import replace

from deploy import run
from deploy.stages import redact
from deploy.stages.parts import StageParts
from deploy.stages.stage import BUILDERS
from deploy.surroundings import Surroundings
from streams.redact.detect.detector import build_detector
from streams.redact.detect.find import Detector, Searched
from topology.policies import Mode, Policy

NO_DETECTION = "--no-detection"
FAST = "--fast"
PROFILE = "--profile"


class FindsNothing:
    """Implements `streams.redact.detect.find.Detector`."""

    version = "finds nothing"
    data_hash = "0" * 64

    def is_everyday(self, word: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Every word is: verification looks for nothing either."""
        return True

    def is_common(self, word: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """As above."""
        return True

    def search(self, texts: Sequence[str]) -> list[Searched]:
        """Nothing."""
        return [Searched([], 0.0) for _ in texts]


def _finds_nothing(_: Policy) -> Detector:
    return FindsNothing()


def _finds_fast(policy: Policy) -> Detector:
    return build_detector(replace(policy, detection=replace(policy.detection, mode=Mode.FAST)))


def _build_undetected(around: Surroundings, slot: str, port: int) -> StageParts:
    return redact.build(around, slot, port, _finds_nothing)


def _build_fast(around: Surroundings, slot: str, port: int) -> StageParts:
    return redact.build(around, slot, port, _finds_fast)


def main(arguments: Sequence[str]) -> int:
    """Run until SIGTERM. Exit codes as `deploy.run`."""
    left = list(arguments)
    builders = dict(BUILDERS)
    for switch, build in ((NO_DETECTION, _build_undetected), (FAST, _build_fast)):
        if switch in left:
            left.remove(switch)
            builders["redact"] = build
    if PROFILE not in left:
        return run.main(left, builders)
    at = left.index(PROFILE)
    _, file = left[at : at + 2]
    del left[at : at + 2]
    profile = cProfile.Profile()
    try:
        return profile.runcall(run.main, left, builders)
    finally:
        profile.dump_stats(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
