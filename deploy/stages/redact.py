"""Redact: raw records in, sealed tasks out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from deploy.current_project import LastKnown, project_file
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from schemas.control import Freezable
from schemas.hidden import RawRecord
from streams.engine.log import Ownership
from streams.engine.segment_topics import KafkaSegmentTopics
from streams.redact.detect.detector import build_detector as build_rules
from streams.redact.detect.find import Detector
from streams.redact.parse import parse as parse_payload
from streams.redact.processor import LONGEST_MS, RedactProcessor, Seams, inputs
from streams.redact.release import Hashes
from streams.redact.ruling import RulingSeams
from topology.flow import Flow
from topology.policies import Policy
from topology.project import Project, SegmentStore
from vault import keyed_hash
from vault.keyed_hash import Purpose
from vault.raw import Media


def build(
    around: Surroundings,
    slot: str,
    port: int,  # noqa: ARG001 - redact serves nobody
    build_detector: Callable[[Policy], Detector] = build_rules,
) -> StageParts:
    """The redact stage of a project."""
    vault, project = around.vault, around.project
    declared = around.topology.project(project)
    # The file alone names batches and skills: a labeling job, signed or not, has nothing to say about them.
    known = LastKnown(declared, project_file(around.root, declared, around.clock))

    def parse(data: bytes, media: Media, schema_id: int | None) -> RawRecord:
        schema = None if schema_id is None else around.registry.schema_of(schema_id)
        return parse_payload(data, media.value, schema)

    topics = KafkaSegmentTopics(around.access) if declared.segments is SegmentStore.TOPICS else None
    builder = ThreadPoolExecutor(1, thread_name_prefix="detector")
    seams = Seams(
        ruling=RulingSeams(
            policy_in_force=lambda: around.book.policy_in_force(project),
            frozen_by=lambda: around.book.frozen_by(project, Freezable.REDACT),
            build_detector=build_detector,
            run=builder.submit,
            told_time=vault.told_time,
            ask_time=vault.ask_time,
        ),
        parse=parse,
        hashes=Hashes(
            task=keyed_hash.load(vault, project, Purpose.TASK),
            subject=keyed_hash.load(vault, project, Purpose.SUBJECT),
            digest=keyed_hash.load(vault, project, Purpose.DIGEST),
            token=keyed_hash.load(vault, project, Purpose.TOKEN),
        ),
        vault=vault,
        released=lambda target: around.book.quarantine_releases(project).of(target),
        erased=lambda: around.book.erasures(project).hashes,
        known_routes=lambda: known().routes,
        topics=topics,
        longest_ms=longest_ms(declared, around.topology.flow),
    )
    processor = RedactProcessor(project, around.codec, slot, seams)

    def stop() -> None:
        builder.shutdown(wait=False, cancel_futures=True)
        if topics is not None:
            topics.close()

    return StageParts(processor, inputs(project), Ownership.SHARED, stop=stop)


def longest_ms(project: Project, flow: Flow) -> int:
    """How long what is redacted now can be of use at most: where its entries lie on topics, as long as they do."""
    if project.segments is SegmentStore.VAULT:
        return LONGEST_MS
    return min(project.retention_ms[kind.name] for kind in flow.topics.values() if kind.by_place)
