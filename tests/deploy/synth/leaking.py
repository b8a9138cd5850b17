"""How many of the values that synthetic records are known to hold the redactor leaks; counted as join counts them.

`python -m tests.deploy.synth.leaking RECORDS SEED`: the figure in `streams/keeper/README.md`. Neither Kafka nor
Vault.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from itertools import islice

from deploy.synth.making import Maker
from schemas.geometry_codec import Geometry
from schemas.records import RawReference
from streams.join.scoring import score
from streams.redact.detect.detector import build_detector
from streams.redact.offline import keys_of
from streams.redact.outcome import Redacted
from streams.redact.parse import parse
from streams.redact.redactor import redact_many
from tests.streams.join.making import verdict
from topology.gold_document import load_gold_source
from topology.policies import load_policy

RAW = RawReference("raw.demo", 0, 1)


def counted(records: int, seed: int) -> Counter[str]:
    """Of the demo's templates: records by what became of them; `values` that had to be found, `leaked` of them."""
    policy, keys, found = load_policy("demo"), keys_of(os.urandom(32)), Counter[str]()
    detector = build_detector(policy)
    for made in islice(Maker(load_gold_source("demo"), seed), records):
        (outcome,) = redact_many([parse(made.payload, made.media.value, None)], policy, detector, keys)
        found[type(outcome).__name__] += 1
        if isinstance(outcome, Redacted):
            scored = score(verdict(), Geometry(RAW, outcome.geometry), made.truth(RAW), 0).redaction
            found.update(values=scored.values, leaked=scored.leaked)
    return found


if __name__ == "__main__":
    print(dict(counted(*map(int, sys.argv[1:]))))  # noqa: T201 - what it is called for
