"""How an audit event names what it speaks of: `<kind>/<rest>`, in `resource` and in each of `parents`.

Every event that speaks of a task names it: as its resource, in its parents, or in `details["task"]`
(see `task_ids`), so that `veil audit reconcile` and `veil audit trace` follow a record from offset to label.

| kind      | rest                                 | example                          |
|-----------|--------------------------------------|----------------------------------|
| `task`    | task id                              | `task/5f…`                       |
| `raw`     | topic, partition, offset, revision   | `raw/raw.demo/0/17/1`            |
| `batch`   | topic, partition, first, next        | `batch/raw.demo/0/0/500`         |
| `message` | topic, partition, offset             | `message/labels.demo/2/40`       |
| `lease`   | lease id                             | `lease/9c…`                      |
| `label`   | label id                             | `label/31…`                      |
| `comment` | comment id                           | `comment/77…`                    |
| `verdict` | task id                              | `verdict/5f…`                    |
| `joined`  | task id                              | `joined/5f…`                     |
| `segment` | slot, epoch, sequence                | `segment/redact.demo.0/3/12`     |
| `slot`    | slot                                 | `slot/redact.demo.0`             |
| `control` | key of the control record            | `control/policy/demo/ab…/author` |
| `policy`  | policy hash                          | `policy/ab…`                     |
| `project` | project                              | `project/demo`                   |
| `session` | public name of a person's session    | `session/0b…`                    |
| `person`  | person                               | `person/ann-1`                   |
| `webhook` | name of an endpoint                  | `webhook/warehouse`              |
| `app`     | name of an annotator app             | `app/triage-ui`                  |
| `alert`   | alert id                             | `alert/4e…`                      |
| `incident`| incident id                          | `incident/2026-11-26-9c…`        |
| `key`     | transit key                          | `key/view-demo`                  |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.audit import AuditEvent, Event
from schemas.errors import Reason, Unparseable
from schemas.records import RawReference


class Kind(StrEnum):
    """The kinds of resource. Add, never rename."""

    TASK = "task"
    RAW = "raw"
    BATCH = "batch"
    MESSAGE = "message"
    LEASE = "lease"
    LABEL = "label"
    COMMENT = "comment"
    VERDICT = "verdict"
    JOINED = "joined"
    SEGMENT = "segment"
    SLOT = "slot"
    CONTROL = "control"
    POLICY = "policy"
    PROJECT = "project"
    SESSION = "session"
    PERSON = "person"
    WEBHOOK = "webhook"
    APP = "app"
    ALERT = "alert"
    INCIDENT = "incident"
    KEY = "key"


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """A resource in parts; `str()` gives it back."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"


def task_resource(task_id: str) -> str:
    """A task."""
    return f"{Kind.TASK}/{task_id}"


def raw_resource(ref: RawReference) -> str:
    """One revision of a raw record."""
    return f"{Kind.RAW}/{ref.topic}/{ref.partition}/{ref.offset}/{ref.revision}"


def batch_resource(topic: str, partition: int, first: int, next_offset: int) -> str:
    """The offsets `first` ≤ o < `next_offset` of one partition."""
    return f"{Kind.BATCH}/{topic}/{partition}/{first}/{next_offset}"


def message_resource(topic: str, partition: int, offset: int) -> str:
    """A record of any topic by its place, whatever it holds (`record.refused`)."""
    return f"{Kind.MESSAGE}/{topic}/{partition}/{offset}"


def lease_resource(lease_id: str) -> str:
    """One person's lease of one task."""
    return f"{Kind.LEASE}/{lease_id}"


def label_resource(label_id: str) -> str:
    """One person's label of one task."""
    return f"{Kind.LABEL}/{label_id}"


def comment_resource(comment_id: str) -> str:
    """What one person has written about one task."""
    return f"{Kind.COMMENT}/{comment_id}"


def verdict_resource(task_id: str) -> str:
    """The one verdict of a task."""
    return f"{Kind.VERDICT}/{task_id}"


def joined_resource(task_id: str) -> str:
    """The one joined label of a task."""
    return f"{Kind.JOINED}/{task_id}"


def segment_resource(segment_id: str) -> str:
    """A segment, by `<slot>/<epoch>/<sequence>`."""
    return f"{Kind.SEGMENT}/{segment_id}"


def slot_resource(slot: str) -> str:
    """A process slot, for example `redact.demo.0`."""
    return f"{Kind.SLOT}/{slot}"


def alert_resource(alert_id: str) -> str:
    """An alert on `alerts.P`."""
    return f"{Kind.ALERT}/{alert_id}"


def incident_resource(incident_id: str) -> str:
    """Something that a person looks into."""
    return f"{Kind.INCIDENT}/{incident_id}"


def key_resource(name: str) -> str:
    """A transit key."""
    return f"{Kind.KEY}/{name}"


def control_resource(key: str) -> str:
    """A control record, by its key."""
    return f"{Kind.CONTROL}/{key}"


def policy_resource(policy_hash: str) -> str:
    """A redaction policy, by its hash."""
    return f"{Kind.POLICY}/{policy_hash}"


def project_resource(project: str) -> str:
    """A project as a whole."""
    return f"{Kind.PROJECT}/{project}"


def session_resource(session_id: str) -> str:
    """A person's session with the label stage."""
    return f"{Kind.SESSION}/{session_id}"


def person_resource(person: str) -> str:
    """A person, where an event is about them rather than by them."""
    return f"{Kind.PERSON}/{person}"


def webhook_resource(endpoint: str) -> str:
    """An endpoint that is told what happens."""
    return f"{Kind.WEBHOOK}/{endpoint}"


def app_resource(app: str) -> str:
    """An annotator app, where something is about it and no person."""
    return f"{Kind.APP}/{app}"


def parse(text: str) -> Resource:
    """The resource in parts. Raises Unparseable for anything not made by the functions above."""
    kind, slash, rest = text.partition("/")
    if not slash or not rest or kind not in Kind.__members__.values():
        raise Unparseable(Reason.BAD_REQUEST, "not a resource: expected <kind>/<id>, see schemas.resources")
    return Resource(Kind(kind), rest)


def raw_reference(text: str) -> RawReference:
    """The raw reference that `raw_resource` wrote. Raises Unparseable."""
    resource = parse(text)
    parts = resource.id.split("/")
    if resource.kind is not Kind.RAW or len(parts) != 4 or not all(part.isdecimal() for part in parts[1:]):  # noqa: PLR2004 - topic, partition, offset, revision
        raise Unparseable(Reason.BAD_REQUEST, "not a raw reference: expected raw/topic/partition/offset/revision")
    return RawReference(parts[0], int(parts[1]), int(parts[2]), int(parts[3]))


TASK_DETAIL = "task"
"""The key of `details` that names the task where neither resource nor parents can."""
_OF_A_TASK = frozenset({Kind.TASK, Kind.VERDICT, Kind.JOINED})


def task_ids(event: AuditEvent | Event) -> tuple[str, ...]:
    """The ids of the tasks an event speaks of: by resource first, then parents, then `details["task"]`."""
    found: dict[str, None] = {}
    for text in (event.resource, *event.parents):
        kind, _, rest = text.partition("/")
        if kind in _OF_A_TASK and rest:
            found[rest] = None
    if event.details.get(TASK_DETAIL):
        found[event.details[TASK_DETAIL]] = None
    return tuple(found)
