"""One project's whole way on the real broker and the real vault: published, redacted, labeled, decided, joined."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from schemas.audit import EventType
from schemas.control import ControlKind
from schemas.errors import Reason, Refused
from schemas.records import ControlState, LabelSpan
from schemas.resources import task_ids
from tests.support.waiting import wait_for
from topology.policies import load_policy, policy_bytes
from vault.signing import sign_control

pytestmark = pytest.mark.stack

PERSONS = ("sally", "seth", "sona")
RECORDS = [
    {
        "customer": {
            "name": f"Zorvik Quelmer{n}",
            "email": f"zorvik{n}@example.org",
            "note": f"My kettle broke, call Zorvik Quelmer{n} back",
        },
        "product": "kettle",
    }
    for n in range(6)
]


@pytest.fixture(scope="module")
def spine(pipeline_of):
    pipeline = pipeline_of("spine")
    pipeline.start()
    return pipeline


def label_kettle(client, lease):
    field = "customer.note"
    at = lease.fields[field].index("kettle")
    client.label(lease, [LabelSpan(field, at, at + 6, "PRODUCT")], {"tone": "negative"})


@pytest.fixture(scope="module")
def joined(spine):
    """The first records, joined."""
    raw = spine.publish(*RECORDS)
    held_back(spine, len(raw))
    spine.sign("sam")
    one_signature_is_not_enough(spine)
    spine.sign("sue")
    spine.wait_records("tasks", len(raw))
    wait_for(lambda: labeled(spine, 18), "three labels a task")
    labels = spine.wait_records("joined", len(raw))
    return raw, labels, wait_for(lambda: accounted(spine, len(raw)), "the audit says so too")


def accounted(spine, count):
    result = spine.reconciled()
    return result if result.joined == count else None


def labeled(spine, count):
    spine.annotate("sid", PERSONS, label_kettle)
    return len(spine.records("labels")) >= count


def held_back(spine, count):
    """Without a policy nothing is released, and nothing is lost."""
    spine.wait_event("redact started", lambda e: e.type is EventType.PROCESS_STARTED and "redact" in e.process)
    assert spine.records("tasks") == []
    assert spine.records("quarantine") == []
    assert count == len(spine.messages("raw"))


def one_signature_is_not_enough(spine):
    """The author's signature is heard, and still nothing is released."""
    spine.restart("redact")  # it has read `control` to its end when it starts a new epoch
    wait_for(lambda: len(starts(spine, "redact")) >= 2, "redact has started again")
    assert spine.records("tasks") == []


def starts(spine, role):
    return [e for e in spine.events(EventType.PROCESS_STARTED) if e.process.startswith(role)]


def test_every_record_is_joined_in_the_coordinates_of_its_raw_form(spine, joined):
    raw, labels, _ = joined
    assert sorted(label.raw for label in labels) == sorted(raw)
    by_raw = dict(zip(raw, RECORDS, strict=True))
    for label in labels:
        (span,) = label.spans
        note = by_raw[label.raw]["customer"]["note"]
        assert note[span.start : span.end] == "kettle"
        assert (span.label, span.support, span.snapped) == ("PRODUCT", 3, False)
        assert [(choice.name, choice.value) for choice in label.choices] == [("tone", "negative")]


def test_the_audit_accounts_for_every_record(joined):
    _, _, result = joined
    assert (result.records, result.tasks, result.labels, result.verdicts) == (6, 6, 18, 6)
    assert (result.quarantined, result.dropped, result.unjoined, result.open_tasks) == (0, 0, 0, 0)


def test_no_topic_behind_raw_holds_a_raw_value(spine, joined):
    for kind in ("tasks", "segments", "labels", "verdicts", "joined", "audit", "label-state", "decide-state"):
        for message in spine.messages(kind):
            stored = (message.key or b"") + (message.value or b"")
            assert b"Zorvik" not in stored, kind
            assert b"zorvik" not in stored, kind


def test_a_view_is_committed_before_its_label(spine, joined):
    events = [e for e in spine.audit() if e.process == f"label.{spine.project}"]
    seen = set()
    for event in events:
        if event.type is EventType.TASK_VIEWED:
            seen.add((event.person, task_ids(event)[0]))
        elif event.type is EventType.LABEL_SUBMITTED:
            assert (event.person, task_ids(event)[0]) in seen


# Control


def refusals(spine, reason):
    found = [e for e in spine.events(EventType.CONTROL_REFUSED) if e.reason == reason.value]
    return {event.process for event in found}


ROLES = ("redact", "label", "decide", "join", "keeper")


def refused_by_all(spine, reason):
    stages = {f"{role}.{spine.project}" for role in ROLES}
    wait_for(lambda: refusals(spine, reason) >= stages, f"{reason} at every stage")


def policy_key(spine, signer, policy):
    return f"{ControlKind.POLICY}/{spine.project}/{policy.hash}/{signer}"


def signed(spine, signer, key, body, version, kind=ControlKind.POLICY):
    with spine.person(signer) as around:
        return sign_control(
            around.vault, signer, key=key, version=version, kind=kind, body=body, now=around.clock.now()
        )


def first(spine, key):
    """The first record under a key of `control`: the good one."""
    return next(m for m in spine.log.read("control") if m.key == key.encode())


@pytest.fixture
def standing(spine, joined):
    """The author's signature as it stands on `control`; whatever a test does there must change nothing."""
    key = policy_key(spine, "sam", load_policy("demo"))
    before = len(spine.records("tasks"))
    yield key, first(spine, key).value
    spine.publish({"product": "after", "text": "all is well"})
    tasks = spine.wait_records("tasks", before + 1)
    assert tasks[-1].policy == load_policy("demo").hash


