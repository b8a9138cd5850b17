"""The join stage: verdicts in; joined labels and their audit events out. Verdicts on gold become scores instead.

It keeps nothing between batches but geometry that its source caches and what `gold.P` has said, so it scales by
more processes and a crash at any point costs a replay of the batch. Within a batch, verdicts are joined segment by
segment, so that each geometry document is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas import durations
from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import withdrawn_task
from schemas.errors import Reason, RecordAwaited, RecordError, Refused
from schemas.geometry_codec import decode_geometry
from schemas.gold import REDACTION
from schemas.records import JoinedLabel, RawReference, Verdict
from schemas.resources import (
    joined_resource,
    raw_resource,
    segment_resource,
    task_resource,
    verdict_resource,
)
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.refusals import refused
from streams.join.gold_book import GoldBook
from streams.join.joining import join
from streams.join.scoring import Scored, score


class GeometrySource(Protocol):
    """The geometry layer as join sees it (`vault.segments.opening.Geometries`). Blocks as long as Vault does."""

    def geometry(self, segment_id: str, task_id: str) -> bytes:
        """The plaintext of the task's entry (`schemas.geometry_codec`).

        Raises Refused (`withdrawn`, `unknown_segment`) or another RecordError for an entry that isn't there or
        doesn't open; VaultUnavailable, LogUnavailable (the batch is tried again).
        """
        ...

    def evict(self, task_ids: Collection[str]) -> None:
        """Forget these tasks and every document and key they could be opened with."""
        ...


@dataclass(frozen=True, slots=True)
class Gold:
    """The scores of a verdict on gold, and which record it is."""

    raw: RawReference
    scored: Scored


Result = JoinedLabel | Gold | RecordError


class JoinProcessor:
    """Joins each verdict with its geometry (`streams.engine.processor.Processor`)."""

    held: frozenset[str] = frozenset()

    def __init__(
        self,
        project: str,
        codec: Codec,
        source: GeometrySource,
        gold: GoldBook,
        is_withdrawn: Callable[[str], bool] | None = None,
    ) -> None:
        """`is_withdrawn` asks the control in force; without it only what `control` was told counts."""
        self._project = project
        self._codec = codec
        self._source = source
        self._gold = gold
        self._is_withdrawn = is_withdrawn or (lambda _: False)
        self._withdrawn: set[str] = set()

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - nothing is kept
        """Nothing to take over. What `control` has withdrawn stays so: an order is shown to a process once."""
        return Plan()

    def process(self, batch: Batch) -> Plan:
        """Each verdict becomes a joined label, scores or a refusal, in the order of the batch."""
        if batch.messages:
            self._gold.catch_up()
        else:
            self._gold.listen()
        decoded = [(message, self._verdict(message)) for message in batch.messages]
        results = self._results([verdict for _, verdict in decoded], batch.now)
        plan = Plan(events=list(self._gold.refusals()))
        for index, (message, verdict) in enumerate(decoded):
            self._add(message, verdict, results[index], plan)
        return plan

    def control(self, changed: Sequence[str]) -> Plan:
        """Evict withdrawn tasks and acknowledge: for every order shown, since it is shown until that commits.

        A tombstone takes what is on `joined.P` of them: whichever process joined it, each writes one when it
        hears of the order, and joins the task no more.
        """
        found = {task for key in changed if (task := withdrawn_task(key, self._project))}
        self._source.evict(found)
        self._withdrawn |= found
        topic, gone = f"joined.{self._project}", sorted(found)
        tombstones = [Outgoing(topic, task_id.encode(), None) for task_id in gone]
        return Plan(outputs=tombstones, events=[_evicted(task_id) for task_id in gone])

    def _verdict(self, message: Message) -> Verdict | RecordError:
        try:
            return self._codec.decode(message.value, Verdict)
        except RecordError as error:
            return error

    def _results(self, verdicts: Sequence[Verdict | RecordError], now: int) -> dict[int, Result]:
        """By place in the batch. Raises RecordAwaited where something is missing, once all was asked for: what is
        missing is awaited side by side.
        """
        results: dict[int, Result] = {}
        missing: RecordAwaited | None = None
        for index in sorted(range(len(verdicts)), key=lambda it: _segment(verdicts[it])):
            verdict = verdicts[index]
            try:
                results[index] = verdict if isinstance(verdict, RecordError) else self._join(verdict, now)
            except RecordAwaited as awaited:
                missing = awaited
        if missing is not None:
            raise missing
        return results

    def _join(self, verdict: Verdict, now: int) -> Result:
        if verdict.task_id in self._withdrawn or self._is_withdrawn(verdict.task_id):
            return Refused(Reason.WITHDRAWN, "a verdict on a withdrawn task")
        try:
            geometry = decode_geometry(self._source.geometry(verdict.segment_id, verdict.task_id))
            label = join(verdict, geometry, now)
            truth = self._gold.truth(label.raw)
            return label if truth is None else Gold(label.raw, score(verdict, geometry, truth, now))
        except RecordError as error:
            return error

    def _add(self, message: Message, verdict: Verdict | RecordError, result: Result, plan: Plan) -> None:
        if isinstance(verdict, RecordError):
            plan.events.append(refused(message, verdict.reason))
            return
        parents = (task_resource(verdict.task_id), verdict_resource(verdict.task_id))
        if isinstance(result, RecordError):
            plan.events.append(refused(message, result.reason, bundle=verdict.bundle, parents=parents))
            return
        if isinstance(result, Gold):
            plan.outputs += self._scores(result.scored)
            plan.events.append(_scored(result, parents))
            return
        topic = f"joined.{self._project}"
        plan.outputs.append(Outgoing(topic, result.task_id.encode(), self._codec.encode(result)))
        plan.events.append(_joined(result, verdict.labeled_at, parents))

    def _scores(self, scored: Scored) -> list[Outgoing]:
        topic, of_redactor = f"scores.{self._project}", scored.redaction
        people = [Outgoing(topic, one.person.encode(), self._codec.encode(one)) for one in scored.people]
        key = f"{REDACTION}{of_redactor.task_id}".encode()
        return [*people, Outgoing(topic, key, self._codec.encode(of_redactor))]


def _scored(gold: Gold, parents: tuple[str, ...]) -> Event:
    scored, redaction = gold.scored, gold.scored.redaction
    return Event(
        EventType.GOLD_SCORED,
        raw_resource(gold.raw),
        bundle=redaction.bundle,
        parents=parents,
        details={
            "policy": redaction.policy,
            "persons": str(len(scored.people)),
            "questions": str(scored.questions),
            "matched": str(scored.matched),
            "values": str(redaction.values),
            "leaked": str(redaction.leaked),
            "characters": str(redaction.characters),
            "leaked_characters": str(redaction.leaked_characters),
        },
    )


def _joined(label: JoinedLabel, labeled_at: int, parents: tuple[str, ...]) -> Event:
    return Event(
        EventType.LABEL_JOINED,
        raw_resource(label.raw),
        bundle=label.bundle,
        parents=parents,
        details={
            "joined": joined_resource(label.task_id),
            "segment": segment_resource(label.segment_id),
            "status": label.status.value,
            "spans": str(len(label.spans)),
            "snapped": str(sum(span.snapped for span in label.spans)),
            **(durations.waited(label.joined_at - labeled_at) if labeled_at else {}),
        },
    )


def _evicted(task_id: str) -> Event:
    reason = Reason.WITHDRAWN.value
    return Event(EventType.TASK_WITHDRAWN, task_resource(task_id), "evicted", reason=reason)


def _segment(verdict: Verdict | RecordError) -> tuple[int, str]:
    """By which segments of a slot come in the order of their numbers."""
    segment_id = "" if isinstance(verdict, RecordError) else verdict.segment_id
    return len(segment_id), segment_id
