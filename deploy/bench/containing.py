"""How long it takes from an alert to "contained": every stage that must has obeyed, and said so.

Alerts are written as watch would write them; after each, two people let the person in again. Times are the
broker's: when the alert, and when `containment.reached`, was appended to its topic.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from confluent_kafka import Producer

from deploy.bench.figures import Latency
from deploy.bench.ground import ANNOTATORS, OPERATOR, PROJECT, SIGNERS, Ground
from deploy.bench.report import Containing
from deploy.control_orders import sign_lift, sign_reinstatement
from schemas.alerts import Alert, Severity, alert_id
from schemas.audit import AuditEvent, EventType
from schemas.codec import Codec
from schemas.control import ControlKind
from schemas.errors import StackError
from schemas.records import ControlState
from schemas.registry import Registry
from schemas.resources import alert_resource, control_resource, person_resource
from streams.engine.clock import SystemClock
from streams.engine.kafka import KafkaLog
from streams.engine.log import Follower
from topology.identity import Identity

CONTAIN = Identity("contain", PROJECT)
AUDIT, ALERTS = f"audit.{PROJECT}", f"alerts.{PROJECT}"
WITHIN_S = 30.0
_PEOPLE = 3
"""Fewer than contain may revoke within an hour, in turn."""
_MINUTE_MS = 60_000


def measure(ground: Ground, rounds: int) -> Containing:
    """Revocations one after the other, then a freeze; in the end all goes on as before."""
    registry = Registry(ground.installation.endpoints.registry.url, ground.installation.endpoints.registry.tls())
    log = ground.log()
    try:
        bench = _Bench(ground, Codec(registry), log)
        with closing(log.follow([AUDIT])) as follower:
            revoked = [bench.round(follower, number) for number in range(rounds)]
            frozen = bench.contain(follower, "reports", ANNOTATORS[-1])
            bench.go_on(follower)
    finally:
        registry.close()
    found = Containing(Latency.of(revoked), 1000 * max(revoked), 1000 * frozen)
    ground.report(f"alert to contained: p95 {found.revoked.p95_ms:,.0f} ms; a freeze {found.frozen_ms:,.0f} ms")
    return found


class _Bench:
    def __init__(self, ground: Ground, codec: Codec, log: KafkaLog) -> None:
        self._ground = ground
        self._codec = codec
        self._log = log
        self._producer = Producer(ground.admin_settings() | {"partitioner": "murmur2_random"})

    def round(self, follower: Follower, number: int) -> float:
        """Shut somebody out, let them in again; seconds that the first took."""
        person = ANNOTATORS[number % _PEOPLE]
        took = self.contain(follower, "enumeration", person)
        version = self._version(f"{ControlKind.REVOKE}/{PROJECT}/{person}/{CONTAIN.signer}")
        for signer in (OPERATOR, SIGNERS[1]):
            with self._ground.acting("person", signer) as around:
                sign_reinstatement(around, person, version, 1)
        over = control_resource(f"{ControlKind.REINSTATE}/{PROJECT}/{person}")
        self._heard(
            follower,
            lambda event: event.resource == over and event.process == CONTAIN.name,
            f"letting {person} in",
        )
        return took

    def go_on(self, follower: Follower) -> None:
        """End the freeze, and wait until redact goes on."""
        version = self._version(f"{ControlKind.FREEZE}/{PROJECT}/{CONTAIN.signer}")
        for signer in (OPERATOR, SIGNERS[1]):
            with self._ground.acting("person", signer) as around:
                sign_lift(around, CONTAIN.signer, version)
        over = control_resource(f"{ControlKind.LIFT}/{PROJECT}/{CONTAIN.signer}")
        self._heard(
            follower,
            lambda event: event.resource == over and event.process == f"redact.{PROJECT}",
            "ending the freeze",
        )

    def _version(self, key: str) -> int:
        """Of the latest record under a key of `control`."""
        found = (one.value for one in self._log.read("control") if one.key == key.encode() and one.value)
        return max(self._codec.decode(value, ControlState).version for value in found)

    def contain(self, follower: Follower, rule: str, person: str) -> float:
        """Seconds from the alert to "contained"."""
        subject, at = person_resource(person), SystemClock().now()
        name = alert_id(rule, subject, at - _MINUTE_MS)
        alert = Alert(name, rule, Severity.CRITICAL, subject, at - _MINUTE_MS, at)
        self._producer.produce(ALERTS, self._codec.encode(alert), name.encode())
        self._producer.flush(WITHIN_S)
        wanted = alert_resource(name)
        reached = self._heard(
            follower,
            lambda event: event.type is EventType.CONTAINMENT_REACHED and event.resource == wanted,
            f"containing {rule}",
        )
        told = next(one.timestamp for one in self._log.read(ALERTS) if one.key == name.encode())
        return (reached - told) / 1000

    def _heard(self, follower: Follower, wanted: Callable[[AuditEvent], bool], what: str) -> int:
        """When the event was appended, in milliseconds."""
        limit = time.monotonic() + WITHIN_S
        while time.monotonic() < limit:
            for message in follower.poll(500, 0.05):
                event = self._codec.decode(message.value, AuditEvent)
                if wanted(event):
                    return message.timestamp
        raise StackError(f"{what} did not happen within {WITHIN_S:.0f} s.")
