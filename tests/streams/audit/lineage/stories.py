"""Small logs told by hand, as the stages write them."""

from __future__ import annotations

from schemas.audit import AuditEvent, BatchCoverage, Decision, EventType, OffsetOutcome, RawOutcome

PROJECT = "demo"
TASK, OTHER = "ab" * 16, "cd" * 16
POLICY, BUNDLE = "9f" * 32, "7e" * 32
DAY = 86_400_000
START = 1_700_006_400_000
"""2023-11-15, midnight in UTC."""


class Story:
    """Events one after the other, a second apart; each slot numbers its own."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []
        self._numbers: dict[str, int] = {}
        self.time = START

    def __call__(self):
        return iter(self.events)

    def tell(self, role: str, kind: EventType, resource: str, **rest) -> AuditEvent:
        """`role` is the process's, or a person's name after `person.`."""
        process = role if "." in role else f"{role}.{PROJECT}"
        slot = f"{process}.0"
        number = self._numbers[slot] = self._numbers.get(slot, 0) + 1
        self.time += 1000
        event = AuditEvent(
            slot=slot,
            epoch=1,
            sequence=number,
            previous=bytes(32),
            process=process,
            time=rest.pop("time", self.time),
            type=kind,
            resource=resource,
            outcome=rest.pop("outcome", "success"),
            decision=rest.pop("decision", Decision.NONE),
            person=rest.pop("person", ""),
            purpose=rest.pop("purpose", ""),
            reason=rest.pop("reason", ""),
            bundle=rest.pop("bundle", ""),
            parents=tuple(rest.pop("parents", ())),
            batch=rest.pop("batch", None),
            certificate=None,
            details=rest.pop("details", {}),
        )
        assert not rest
        self.events.append(event)
        return event

    def policy(self) -> None:
        for person in ("ada", "grace"):
            key = f"policy/{PROJECT}/{POLICY}/{person}"
            parents, details = [f"control/{key}"], {"policy": "demo@1"}
            signed = EventType.POLICY_PUBLISHED
            self.tell(
                f"person.{person}", signed, f"policy/{POLICY}", person=person, parents=parents, details=details
            )
        concern, details = f"control/policy/{PROJECT}/{POLICY}", {"key": f"policy/{PROJECT}/{POLICY}/grace"}
        for role in ("label", "redact"):
            self.tell(role, EventType.CONTROL_APPLIED, concern, details=details)
        parts = {"policy": "demo@1", "release": "0.1.0", "code": "c0de" * 16}
        self.tell("redact", EventType.BUNDLE_ADOPTED, f"policy/{POLICY}", bundle=BUNDLE, details=parts)

    def batch(self, *tasks: str, first: int = 0, revision: int = 1) -> None:
        """One record a task; an empty id is a record in quarantine."""
        outcomes = tuple(
            OffsetOutcome(first + at, RawOutcome.TASK, task_id=task, revision=revision)
            if task
            else OffsetOutcome(first + at, RawOutcome.QUARANTINED, reason="bad_json", revision=revision)
            for at, task in enumerate(tasks)
        )
        after = first + len(tasks)
        coverage = BatchCoverage(f"raw.{PROJECT}", 0, first, after, outcomes)
        self.tell(
            "redact",
            EventType.BATCH_REDACTED,
            f"batch/raw.{PROJECT}/0/{first}/{after}",
            bundle=BUNDLE,
            batch=coverage,
            details={"policy": POLICY, "overlap": "2", "segments": "redact.demo.0/1/1"},
        )

    def view(self, task: str, token: int, person: str, **rest) -> str:
        lease = f"{task}-{token}"
        self.tell(
            "label",
            EventType.TASK_VIEWED,
            f"task/{task}",
            person=person,
            purpose="annotation",
            bundle=BUNDLE,
            decision=Decision.ALLOW,
            parents=[f"lease/{lease}", "segment/redact.demo.0/1/1"],
            details={"rule": "annotate", "client": "page", "again": "false"},
            **rest,
        )
        return lease

    def label(self, task: str, token: int, person: str) -> str:
        lease = self.view(task, token, person)
        parents = [f"lease/{lease}", f"task/{task}"]
        self.tell(
            "label", EventType.LABEL_SUBMITTED, f"label/{lease}", person=person, parents=parents, bundle=BUNDLE
        )
        return lease

    def decide(self, task: str, *labels: str) -> None:
        details = {"status": "agreed", "method": "majority", "persons": "ann,ben"}
        parents = [f"label/{it}" for it in labels]
        verdict = EventType.VERDICT_REACHED
        self.tell("decide", verdict, f"verdict/{task}", parents=parents, details=details, bundle=BUNDLE)
        self.tell("decide", EventType.WORK_ORDERED, f"task/{task}", parents=parents, details={"order": "close"})
        self.tell("label", EventType.TASK_CLOSED, f"task/{task}", reason="decided")

    def join(self, task: str, offset: int) -> None:
        self.tell(
            "join",
            EventType.LABEL_JOINED,
            f"raw/raw.{PROJECT}/0/{offset}/1",
            bundle=BUNDLE,
            parents=[f"task/{task}", f"verdict/{task}"],
            details={"joined": f"joined/{task}", "segment": "segment/redact.demo.0/1/1", "status": "agreed"},
        )

    def withdraw(self, task: str, person: str) -> None:
        key = f"withdraw/{PROJECT}/{task}/{person}"
        concern, ordered = f"control/withdraw/{PROJECT}/{task}", EventType.WITHDRAWAL_ORDERED
        parents = [f"control/{key}"]
        self.tell(
            f"person.{person}", ordered, f"task/{task}", person=person, reason="personal_data", parents=parents
        )
        for role in ("label", "join", "keeper"):
            self.tell(role, EventType.CONTROL_APPLIED, concern, details={"key": key})
        gone = EventType.TASK_WITHDRAWN
        self.tell("label", gone, f"task/{task}", reason="withdrawn", details={"held": "true"})
        self.tell("join", gone, f"task/{task}", outcome="evicted", reason="withdrawn")
        self.tell("keeper", gone, f"task/{task}", outcome="dropped", parents=["segment/redact.demo.0/1/1"])


def whole() -> Story:
    """Two records: one all the way with two labels and a skip; one seen, then withdrawn; a third in quarantine."""
    story = Story()
    story.policy()
    story.batch(TASK, OTHER, "")
    labels = [story.label(TASK, 1, "ann"), story.label(TASK, 2, "ben")]
    lease = story.view(TASK, 3, "cleo")
    story.tell("label", EventType.TASK_SKIPPED, f"task/{TASK}", person="cleo", parents=[f"lease/{lease}"])
    story.decide(TASK, *labels)
    story.join(TASK, 0)
    story.view(OTHER, 1, "ann")
    story.withdraw(OTHER, "olga")
    told = [f"label/{labels[0]}", f"verdict/{TASK}", f"task/{OTHER}"]
    story.tell("notify", EventType.WEBHOOK_DELIVERED, "webhook/warehouse", parents=told, details={"messages": "3"})
    return story
