"""What somebody who asks for a lineage may mean by an id, and which of it the audit knows.

A resource as the audit writes it (`task/5f…`, `control/withdraw/…`) means itself. Without its kind an id means
whatever the log has under it: task, label, lease, person, policy (hash or `name@n`), bundle, session or endpoint.
`raw.P/partition/offset` is a raw record in all its revisions, `…/revision` or `…#revision` one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from schemas.audit import AuditEvent, EventType
from schemas.control import ControlKind
from schemas.errors import ConfigError
from schemas.resources import Kind, control_resource, policy_resource, task_ids

BUNDLE = "bundle"
POLICY_NAME = "policy-name"
_BARE = (
    *(Kind.TASK, Kind.LABEL, Kind.LEASE, Kind.PERSON, Kind.POLICY),
    *(BUNDLE, Kind.SESSION, Kind.WEBHOOK, Kind.PROJECT),
)
_OF_A_LEASE = frozenset({Kind.LABEL, Kind.LEASE})
"""They share their ids, and lead to the same task."""
_TELLING = frozenset({EventType.WEBHOOK_DELIVERED, EventType.WEBHOOK_FAILED})
_TOPIC_PARTITION_OFFSET, _AND_REVISION = 3, 4


@dataclass(slots=True)
class Reading:
    """One thing that may be meant: its kind and the rest; once the log was read, whether it is known.

    `tasks`: those it leads to, `policies`: hashes, each in the order they came up.
    """

    kind: str
    id: str
    known: bool = False
    tasks: dict[str, None] = field(default_factory=dict)
    policies: dict[str, None] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"


def readings(text: str) -> tuple[Reading, ...]:
    """All that `text` may mean. Raises ConfigError for what can't be an id."""
    if not text or not text.isprintable():
        raise ConfigError("an id is a word without spaces at its ends or control characters")
    head, slash, rest = text.partition("/")
    if not slash:
        return (Reading(POLICY_NAME, text),) if _is_policy_name(text) else tuple(Reading(it, text) for it in _BARE)
    if head == Kind.RAW:
        return (_raw(rest),)
    if head in ControlKind.__members__.values() and (head != Kind.POLICY or "/" in rest) and rest:
        return (Reading(Kind.CONTROL, text),)  # the key of an order; a policy's hash has no further part
    if (head in Kind.__members__.values() or head == BUNDLE) and rest:
        return (Reading(head, rest),)
    return (_raw(text),)


def meant(text: str, events: Iterable[AuditEvent]) -> Reading | None:
    """Which reading of `text` the log knows, and the tasks or policies it leads to; none: it occurs nowhere.

    Raises ConfigError for what can't be an id, and where the log knows it as two things.
    """
    found = readings(text)
    look = [(reading, _OCCURS.get(reading.kind, _named)) for reading in found]
    for event in events:
        if len(look) > 1 and not _may_name(text, event):
            continue
        for reading, occurs in look:
            if occurs(reading, event):
                reading.known = True
    known = [reading for reading in found if reading.known]
    if len(known) > 1 and not {reading.kind for reading in known} <= _OF_A_LEASE:
        one_of = " or ".join(str(reading) for reading in known)
        raise ConfigError(f"{text} may be {one_of}: say which")
    return known[0] if known else None


def _may_name(text: str, event: AuditEvent) -> bool:
    """Quick, and never wrong where it says no: most events name nothing that is asked for."""
    if text in (event.person, event.bundle) or text in event.resource or text in event.details.values():
        return True
    if event.batch is not None and any(it.task_id == text for it in event.batch.outcomes):
        return True
    return any(text in it for it in event.parents)


def place_of(reading: Reading) -> tuple[str, int, int, int | None]:
    """Topic, partition, offset and, where it was given, revision of a raw reading."""
    topic, partition, offset, *revision = reading.id.split("/")
    return topic, int(partition), int(offset), int(revision[0]) if revision else None


def _is_policy_name(text: str) -> bool:
    name, at, number = text.rpartition("@")
    return bool(name and at) and number.isdecimal()


def _raw(text: str) -> Reading:
    parts = text.replace("#", "/").split("/")
    numbers = all(part.isascii() and part.isdecimal() for part in parts[1:])
    if len(parts) not in (_TOPIC_PARTITION_OFFSET, _AND_REVISION) or not parts[0] or not numbers:
        raise ConfigError(
            f"{text} is no id: expected a raw reference (topic/partition/offset), a resource (task/…, label/…, "
            "person/…, policy/…, control/…), or one of these without its kind"
        )
    return Reading(Kind.RAW, "/".join([parts[0], *(str(int(part)) for part in parts[1:])]))


