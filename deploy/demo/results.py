"""Joined labels as a model builder reads them, beside the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.demo.phrases import TONE
from deploy.demo.records import Input
from deploy.demo.scoring import Answered
from deploy.local.endpoints import load_endpoints
from deploy.provision.credentials import CredentialFiles
from schemas.codec import Codec
from schemas.records import JoinedLabel, LabelSpan, RawReference
from schemas.registry import Registry
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from topology.identity import Identity

Pair = tuple[Answered, Answered]


def read_joined(root: Path, project: str) -> dict[RawReference, JoinedLabel]:
    """All joined labels by raw record, read as `model.<project>`, which may read nothing else."""
    identity = Identity("model", project)
    endpoints = load_endpoints(root / "run" / "endpoints.json")
    mine = CredentialFiles(root).load(identity)
    kafka = endpoints.kafka
    log = KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password))
    registry = Registry(endpoints.registry.url, endpoints.registry.tls())
    try:
        codec = Codec(registry)
        labels = [codec.decode(it.value, JoinedLabel) for it in log.read(f"joined.{project}") if it.value]
    finally:
        registry.close()
    return {label.raw: label for label in labels}


def answered(label: JoinedLabel) -> Answered:
    """The label as the truth is written."""
    spans = {LabelSpan(span.field, span.start, span.end, span.label) for span in label.spans}
    tone = next((choice.value for choice in label.choices if choice.name == TONE.name), "")
    return Answered(spans, tone)


def beside_truth(
    labels: Mapping[RawReference, JoinedLabel], places: Mapping[str, RawReference], inputs: Sequence[Input]
) -> list[Pair]:
    """(answer, truth) of each record that was joined."""
    pairs = []
    for one in inputs:
        label = labels.get(places[one.name])
        if label is not None and one.truth is not None:
            pairs.append((answered(label), Answered(one.truth.spans, one.truth.tone)))
    return pairs
