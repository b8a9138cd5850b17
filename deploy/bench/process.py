"""One stage as `deploy.run` runs it, with a switch for the bench: redact without detection.

`python -m deploy.bench.process redact bench --root DIR --no-detection`; `--profile FILE` leaves a cProfile of the
loop's thread. Nothing else starts this module: in production there is no way to run redact without detection.
"""

from __future__ import annotations

import cProfile
import sys
from collections.abc import Sequence

from deploy import run
from deploy.stages import redact
from deploy.stages.parts import StageParts
from deploy.stages.stage import BUILDERS
from deploy.surroundings import Surroundings
from streams.redact.detect.find import Detector, Searched
from topology.policies import Policy

NO_DETECTION = "--no-detection"
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


def _build_undetected(around: Surroundings, slot: str, port: int) -> StageParts:
    return redact.build(around, slot, port, _finds_nothing)


def main(arguments: Sequence[str]) -> int:
    """Run until SIGTERM. Exit codes as `deploy.run`."""
    left = list(arguments)
    builders = dict(BUILDERS)
    if NO_DETECTION in left:
        left.remove(NO_DETECTION)
        builders["redact"] = _build_undetected
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
