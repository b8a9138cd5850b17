"""The redact stage: raw records in; tasks, segments, quarantine entries and one audit event a batch out.

Records of `raw.P` come for the first time; copies on `again.P`, by signed order, once more as a later revision.
They wait while `raw.P` has much to read, and for a policy of the version they were ordered for; those from
quarantine for their order, without which they are refused.

What people have commented on tasks (`comments.P`) is redacted with the batch it comes in (`commenting/`).

What it does with a batch, in this order:

1. open the payloads (one call to Vault for the data keys that are new)
2. parse each and drop what names somebody who is erased; redact the others; what fails on its own is quarantined
   with a reason and stops nobody
3. seal the mappings of all tasks into segments, and write what of them lies apart from Vault; the loop writes the
   documents before it begins the transaction
4. tasks, segment indexes, quarantine entries, and per partition the event that covers every offset; where a later
   revision is no task, a tombstone for the task of the revision before
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.audit import BatchCoverage, OffsetOutcome, RawOutcome
from schemas.codec import Codec
from schemas.errors import LogUnavailable, Reason, RecordError
from schemas.hidden import RawRecord
from schemas.records import EPOCH, RawReference, SegmentEntry, SegmentIndex, SlotEpoch
from schemas.routing import ROUTINE, Routing
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.processor import Batch, Plan, Slot
from streams.redact.again.arrivals import Arrival, again_topic
from streams.redact.again.reading import read_arrivals
from streams.redact.again.released import Orders, Releases
from streams.redact.amounts import amounts, details
from streams.redact.commenting.notes import Notes
from streams.redact.coverage import adopted_event, covered, covered_again, redacted_event
from streams.redact.intake import Payload, open_messages
from streams.redact.outcome import Dropped, Outcome, Redacted, Refused
from streams.redact.quarantine import Quarantine, topic_key
from streams.redact.release import Hashes, Release, Releaser
from streams.redact.ruling import Ruling, Rulings, RulingSeams
from streams.redact.suppression import Erased, Suppression
from streams.redact.transform.keys import TransformKeys
from streams.redact.trying import in_spite, outcomes
from topology.routes import KnownRoutes
from vault import comments
from vault.data_keys import DataKeys, UnwrappedKeys
from vault.interface import Vault
from vault.raw import Media, topic_of, transit_key
from vault.segments.apart import SegmentTopics
from vault.segments.halves import SlotHalves
from vault.segments.sealing import Segment, SegmentSealer

HOUR_MS = 3_600_000
LONGEST_MS = 2**62
"""No limit."""
MUCH = 250
"""Raw records in a batch of at most 500: while more of it are, copies wait, so that live work comes first."""


def inputs(project: str) -> tuple[str, str, str]:
    """The topics to consume: raw records, copies of them, comments."""
    return topic_of(project), again_topic(project), comments.topic_of(project)


Parse = Callable[[bytes, Media, int | None], RawRecord]
"""A payload as a record. Raises RecordError, and RegistryUnavailable for a schema not seen before."""


@dataclass(frozen=True, slots=True)
class Seams:
    """What the stage needs from the outside."""

    ruling: RulingSeams
    parse: Parse
    hashes: Hashes
    vault: Vault
    known_routes: Callable[[], KnownRoutes] = KnownRoutes
    """Which batches and skills a record may name now: those that the project's file knows."""
    released: Orders = lambda _: ()
    """The orders in force by which two people have released a record from quarantine."""
    erased: Erased = frozenset
    """The keyed hashes of the people who are erased from the project."""
    topics: SegmentTopics | None = None
    """Where entries of segments are to lie apart from Vault, if they are."""
    longest_ms: int = LONGEST_MS
    """How long a segment can be of use at most: as long as its entries lie there."""


@dataclass(slots=True)
class _Work:
    """A batch being worked on."""

    now: int
    ruling: Ruling
    results: dict[RawReference, OffsetOutcome] = field(default_factory=dict)
    releases: list[tuple[Arrival, Release]] = field(default_factory=list)
    quarantined: list[tuple[Arrival, Reason]] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)


