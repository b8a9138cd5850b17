"""What must hold after any fault, once everything published is through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from deploy.up import Installation
from schemas.errors import LogUnavailable
from schemas.records import Label
from streams.engine.kafka import KafkaLog
from tests.faults.load import Load
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from vault.client import VaultClient

DRAIN_S = 120.0
LAYERS = ("view", "geometry", "values")


class Proof:
    """Reads as an administrator; waits only for the flow to end, never for a property to become true."""

    def __init__(self, installation: Installation, load: Load, pipeline: Pipeline) -> None:
        self._installation = installation
        self._load = load
        self._pipeline = pipeline

    def holds(self) -> None:
        """Let everything through, then check every invariant."""
        self._load.pause()
        self._installation.wait_healthy(DRAIN_S)
        wait_for(lambda: self._load.check() or self._load.quiet, "the producer is done", DRAIN_S)
        delivered = set(self._load.published.delivered)
        assert delivered
        self._drained(delivered)
        self._load.check()
        self._nothing_twice()
        self._accounted(len(delivered))
        self._no_orphan()

    def _drained(self, delivered: set) -> None:
        """As long as it takes while something moves: how much is on its way depends on the machine."""
        left = len(delivered)

        def fewer() -> list[int]:
            now = len(delivered - self._joined())
            return [now] if now < left else []

        while left:
            left = wait_for(fewer, f"one more of {left} records is joined", DRAIN_S, pause_s=1.0)[0]

    @property
    def log(self) -> KafkaLog:
        """Of an administrator, who may ask everything."""
        return self._pipeline.log

    def labels(self) -> list[Label]:
        """What is on the topic of labels."""
        return self._pipeline.records("labels")

    def _joined(self) -> set:
        return {label.raw for label in self._pipeline.records("joined")}

    def _nothing_twice(self) -> None:
        records = self._pipeline.records
        labels, joined = records("labels"), records("joined")
        assert_unique("task", (task.task_id for task in records("tasks")))
        assert_unique("label by person", ((label.task_id, label.person) for label in labels))
        assert_unique("label", (label.label_id for label in labels))
        assert_unique("verdict", (verdict.task_id for verdict in records("verdicts")))
        assert_unique("joined label", (label.task_id for label in joined))
        assert_unique("joined raw record", (label.raw for label in joined))
        assert_unique("segment", (index.segment_id for index in records("segments")))

    def _accounted(self, delivered: int) -> None:
        result = self._pipeline.reconciled()
        raw = len(self._pipeline.messages("raw"))
        assert result.records == result.tasks == raw
        assert result.joined == result.verdicts == result.tasks
        assert result.labels == 3 * result.tasks
        assert delivered <= raw  # a record whose delivery nobody could confirm may have arrived

    def _no_orphan(self) -> None:
        """Each redact begins a new epoch, keeper hears of it, and scans when it is started again."""
        self._again(*(name for name in self._installation.processes if name.startswith("redact.")))
        wait_for(self._keeper_has_read_all, "keeper has read every segment and epoch")
        self._again("keeper.demo.0")
        indexes = {index.segment_id for index in self._pipeline.records("segments")}
        with self._pipeline.administrators_vault() as vault:
            for layer in LAYERS:  # of a segment that was being written when rights went, any may lie there alone
                what = f"what lies in Vault of layer {layer} is what was committed"
                wait_for(lambda it=layer: self._stored(vault, it) == indexes, what)

    def _again(self, *processes: str) -> None:
        for process in processes:
            self._installation.end(process)
            self._installation.begin(process)
        self._installation.wait_healthy()

    def _stored(self, vault: VaultClient, layer: str) -> set[str]:
        return {name.removeprefix(f"{layer}/") for name in vault.names(layer)}

    def _keeper_has_read_all(self) -> bool:
        group, topic = f"keeper.{self._pipeline.project}", f"segments.{self._pipeline.project}"
        try:
            committed = self._pipeline.log.read_up_to(group, topic)
            last = {message.place: message.offset for message in self._pipeline.messages("segments")}
        except LogUnavailable:
            return False
        return all(committed.get(place, -1) > offset for place, offset in last.items())


def assert_unique(what: str, keys: Iterable) -> None:
    twice = [key for key, count in Counter(keys).items() if count > 1]
    assert not twice, f"{what} more than once: {twice[:5]}"
