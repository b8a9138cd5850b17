"""Verdicts a second through join: all lie there before it starts, their geometry in Vault, a hundred in a segment.

One process, as it runs; what counts is from its first commit to its last, by the broker's times. They lie in the
order of their segments, as a project's labels roughly do, so that a segment is read once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import psutil

from deploy.bench.figures import Progress, rate_after_first
from deploy.bench.ground import ANNOTATORS, PROJECT, Ground
from deploy.bench.report import Joining
from deploy.bench.segments import Sealing, administrators_vault, commit, contents, now_ms, topics_of
from schemas.codec import Codec
from schemas.errors import StackError
from schemas.geometry import FieldGeometry, Span
from schemas.geometry_codec import Geometry, encode_geometry
from schemas.records import (
    Contribution,
    FieldShape,
    LabelSpan,
    PlaceholderSpan,
    RawReference,
    SupportedSpan,
    Verdict,
    VerdictStatus,
)
from schemas.registry import Registry
from streams.engine.kafka import KafkaLog
from streams.engine.log import Follower
from streams.engine.messages import Outgoing
from vault.segments.opening import KEPT_DOCUMENTS

JOIN = f"join.{PROJECT}.0"
SLOT, SLOT_APART = f"redact.{PROJECT}.6", f"redact.{PROJECT}.3"
VERDICTS, JOINED = f"verdicts.{PROJECT}", f"joined.{PROJECT}"
TASKS = 100
"""Of a segment."""
AT_ONCE = 20
"""Segments written, and their verdicts committed, in one go."""
WITHIN_S = 300.0
FIELD, RAW_LENGTH, LENGTH = "body", 240, 236
PERSON = Span(FIELD, 40, 52, 40, 48, "PERSON", "PERSON_1", "token")
WORD = (100, 110)
"""What two annotators have marked, in the redacted text."""


def measure(ground: Ground, segments: int, *, apart: bool = False) -> Joining:
    """So many segments of verdicts; `apart`: their geometry lies on its topic."""
    ground.end_all()
    registry = Registry(ground.installation.endpoints.registry.url, ground.installation.endpoints.registry.tls())
    log = ground.log()
    try:
        with closing(ground.follow(JOINED)) as joined:
            verdicts = _prepare(ground, Codec(registry), log, segments, apart=apart)
            ground.begin(JOIN)
            found = _followed(joined, verdicts, ground.pids()[JOIN])
            found = replace(found, where="on topics") if apart else found
    finally:
        registry.close()
        ground.end_all()
    ground.report(f"{found.joined_per_s:,.0f} verdicts joined/s")
    return found


def _prepare(ground: Ground, codec: Codec, log: KafkaLog, segments: int, *, apart: bool) -> int:
    """Write them; how many verdicts there are."""
    with administrators_vault(ground) as vault, closing(topics_of(ground)) as topics:
        sealing = Sealing(vault, SLOT_APART, topics) if apart else Sealing(vault, SLOT)
        for first in range(0, segments, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, segments))
            made = [sealing.seal([contents(_geometry(n * TASKS + at)) for at in range(TASKS)]) for n in numbers]
            vault.create_all([document for one in made for document in one.documents])
            verdicts = [_verdict(task, one.segment_id) for one in made for task in one.task_ids]
            commit(log, [Outgoing(VERDICTS, it.task_id.encode(), codec.encode(it)) for it in verdicts])
    return segments * TASKS


def _geometry(number: int) -> bytes:
    """Of a record that lies nowhere: as large as a letter's."""
    raw = RawReference(f"raw.{PROJECT}", 0, number, 1)
    return encode_geometry(Geometry(raw, (FieldGeometry(FIELD, RAW_LENGTH, LENGTH, (PERSON,)),)))


def _verdict(task_id: str, segment_id: str) -> Verdict:
    start, end = WORD
    marked = (LabelSpan(FIELD, start, end, "complaint"),)
    shape = FieldShape(FIELD, LENGTH, (PlaceholderSpan(PERSON.redacted_start, PERSON.redacted_end, "PERSON"),))
    return Verdict(
        task_id=task_id,
        revision=1,
        bundle="bundle",
        policy="policy",
        segment_id=segment_id,
        status=VerdictStatus.AGREED,
        method="unanimous",
        confidence=1.0,
        spans=(SupportedSpan(FIELD, start, end, "complaint", 2),),
        choices=(),
        contributions=tuple(Contribution(name, f"{task_id}-{name}", marked, {}) for name in ANNOTATORS[:2]),
        fields=(shape,),
        decided_at=now_ms(),
    )


def _followed(joined: Follower, verdicts: int, pid: int) -> Joining:
    """Until all are joined."""
    by_moment, process, full = Counter[int](), psutil.Process(pid), 0
    until = time.monotonic() + WITHIN_S
    while (done := by_moment.total()) < verdicts:
        if time.monotonic() > until:
            raise StackError(f"join did not get through {verdicts} verdicts in {WITHIN_S:.0f} s.")
        if not full and done >= min(KEPT_DOCUMENTS * TASKS, verdicts // 2):
            full = process.memory_info().rss
        by_moment.update(message.timestamp for message in joined.poll(1000, 0.2))
    grown = process.memory_info().rss - full
    return Joining(verdicts, rate_after_first(_progress(by_moment)), grown)


def _progress(by_moment: Counter[int]) -> Sequence[Progress]:
    return [Progress(at / 1000, count) for at, count in by_moment.items()]