def test_an_unsigned_order_is_refused_by_every_stage(spine, standing):
    key, value = standing
    state = replace(spine.codec.decode(value, ControlState), signature=b"", version=2**50)
    spine.write("control", key.encode(), spine.codec.encode(state))
    refused_by_all(spine, Reason.UNSIGNED)


def test_an_order_changed_after_signing_is_refused_by_every_stage(spine, standing):
    key, value = standing
    state = replace(spine.codec.decode(value, ControlState), version=2**50)
    spine.write("control", key.encode(), spine.codec.encode(state))
    refused_by_all(spine, Reason.BAD_SIGNATURE)


def test_an_order_of_a_lower_version_is_refused_by_every_stage(spine, standing):
    key, value = standing
    body = spine.codec.decode(value, ControlState).body
    spine.write("control", key.encode(), spine.codec.encode(signed(spine, "sam", key, body, 1)))
    refused_by_all(spine, Reason.STALE_VERSION)


def test_a_tombstone_on_control_is_refused_by_every_stage(spine, standing):
    key, _ = standing
    spine.write("control", key.encode(), None)
    refused_by_all(spine, Reason.TOMBSTONE_IGNORED)


def test_garbage_on_control_is_refused_by_every_stage(spine, standing):
    spine.write("control", b"\xff\xfe nonsense", b"garbage Zorvik")
    refused_by_all(spine, Reason.UNDECODABLE)
    assert all("Zorvik" not in str(event) for event in spine.audit())


def test_whoever_may_not_sign_is_refused_by_every_stage(spine, standing):
    """The operator signs a policy under a name of its own."""
    policy = load_policy("text")
    key = policy_key(spine, "sid", policy)
    state = signed(spine, "sid", key, policy_bytes(policy), 1)
    spine.write("control", key.encode(), spine.codec.encode(state))
    refused_by_all(spine, Reason.SIGNER_NOT_ALLOWED)


# Withdrawal


def test_a_withdrawn_task_is_gone_everywhere(spine, joined):
    (raw,) = spine.publish({"product": "lamp", "text": "withdraw this please"})
    task_id = wait_for(lambda: task_of(spine, raw), "the task of the record")
    (index,) = [i for i in spine.records("segments") if task_id in {e.task_id for e in i.entries}]
    with spine.client("sid", "sally") as client:
        lease = lease_of(spine, client, task_id)
        spine.withdraw("sid", task_id)
        for role, outcome in (("label", None), ("join", "evicted"), ("keeper", "dropped")):
            said = partial(withdrawn, spine, task_id, role, outcome)
            spine.wait_event(f"withdrawn by {role}", said)
        with pytest.raises(Refused) as refused:
            client.label(lease, [], {"tone": "neutral"})
        assert refused.value.reason in (Reason.WITHDRAWN, Reason.TASK_CLOSED)
    for person in PERSONS:
        with spine.client("sid", person) as client:
            while (other := client.lease()) is not None:
                assert other.task_id != task_id
                client.label(other, [], {"tone": "neutral"})
    assert the_key_is_gone(spine, index, task_id)
    verdict_on_it_is_refused(spine, joined, task_id, index.segment_id)


def task_of(spine, raw):
    for event in spine.events(EventType.BATCH_REDACTED):
        if (event.batch.topic, event.batch.partition) == (raw.topic, raw.partition):
            for outcome in event.batch.outcomes:
                if outcome.offset == raw.offset and outcome.task_id:
                    return outcome.task_id
    return None


def lease_of(spine, client, task_id):
    """This person's lease of the task; other tasks that come first are answered."""

    def ask():
        lease = client.lease()
        if lease is None or lease.task_id == task_id:
            return lease
        client.label(lease, [], {"tone": "neutral"})
        return None

    return wait_for(ask, "the task is leased")


def withdrawn(spine, task_id, role, outcome, event):
    ours = event.type is EventType.TASK_WITHDRAWN and event.process == f"{role}.{spine.project}"
    return ours and task_id in task_ids(event) and (outcome is None or event.outcome == outcome)


def the_key_is_gone(spine, index, task_id):
    """Destroyed with its segment, or taken out of it; asked with the keeper's own rights."""
    documents = spine.stages["keeper", 0].around.vault
    for layer in ("view", "geometry", "values"):
        document = documents.read(f"{layer}/{index.segment_id}")
        if document is not None and (task_id.encode() in document.blob or bytes.fromhex(task_id) in document.blob):
            return False
    return True


def verdict_on_it_is_refused(spine, joined, task_id, segment_id):
    """A verdict that comes all the same is not joined."""
    verdict = replace(spine.records("verdicts")[0], task_id=task_id, segment_id=segment_id)
    spine.write(f"verdicts.{spine.project}", task_id.encode(), spine.codec.encode(verdict))
    spine.wait_event(
        "the verdict refused",
        lambda e: (
            e.type is EventType.RECORD_REFUSED
            and e.process == f"join.{spine.project}"
            and e.reason == Reason.WITHDRAWN.value
            and task_id in task_ids(e)
        ),
    )
    assert task_id not in {label.task_id for label in spine.records("joined")}


def test_restarting_every_stage_doubles_nothing(spine, joined):
    before = len(spine.messages("tasks"))
    spine.restart("redact", "label", "decide", "join", "keeper")
    (raw,) = spine.publish({"product": "lamp", "text": "after the restart"})
    wait_for(lambda: task_of(spine, raw), "the stages go on")
    assert len(spine.messages("tasks")) == before + 1
    labels = spine.records("joined")
    assert len({label.raw for label in labels}) == len(labels)
    spine.reconciled()