class RedactProcessor:
    """Implements `streams.engine.processor.Processor`."""

    def __init__(self, project: str, codec: Codec, slot: str, seams: Seams) -> None:
        self._project = project
        self._codec = codec
        self._seams = seams
        self._raw_keys = UnwrappedKeys(seams.vault, transit_key(project))
        data_keys = DataKeys(seams.vault)
        halves = SlotHalves(seams.vault, project, slot)
        self._sealer = SegmentSealer(data_keys, halves, project, slot, topics=seams.topics)
        self._quarantine = Quarantine(project, slot, data_keys)
        self._releaser = Releaser(project, seams.hashes)
        self._keys = TransformKeys(seams.hashes.token.digest)
        self._notes = Notes(project, codec, seams.vault, self._keys)
        self._slot = Slot(slot, 0, f"redact.{project}", project)
        self._sequence = 0
        self._rulings = Rulings(project, seams.ruling)
        self._released = Releases(project, codec, seams.vault, seams.released)
        self._suppression = Suppression(seams.hashes.subject, seams.erased)
        self._taken_up = 0
        """How many erasures this epoch has said it works by."""
        self._now = 0
        self._adopted: set[str] = set()
        """Hashes of the bundles that the audit knows this epoch to work by."""
        self._busy = False
        """Whether the last batch was mostly raw records: more of them wait."""
        self._least_policy = 0
        """What a copy asked for. It outlives `restore`: forgotten, the same copy would stop each batch anew."""

    @property
    def held(self) -> frozenset[str]:
        """Without a ruling nothing may leave: raw records and comments wait where they are. Copies wait longer."""
        raw, again, commented = inputs(self._project)
        ruling = self._rulings.ruling
        if ruling is None:
            return frozenset({raw, again, commented})
        waits = self._busy or ruling.policy.version < self._least_policy or self._released.waiting(self._now)
        return frozenset({again}) if waits else frozenset()

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - its epoch is its state
        """Begin the epoch: what an earlier one left unnamed in Vault is an orphan once this commits."""
        self._slot = slot
        self._sequence = 0
        self._adopted = set()
        self._rulings.follow()
        return Plan(outputs=[self._epoch()], notice=self._rulings.notice, stands=self._rulings.stands)

    def control(self, changed: Sequence[str]) -> Plan:  # noqa: ARG002 - what is in force is asked for as a whole
        """Take up the policy in force, who has frozen what, and who is erased: keeper waits for hearing that."""
        self._rulings.follow()
        news = [self._epoch()] if self._suppression.count > self._taken_up else []
        return Plan(outputs=news, notice=self._rulings.notice, stands=self._rulings.stands)

    def _epoch(self) -> Outgoing:
        """What this slot works by, in a transaction after those of all segments that it has numbered so far."""
        self._taken_up = self._suppression.count
        epoch = SlotEpoch(self._slot.name, self._slot.epoch, self._taken_up, self._sequence)
        key = f"{EPOCH}{self._slot.name}".encode()
        return Outgoing(f"segments.{self._project}", key, self._codec.encode(epoch))

    def process(self, batch: Batch) -> Plan:
        """One outcome for every offset of the batch."""
        self._now = batch.now
        self._rulings.look(batch.now)
        plan = Plan(notice=self._rulings.notice, stands=self._rulings.stands)
        self._busy = sum(it.topic == topic_of(self._project) for it in batch.messages) >= MUCH
        if not batch.messages:
            return plan
        ruling = self._rulings.ruling
        if ruling is None:  # they were held; if some come all the same, their position must not be committed
            raise LogUnavailable(self._rulings.notice)
        work = _Work(batch.now, ruling)
        commented, records = self._apart(batch.messages)
        self._redact(self._arrivals(records, ruling, plan), work)
        self._seal(work)
        self._release(work, plan)
        self._end_earlier(work, plan)
        self._cover(batch, work, plan)
        self._notes.make(commented, ruling, batch.now, plan)
        return plan

    def _apart(self, messages: Sequence[Message]) -> tuple[list[Message], list[Message]]:
        """Comments, and what becomes a revision of a record."""
        topic = comments.topic_of(self._project)
        return [it for it in messages if it.topic == topic], [it for it in messages if it.topic != topic]

    def _arrivals(self, messages: Sequence[Message], ruling: Ruling, plan: Plan) -> list[Arrival]:
        """What is to be redacted now. Raises LogUnavailable where copies have to wait."""
        found, refusals = read_arrivals(messages, self._project, self._released, self._now)
        plan.events += refusals
        self._least_policy = max((self._least_policy, *(it.least_policy for it in found)))
        if any(it.least_policy > ruling.policy.version for it in found):
            raise LogUnavailable(f"records to redact again wait for a policy of version {self._least_policy}")
        return found

    # 1 and 2: payloads, records, outcomes

    def _redact(self, arrivals: Sequence[Arrival], work: _Work) -> None:
        whole = [it for it in arrivals if it.fault is None]
        work.quarantined += [(it, it.fault) for it in arrivals if it.fault is not None]
        payloads = open_messages([it.message for it in whole], self._raw_keys, self._project)
        known = self._seams.known_routes()
        records = [self._parsed(payload, known, work.ruling) for payload in payloads]
        good = [record for record in records if isinstance(record, RawRecord)]
        found = iter(outcomes(good, work.ruling, self._keys))
        for arrived, payload, record in zip(whole, payloads, records, strict=True):
            outcome = self._judged(arrived, record, found, work.ruling)
            routing = payload.routing if isinstance(payload, Payload) else ROUTINE
            self._note(arrived, outcome, routing, work)

    def _judged(
        self,
        arrived: Arrival,
        record: RawRecord | RecordError | Dropped,
        found: Iterator[Outcome],
        ruling: Ruling,
    ) -> Outcome:
        """Of one record. People set a threshold aside under the very policy they knew: another may show more."""
        if isinstance(record, Dropped):
            return record
        if isinstance(record, RecordError):
            return Refused(record.reason)
        outcome = next(found)
        if any(order.in_spite and order.policy == ruling.policy.version for order in arrived.orders):
            return in_spite(outcome, record, ruling, self._keys)
        return outcome

    def _parsed(
        self, payload: Payload | RecordError, known: KnownRoutes, ruling: Ruling
    ) -> RawRecord | RecordError | Dropped:
        """Who names an erased person is dropped, whatever else is wrong with it: quarantine would keep it."""
        if isinstance(payload, RecordError):
            return payload
        try:
            record = self._seams.parse(payload.data, payload.media, payload.schema_id)
            if self._suppression.names_erased(record, ruling.policy):
                return Dropped(Reason.ERASED)
            known.check(payload.routing)
        except RecordError as error:
            return error
        return record

    def _note(self, arrived: Arrival, outcome: Outcome, routing: Routing, work: _Work) -> None:
        if isinstance(outcome, Redacted):
            try:
                work.releases.append((arrived, self._releaser.prepare(arrived.raw, outcome, routing)))
            except RecordError as error:
                work.quarantined.append((arrived, error.reason))
        elif isinstance(outcome, Dropped):
            work.results[arrived.raw] = _outcome(arrived, RawOutcome.DROPPED, reason=outcome.reason.value)
        else:
            work.quarantined.append((arrived, outcome.reason))

    # 3 and 4: segments, outputs, coverage

    def _seal(self, work: _Work) -> None:
        sealed = self._sealer.seal(
            [release.contents for _, release in work.releases], self._next_segment, work.now
        )
        too_large = [(arrived, release) for arrived, release in work.releases if release.task_id in sealed.refused]
        work.quarantined += [(arrived, sealed.refused[release.task_id].reason) for arrived, release in too_large]
        work.releases = [pair for pair in work.releases if pair[1].task_id not in sealed.refused]
        work.segments = sealed.segments

    def _next_segment(self) -> str:
        """Never used twice: an aborted batch leaves its number to the orphan it may have left in Vault."""
        self._sequence += 1
        return f"{self._slot.name}/{self._slot.epoch}/{self._sequence}"

    def _release(self, work: _Work, plan: Plan) -> None:
        segment_of = {task: segment.segment_id for segment in work.segments for task in segment.task_ids}
        entries = {release.task_id: release.entry for _, release in work.releases}
        for arrived, release in work.releases:
            task = self._releaser.task(
                release, segment_of[release.task_id], work.ruling.policy, work.ruling.bundle.hash
            )
            self._put(plan, f"tasks.{self._project}", release.task_id.encode(), task)
            work.results[arrived.raw] = _outcome(arrived, RawOutcome.TASK, task_id=release.task_id)
        for segment in work.segments:
            plan.documents += segment.documents
            index = self._index(segment, entries, work)
            self._put(plan, f"segments.{self._project}", segment.segment_id.encode(), index)
        for arrived, reason in work.quarantined:
            entry = self._quarantine.seal(arrived, reason, work.ruling.bundle.hash, work.now)
            self._put(plan, f"quarantine.{self._project}", topic_key(arrived.message), entry)
            work.results[arrived.raw] = _outcome(arrived, RawOutcome.QUARANTINED, reason=reason.value)

    def _end_earlier(self, work: _Work, plan: Plan) -> None:
        """A later revision that is no task names no earlier one: a tombstone under its id says that it is over."""
        over = [raw for raw, it in work.results.items() if raw.revision > 1 and it.outcome is not RawOutcome.TASK]
        keys = [self._releaser.earlier(raw).encode() for raw in over]
        plan.outputs += [Outgoing(f"tasks.{self._project}", key, None) for key in keys]

    def _index(self, segment: Segment, entries: dict[str, SegmentEntry], work: _Work) -> SegmentIndex:
        _slot, _epoch, sequence = segment.segment_id.rsplit("/", 2)
        return SegmentIndex(
            segment_id=segment.segment_id,
            slot=self._slot.name,
            epoch=self._slot.epoch,
            sequence=int(sequence),
            bundle=work.ruling.bundle.hash,
            created_at=work.now,
            expires_at=work.now + min(work.ruling.policy.segment_hours * HOUR_MS, self._seams.longest_ms),
            entries=tuple(entries[task] for task in segment.task_ids),
        )

    def _cover(self, batch: Batch, work: _Work, plan: Plan) -> None:
        if work.ruling.bundle.hash not in self._adopted:
            self._adopted.add(work.ruling.bundle.hash)  # forgotten by `restore`, should the commit fail
            plan.events.append(adopted_event(work.ruling.bundle, work.ruling.policy))
        segments = tuple(segment.segment_id for segment in work.segments)
        plan.events += [
            redacted_event(
                coverage, work.ruling.bundle.hash, work.ruling.policy, segments, _measured(coverage, work)
            )
            for coverage in _coverages(batch, work)
        ]

    def _put(self, plan: Plan, topic: str, key: bytes, record: object) -> None:
        plan.outputs.append(Outgoing(topic, key, self._codec.encode(record)))