# Whether an event speaks of what is asked for. Each notes what it leads to.


def _named(reading: Reading, event: AuditEvent) -> bool:
    whole = str(reading)
    return event.resource == whole or whole in event.parents


def _of_a_lease(reading: Reading, event: AuditEvent) -> bool:
    """The task is the one of the event, but where an endpoint was told of many things at once."""
    if not _named(reading, event):
        return False
    if event.type not in _TELLING:
        reading.tasks.update(dict.fromkeys(task_ids(event)))
    return True


def _task(reading: Reading, event: AuditEvent) -> bool:
    made = event.batch is not None and any(it.task_id == reading.id for it in event.batch.outcomes)
    if made or reading.id in task_ids(event):
        reading.tasks[reading.id] = None
        return True
    return False


def _verdict(reading: Reading, event: AuditEvent) -> bool:
    if _named(reading, event):
        reading.tasks[reading.id] = None
        return True
    return False


def _joined(reading: Reading, event: AuditEvent) -> bool:
    """Named in the details: what `label.joined` speaks of is the raw record."""
    if str(reading) not in (event.resource, event.details.get("joined")):
        return False
    reading.tasks[reading.id] = None
    return True


def _raw_record(reading: Reading, event: AuditEvent) -> bool:
    if event.batch is None:
        return False
    topic, partition, offset, revision = place_of(reading)
    if (event.batch.topic, event.batch.partition) != (topic, partition):
        return False
    here = [it for it in event.batch.outcomes if it.offset == offset and revision in (None, it.revision)]
    reading.tasks.update(dict.fromkeys(it.task_id for it in here if it.task_id))
    return bool(here)


def _person(reading: Reading, event: AuditEvent) -> bool:
    return event.person == reading.id or event.resource == str(reading)


def _policy(reading: Reading, event: AuditEvent) -> bool:
    if reading.id not in (_after(event.resource, policy_resource("")), *_policies_of(event)):
        return False
    reading.policies[reading.id] = None
    return True


def _policy_name(reading: Reading, event: AuditEvent) -> bool:
    if event.details.get("policy") != reading.id:
        return False
    by_hash = _after(event.resource, policy_resource("")) or event.details.get("hash", "")
    if by_hash:
        reading.policies[by_hash] = None
    return bool(by_hash)


def _bundle(reading: Reading, event: AuditEvent) -> bool:
    if event.bundle != reading.id:
        return False
    reading.policies.update(dict.fromkeys(_policies_of(event)))
    return True


def _control(reading: Reading, event: AuditEvent) -> bool:
    whole = str(reading)
    return any(_same_order(whole, it) for it in (event.resource, *event.parents, _applied_key(event)))


def _applied_key(event: AuditEvent) -> str:
    key = event.details.get("key", "")
    return control_resource(key) if key else ""


def _same_order(asked: str, named: str) -> bool:
    """The key of an order, or the concern that is in force by it (the key without its signer)."""
    return bool(named) and (named == asked or named.startswith(f"{asked}/"))


def _policies_of(event: AuditEvent) -> Iterator[str]:
    """Hashes of policies that an event of redact or keeper names."""
    if event.resource.startswith(policy_resource("")):
        yield _after(event.resource, policy_resource(""))
    elif event.batch is not None:
        yield event.details.get("policy", "")
    elif event.details.get("hash"):
        yield event.details["hash"]


def _after(text: str, prefix: str) -> str:
    return text.removeprefix(prefix) if text.startswith(prefix) else ""


_OCCURS: dict[str, Callable[[Reading, AuditEvent], bool]] = {
    Kind.TASK: _task,
    Kind.LABEL: _of_a_lease,
    Kind.LEASE: _of_a_lease,
    Kind.COMMENT: _of_a_lease,
    Kind.VERDICT: _verdict,
    Kind.JOINED: _joined,
    Kind.RAW: _raw_record,
    Kind.PERSON: _person,
    Kind.POLICY: _policy,
    POLICY_NAME: _policy_name,
    BUNDLE: _bundle,
    Kind.CONTROL: _control,
}
