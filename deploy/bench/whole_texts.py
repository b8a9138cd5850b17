"""What redaction may cost: seconds for a text of the largest size in each mode, memory over very many texts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import psutil

from deploy.bench.report import Texts
from deploy.bench.workload import FIELD, texts
from schemas.hidden import RawRecord
from streams.redact.detect.detector import build_detector
from streams.redact.detect.find import Detector
from streams.redact.fields import MAX_TEXT
from streams.redact.redactor import redact, redact_many
from topology.policies import Mode, Policy, load_policy

MADE_TO_BE_SLOW = ("a@b.c ", "12345 A ", "1 ", "aB", "a.", "http://", "%41", "smith ", "12-", "[x] ")
_BATCH = 500  # records at a time, as the stage takes them
_WARM = 0.1  # share of the texts after which buffers and caches have their size


def measure(count: int, say: Callable[[str], None]) -> Texts:
    """CPU seconds by mode, the slowest of each kind; how much larger this process is after `count` texts."""
    ordinary, hostile = {}, {}
    for mode in Mode:
        policy, detector = _ruling(mode)
        ordinary[mode.value] = _seconds(" ".join(texts(MAX_TEXT // 50))[:MAX_TEXT], policy, detector)
        hostile[mode.value] = max(_seconds(_repeated(unit), policy, detector) for unit in MADE_TO_BE_SLOW)
        say(f"{MAX_TEXT:,} characters, {mode}: {ordinary[mode.value]:.1f} s, at worst {hostile[mode.value]:.1f} s")
    return Texts(MAX_TEXT, ordinary, hostile, count, _growth(count))


def _ruling(mode: Mode) -> tuple[Policy, Detector]:
    policy = load_policy("text")
    policy = replace(policy, detection=replace(policy.detection, mode=mode))
    return policy, build_detector(policy)


def _repeated(unit: str) -> str:
    return (unit * (MAX_TEXT // len(unit) + 1))[:MAX_TEXT]


def _seconds(text: str, policy: Policy, detector: Detector) -> float:
    begun = time.process_time()
    redact(RawRecord({FIELD: text}), policy, detector)
    return time.process_time() - begun


def _growth(count: int) -> int:
    """Bytes by which the resident size grows between a tenth of the texts and all of them."""
    policy, detector = _ruling(Mode.STRICT)
    source = texts(count)
    _through(islice(source, int(count * _WARM)), policy, detector)
    process = psutil.Process()
    before = process.memory_info().rss
    _through(source, policy, detector)
    return int(process.memory_info().rss) - int(before)


def _through(some: Iterator[str], policy: Policy, detector: Detector) -> None:
    while batch := [RawRecord({FIELD: text}) for text in islice(some, _BATCH)]:
        redact_many(batch, policy, detector)