def _coverages(batch: Batch, work: _Work) -> Iterator[BatchCoverage]:
    """Every offset of a raw partition since the last batch; of later revisions those that are there."""
    outcomes: dict[tuple[TopicPartition, int], dict[int, OffsetOutcome]] = {}
    for raw, outcome in work.results.items():
        place = TopicPartition(raw.topic, raw.partition)
        outcomes.setdefault((place, raw.revision), {})[raw.offset] = outcome
    for (place, revision), found in sorted(outcomes.items()):
        if revision == 1:
            yield from covered(place, batch.positions_before[place], found)
        else:
            yield covered_again(place, found)


def _measured(coverage: BatchCoverage, work: _Work) -> Mapping[str, str]:
    """The amounts of the records that one event covers."""
    tasks = {it.task_id for it in coverage.outcomes if it.task_id}
    released = [(arrived, it) for arrived, it in work.releases if it.task_id in tasks]
    shown = (amounts(it.redacted.geometry) for _, it in released)
    return details(shown, (work.now - arrived.message.timestamp for arrived, _ in released))


def _outcome(arrived: Arrival, outcome: RawOutcome, *, task_id: str = "", reason: str = "") -> OffsetOutcome:
    return OffsetOutcome(arrived.raw.offset, outcome, task_id, reason, arrived.raw.revision)
