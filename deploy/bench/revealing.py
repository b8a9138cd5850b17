"""How long a reveal takes: from the approval that was missing until the values are open, every process at work.

The requester has asked for it to be opened and waits, one group has approved. Then the second approver hands over
their share and says so on `control`, and the clock runs from the broker's time of that order, which is before it
commits. It stops twice: when who reads the audit sees `value.revealed`, and when the requester has taken shares
and entry and opened them. Approvers and requester sign as they do; their shares and what they read in Vault are
under the administrator's token, since a person's code is good once in half a minute.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

from deploy.acting import act
from deploy.bench.figures import Latency
from deploy.bench.ground import GRANTORS, PROJECT, REQUESTER, Ground
from deploy.bench.report import Revealing
from deploy.bench.segments import (
    HOUR_MS,
    Sealing,
    administrators_vault,
    commit_index,
    contents,
    index_of,
    now_ms,
)
from deploy.control_orders import control_record
from schemas.audit import AuditEvent, Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind
from schemas.errors import StackError
from schemas.grants import (
    GrantAnswer,
    GrantPurpose,
    GrantReason,
    GrantRequest,
    answer_body,
    grant_id,
    request_body,
)
from schemas.registry import Registry
from schemas.resources import control_resource, task_resource
from streams.engine.kafka import KafkaLog
from streams.engine.log import Follower
from vault.client import VaultClient
from vault.granted import ENTRY, Handing, collect_shares, halves_of, open_values, release_share
from vault.segments.document import KeyReference, Layer, LayerDocument, path_of, unpack
from vault.segments.halves import GROUPS
from vault.wrapping import Unwrapping

SLOT = f"redact.{PROJECT}.7"
AUDIT, CONTROL = f"audit.{PROJECT}", "control"
WARM_UP = 3
"""Grants before those that count: every connection is open then."""
LOOK_S = 0.01
WITHIN_S = 30.0


def measure(ground: Ground, reveals: int) -> Revealing:
    """So many grants, one after the other."""
    ground.begin_all()
    registry = Registry(ground.installation.endpoints.registry.url, ground.installation.endpoints.registry.tls())
    log = ground.log()
    try:
        with (
            administrators_vault(ground) as vault,
            closing(log.follow([AUDIT])) as audit,
            closing(log.follow([CONTROL])) as control,
        ):
            bench = _Bench(ground, vault, Codec(registry), audit, control)
            with closing(bench):
                tasks = bench.prepare(log, WARM_UP + reveals)
                took = [bench.reveal(task) for task in tasks][WARM_UP:]
    finally:
        registry.close()
    found = Revealing(Latency.of([said for said, _ in took]), Latency.of([opened for _, opened in took]))
    ground.report(f"second approval to values: p50 {found.opened.p50_ms:,.0f}, p95 {found.opened.p95_ms:,.0f} ms")
    return found


class _Bench:
    def __init__(
        self, ground: Ground, vault: VaultClient, codec: Codec, audit: Follower, control: Follower
    ) -> None:
        self._ground = ground
        self._vault = vault
        self._codec = codec
        self._audit = audit
        self._control = control
        place = ground.installation.endpoints.vault
        self._new_unwrapping = partial(Unwrapping, place.url, place.ca_file)
        self._documents: dict[str, str] = {}
        self._requester = ThreadPoolExecutor(1)

    def prepare(self, log: KafkaLog, count: int) -> Sequence[str]:
        """As many tasks, their values in Vault; the names of the tasks."""
        segment = Sealing(self._vault, SLOT).seal([contents() for _ in range(count)])
        self._vault.create_all(segment.documents)
        commit_index(log, self._codec, SLOT, [index_of(segment, SLOT, 0)])
        self._documents = dict.fromkeys(segment.task_ids, path_of(Layer.VALUES, segment.segment_id))
        return segment.task_ids

    def reveal(self, task_id: str) -> tuple[float, float]:
        """Seconds until it was said, and until the values were open."""
        since = now_ms()
        wanted = GrantRequest(
            REQUESTER, task_id, GrantPurpose.REHEARSAL, GrantReason.REHEARSAL, since, since + HOUR_MS
        )
        handing = Handing(PROJECT, grant_id(wanted), wanted)
        self._say(REQUESTER, handing, request_body(wanted), EventType.GRANT_REQUESTED)
        self._told(EventType.GRANT_LOCATED, handing)
        self._say(REQUESTER, handing, answer_body(GrantAnswer.OPEN), EventType.REVEAL_ASKED)
        first, second = zip(GROUPS, GRANTORS, halves_of(self._values(task_id)), strict=True)
        self._approve(handing, *first)
        waiting = self._requester.submit(self._wait, handing)
        self._approve(handing, *second)
        said, opened = waiting.result()
        approved = self._ordered(handing, GRANTORS[-1])
        return said - approved, opened - approved

    def close(self) -> None:
        """Let the requester go."""
        self._requester.shutdown()

    def _approve(self, handing: Handing, group: str, grantor: str, half: KeyReference) -> None:
        release_share(self._vault, handing, group, half, now_ms())
        self._say(grantor, handing, answer_body(GrantAnswer.APPROVE), EventType.GRANT_APPROVED)

    def _say(self, person: str, handing: Handing, body: bytes, kind: EventType) -> None:
        """As `veil grant` does it, once it knows who asks."""
        key = _key(handing, person)
        event = Event(
            kind,
            control_resource(key),
            person=person,
            purpose=handing.request.purpose.value,
            reason=handing.request.reason.value,
            parents=(task_resource(handing.request.task_id),),
            details={"grant": handing.grant_id},
        )
        with self._ground.acting("person", person) as around:
            act(around, [control_record(around, key, ControlKind.GRANT, body)], [event])

    def _wait(self, handing: Handing) -> tuple[float, float]:
        """When it was said, and when the values were open."""
        self._told(EventType.VALUE_REVEALED, handing)
        said, path = time.time(), handing.path(ENTRY)
        while self._vault.read(path) is None:
            _check(said, "handing the entry over")
            threading.Event().wait(LOOK_S)
        with closing(self._new_unwrapping()) as unwrap:
            open_values(self._vault, unwrap, handing, collect_shares(self._vault, unwrap, handing))
        return said, time.time()

    def _told(self, kind: EventType, handing: Handing) -> None:
        since = time.time()
        while True:
            for message in self._audit.poll(500, 0.05):
                event = self._codec.decode(message.value, AuditEvent)
                if event.type is kind and event.details.get("grant") == handing.grant_id:
                    return
            _check(since, kind.value)

    def _ordered(self, handing: Handing, person: str) -> float:
        """When their last order was appended to `control`, in seconds."""
        since, key = time.time(), _key(handing, person).encode()
        while True:
            for message in self._control.poll(500, 0.05):
                if message.key == key:
                    return message.timestamp / 1000
            _check(since, "the order of the second approver")

    def _values(self, task_id: str) -> LayerDocument:
        found = self._vault.read(self._documents[task_id])
        assert found is not None, "it was written before"
        return unpack(found.blob)


def _key(handing: Handing, person: str) -> str:
    return f"{ControlKind.GRANT}/{PROJECT}/{handing.grant_id}/{person}"


def _check(since: float, what: str) -> None:
    if time.time() - since > WITHIN_S:
        raise StackError(f"{what} did not happen within {WITHIN_S:.0f} s")
