"""An installation of its own whose processes tell a real Jaeger of every record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from deploy.persons import load_declared, sign
from deploy.publishing import publishing
from deploy.up import Installation
from streams.label.client import LabelClient
from tests.conftest import without_endpoints
from tests.faults.load import PROJECT, issue_tokens
from tests.support.health import asked
from tests.support.jaeger.server import Jaeger, jaeger
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from topology.policies import Policy

ANNOTATORS = ("ann-1", "ann-2")


@dataclass(frozen=True)
class Material:
    """What is published under which policy, of whom, and what everybody answers."""

    policy: Policy
    record: Mapping[str, object]
    subject: str
    answer: Mapping[str, str]


@dataclass(frozen=True)
class Watched:
    """One that runs, and the Jaeger that it tells."""

    installation: Installation
    jaeger: Jaeger
    pipeline: Pipeline
    tokens: Mapping[str, str]
    material: Material

    def publish(self, records: int = 1) -> set[bytes]:
        """Publish, and wait for the tasks; the new ones' ids."""
        before = self._tasks()
        self.publish_only(records)
        return wait_for(lambda: found if len(found := self._tasks() - before) == records else None, "the tasks")

    def publish_only(self, records: int = 1) -> None:
        """Returns when the broker has them."""
        with publishing(self.installation.root, PROJECT) as publisher:
            for _ in range(records):
                publisher.publish_json(self.material.record, self.material.subject)

    def answer(self, tasks: int = 1) -> None:
        """Everybody takes so many tasks and answers them."""
        url = self.installation.label_url(PROJECT)
        for person in ANNOTATORS:
            with LabelClient(url, PROJECT, lambda person=person: self.tokens[person]) as client:
                for _ in range(tasks):
                    client.label(wait_for(client.lease, "a lease"), [], self.material.answer)

    def count(self, kind: str) -> int:
        """Records of a topic that are no tombstones."""
        return sum(1 for it in self.pipeline.messages(kind) if it.value is not None)

    def spans(self, process: str, fate: str) -> float:
        """`veil_trace_spans_total` of a process."""
        text = asked(self.installation.address(process).metrics_url).text
        samples = [it for family in text_string_to_metric_families(text) for it in family.samples]
        return sum(it.value for it in samples if it.name == "veil_trace_spans_total" and it.labels["fate"] == fate)

    def _tasks(self) -> set[bytes]:
        return {it.key for it in self.pipeline.messages("tasks")}


@contextmanager
def watching(folder: Path, material: Material) -> Iterator[Watched]:
    """Until the end, which Jaeger comes to in order. Skips where there is none."""
    with jaeger(folder / "jaeger") as asked:
        environ = without_endpoints() | {"VEIL_TRACES": asked.url, "VEIL_TRACES_RATIO": "1"}
        with Installation(folder / "veil", [PROJECT], environ=environ) as running:
            sign(running.root, PROJECT, material.policy, ["ada", "grace"])
            pipeline = Pipeline(running.root, load_declared(running.root), PROJECT)
            yield Watched(running, asked, pipeline, issue_tokens(running.root), material)
            pipeline.close()
        assert asked.stop() == 0
