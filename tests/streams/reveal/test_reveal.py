"""What reveal hands out, when, and that no crash and no order of things makes it more or twice."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.audit import EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import VaultUnavailable
from schemas.grants import (
    GrantAnswer,
    GrantPurpose,
    GrantReason,
    GrantRequest,
    answer_body,
    grant_id,
    request_body,
)
from schemas.hidden import SealedBytes
from schemas.states import GrantState, GrantStep
from streams.engine.messages import Message, TopicPartition
from streams.engine.processor import Batch, Slot
from streams.reveal.deciding import Act, due
from streams.reveal.processor import RevealProcessor, Seams
from tests.simulation.broker import Broker
from tests.simulation.segment_topics import MemorySegmentTopics
from tests.simulation.vault import MemoryVault, VaultStore
from topology.grants import Grants
from vault.granted import ENTRY, FOLDERS, Handing
from vault.segments.apart import Stored
from vault.segments.document import KeyReference, Layer, LayerDocument, Place, pack, path_of, unpack

CODEC = Codec(FixedIds())
HOLDERS = {
    "requester": frozenset({"rita"}),
    "grantor-a": frozenset({"abel"}),
    "grantor-b": frozenset({"berta"}),
}
SEGMENT, TASK = "redact.demo.0/1/7", "a" * 32
SINCE, UNTIL = 1_000, 61_000
REQUEST = GrantRequest("rita", TASK, GrantPurpose.LABEL_DISPUTE, GrantReason.MEANING_LOST, SINCE, UNTIL)
NAME = grant_id(REQUEST)
HANDING = Handing("demo", NAME, REQUEST)
STEPS = {
    "request": ("rita", request_body(REQUEST)),
    "a": ("abel", answer_body(GrantAnswer.APPROVE)),
    "b": ("berta", answer_body(GrantAnswer.APPROVE)),
    "open": ("rita", answer_body(GrantAnswer.OPEN)),
    "deny": ("berta", answer_body(GrantAnswer.DENY)),
    "revoke": ("abel", answer_body(GrantAnswer.REVOKE)),
}
IN_FORCE = ("request", "a", "b", "open")


class RevealsOwn(MemoryVault):
    """Under reveal's rights, with wrapping. `away`: nothing can be written."""

    RIGHTS = frozenset({("read", "values"), ("create", ENTRY), *(("destroy", folder) for folder in FOLDERS)})

    def __init__(self, store):
        super().__init__(store, "demo", rights=self._may)
        self.wrapped, self.away = [], False

    def _may(self, operation, target):
        return (operation, target.partition("/")[0]) in self.RIGHTS

    def wrap(self, content, ttl_s):
        if self.away:
            raise VaultUnavailable("test")
        self.wrapped.append((dict(content), ttl_s))
        return secrets.token_hex(8)


@dataclass
class Ground:
    """The stage over one segment, with what it has committed. `grants`: what `control` has said."""

    grants: Grants = field(default_factory=lambda: Grants(HOLDERS.__getitem__))
    now: int = SINCE

    def __post_init__(self):
        self.store, self.events, self.committed = VaultStore(), [], []
        self.vault = RevealsOwn(self.store)
        keys = tuple(KeyReference("", "redact.demo.0/7", f"half-{group}/redact.demo.0/7/ff") for group in "ab")
        document = LayerDocument("demo", SEGMENT, Layer.VALUES, keys, {TASK: SealedBytes(b"sealed")})
        MemoryVault(self.store, "demo").create(path_of(Layer.VALUES, SEGMENT), pack(document))
        self.segments = {TASK: SEGMENT}
        self.topics = MemorySegmentTopics(Broker({"values.demo": 1}), lambda: self.now / 1000)
        self.start()

    def start(self):
        seams = Seams(self.grants.unfinished, self.segments.get, self.vault, lambda: self.now, self.topics)
        self.stage = RevealProcessor("demo", CODEC, seams)
        kept = [Message(one.topic, 0, at, one.key, one.value) for at, one in enumerate(self.committed)]
        self.stage.restore(Slot("reveal.demo.0", 1, "reveal.demo", "demo"), kept)

    def say(self, *steps):
        for step in steps:
            signer, body = STEPS[step]
            assert self.grants.may(signer, body)
            self.grants.take(NAME, signer, body)

    def round(self, crash=""):
        """One round of the loop. `crash`: before the `commit`, or `after` it."""
        plan = self.stage.process(Batch((), (), {}, self.now))
        if crash != "commit":
            self.committed += plan.outputs
            self.events += plan.events
        if crash:
            self.start()
            return
        for act in plan.after:
            act()

    def settle(self, rounds=3):
        for _ in range(rounds):
            self.round()

    def lies(self, folder=ENTRY):
        return ("demo", HANDING.path(folder)) in self.store.latest

    def said(self, kind):
        return [event for event in self.events if event.type is kind]


@pytest.fixture
def ground():
    return Ground()


def test_a_request_is_located_for_its_approvers_and_nothing_is_handed_out(ground):
    ground.say("request")
    ground.settle()
    (event,) = ground.events
    assert (event.type, event.person, event.outcome) == (EventType.GRANT_LOCATED, "rita", "success")
    assert event.details == {
        "grant": NAME,
        "half_a": "half-a/redact.demo.0/7/ff",
        "half_b": "half-b/redact.demo.0/7/ff",
        "context": "redact.demo.0/7",
    }
    assert not ground.lies()


def test_in_force_and_asked_for_it_is_revealed_once_and_handed_over_once(ground):
    ground.say(*IN_FORCE)
    ground.settle(6)
    assert [event.type for event in ground.events] == [EventType.GRANT_LOCATED, EventType.VALUE_REVEALED]
    revealed = ground.events[-1]
    assert (revealed.details["approved_a"], revealed.details["approved_b"]) == ("abel", "berta")
    assert revealed.resource == f"task/{TASK}"
    assert ground.vault.wrapped == [({"sealed": "c2VhbGVk", "segment": SEGMENT}, 60)]
    assert ground.lies()


def test_news_of_control_are_acted_on_before_they_are_acknowledged(ground):
    ground.say("request", "a", "b")
    ground.settle()
    ground.say("open")
    plan = ground.stage.control((f"grant/demo/{NAME}",))
    assert [event.type for event in plan.events] == [EventType.VALUE_REVEALED]
    assert len(plan.after) == 1


@pytest.mark.parametrize("missing", ["request", "a", "b", "open"])
def test_without_one_of_them_nothing_is_revealed(ground, missing):
    ground.say(*(step for step in IN_FORCE if step != missing))
    ground.settle(6)
    assert not ground.said(EventType.VALUE_REVEALED)
    assert not ground.lies()


@pytest.mark.parametrize("end", ["deny", "revoke"])
def test_who_is_denied_or_revoked_gets_nothing_and_what_lay_there_is_gone(ground, end):
    ground.say(*IN_FORCE)
    ground.settle()
    others = MemoryVault(ground.store, "demo")
    others.create(HANDING.path("share-a"), b"token")
    ground.say(end)
    ground.settle()
    assert not any(map(ground.lies, FOLDERS))
    (ended,) = ground.said(EventType.GRANT_ENDED)
    assert ended.reason == {"deny": "denied", "revoke": "revoked"}[end]
    others.create(HANDING.path("share-b"), b"token")  # by an approver who had not heard of it
    ground.now = UNTIL
    ground.settle()
    assert not any(map(ground.lies, FOLDERS))
    assert len(ground.said(EventType.GRANT_ENDED)) == 1, "it ends once"
    late = Ground()
    late.say(*IN_FORCE, end)
    late.settle(6)
    assert late.events == []


def test_after_its_time_nothing_is_revealed_and_what_was_not_taken_is_destroyed(ground):
    ground.say(*IN_FORCE)
    ground.settle()
    ground.now = UNTIL
    ground.settle()
    assert not ground.lies()
    assert [event.reason for event in ground.said(EventType.GRANT_ENDED)] == ["expired"]
    assert len(ground.said(EventType.VALUE_REVEALED)) == 1
    late = Ground(now=UNTIL)
    late.say(*IN_FORCE)
    late.settle(6)
    assert late.events == []


def test_a_task_without_values_comes_to_nothing_and_says_so(ground):
    ground.segments.clear()
    ground.say(*IN_FORCE)
    ground.settle(6)
    (event,) = ground.events
    assert (event.type, event.outcome, event.reason) == (EventType.GRANT_LOCATED, "failed", "unknown_segment")


def test_a_task_withdrawn_since_it_was_located_is_not_revealed(ground):
    ground.say("request")
    ground.settle()
    MemoryVault(ground.store, "demo").destroy(path_of(Layer.VALUES, SEGMENT))
    ground.say("a", "b", "open")
    ground.settle(6)
    assert [event.type for event in ground.events] == [EventType.GRANT_LOCATED, EventType.GRANT_ENDED]
    assert not ground.lies()


def test_while_vault_is_away_nothing_is_lost_and_it_is_handed_over_later(ground):
    ground.say(*IN_FORCE)
    ground.round()
    ground.vault.away = True
    with pytest.raises(VaultUnavailable):
        ground.round()
    ground.start()
    ground.vault.away = False
    ground.settle()
    assert ground.lies()
    assert len(ground.said(EventType.VALUE_REVEALED)) == 1


def test_what_was_revealed_before_a_crash_and_revoked_since_is_not_handed_out(ground):
    ground.say(*IN_FORCE)
    ground.round()
    ground.round(crash="after")
    assert len(ground.said(EventType.VALUE_REVEALED)) == 1
    ground.say("revoke")
    ground.settle()
    assert ground.vault.wrapped == []
    assert not ground.lies()


def test_what_was_revealed_before_a_crash_and_withdrawn_since_is_not_handed_out_and_holds_nothing_up(ground):
    ground.say(*IN_FORCE)
    ground.round()
    ground.round(crash="after")
    MemoryVault(ground.store, "demo").destroy(path_of(Layer.VALUES, SEGMENT))
    ground.settle()
    assert [event.type for event in ground.events][-1] is EventType.GRANT_ENDED
    assert ground.vault.wrapped == []
    assert ground.stage.process(Batch((), (), {}, ground.now)).empty


def lies_apart(ground, place):
    """The task's entry lies on the topic, at a place that is named."""
    vault, path = MemoryVault(ground.store, "demo"), path_of(Layer.VALUES, SEGMENT)
    document = unpack(vault.read(path).blob)
    vault.replace(path, pack(replace(document, entries={TASK: SealedBytes(b"seed")}, place=place)), 1)


def test_an_entry_that_lies_on_the_topic_is_handed_over_with_its_seed(ground):
    record = LayerDocument("demo", SEGMENT, Layer.VALUES, (), {TASK: SealedBytes(b"apart")})
    lies_apart(ground, *ground.topics.append([Stored("values.demo", SEGMENT.encode(), pack(record))]))
    ground.say(*IN_FORCE)
    ground.settle()
    ((content, _),) = ground.vault.wrapped
    assert {base64.b64decode(content[name]) for name in ("sealed", "seed")} == {b"apart", b"seed"}


def test_an_entry_that_is_missing_is_looked_for_again_and_holds_no_other_grant_up(ground):
    lies_apart(ground, Place(0, 7))
    ground.say(*IN_FORCE)
    ground.settle(6)
    assert not ground.said(EventType.VALUE_REVEALED)
    assert "not on the log" in ground.stage.process(Batch((), (), {}, ground.now)).notice
    other = replace(REQUEST, since=SINCE + 1)
    ground.grants.take(grant_id(other), "rita", request_body(other))
    ground.settle()
    assert len(ground.said(EventType.GRANT_LOCATED)) == 2
    ground.say("revoke")
    ground.settle()
    assert [event.type for event in ground.events][-1] is EventType.GRANT_ENDED


def test_an_entry_whose_time_on_the_topic_is_over_ends_the_grant(ground):
    lies_apart(ground, Place(0, 7))
    ground.topics.broker.expire(TopicPartition("values.demo", 0), 8)
    ground.say(*IN_FORCE)
    ground.settle(6)
    assert [event.reason for event in ground.said(EventType.GRANT_ENDED)] == ["unknown_segment"]
    assert not ground.said(EventType.VALUE_REVEALED)


MOVES = st.lists(
    st.one_of(
        st.sampled_from(sorted(STEPS)),
        st.sampled_from(["round", "crash commit", "crash after", "later", "restart"]),
    ),
    max_size=24,
)


@given(MOVES)
@settings(max_examples=300)
def test_whatever_happens_in_whatever_order_it_is_revealed_at_most_once_and_only_in_force(moves):
    ground, ever = Ground(), False
    for move in moves:
        before = len(ground.said(EventType.VALUE_REVEALED)), len(ground.vault.wrapped)
        grant = ground.grants.find(NAME)
        may = grant is not None and grant.in_force(ground.now) and grant.wanted_open
        match move.split():
            case ["round"]:
                ground.round()
            case ["crash", when]:
                ground.round(crash=when)
            case ["later"]:
                ground.now += 25_000
            case ["restart"]:
                ground.start()
            case [step]:
                ground.say(step)
        after = len(ground.said(EventType.VALUE_REVEALED)), len(ground.vault.wrapped)
        assert may or after == before, "only while it is in force and wanted"
        assert after[0] <= 1
        assert not ground.vault.wrapped or after[0] == 1, "audited first"
        ever = ever or ground.lies()
    ground.now = UNTIL
    ground.settle()
    assert not ground.lies()
    assert not ever or len(ground.said(EventType.VALUE_REVEALED)) == 1


@pytest.mark.parametrize("step", GrantStep)
def test_nothing_is_due_for_what_is_over_but_to_forget_it(ground, step):
    ground.say("request")
    state = {NAME: GrantState(NAME, SEGMENT, step)}
    assert [one.act for one in due(ground.grants.every(), state, UNTIL)] == [Act.FORGET]
    assert list(due(ground.grants.every(), {}, UNTIL)) == []
    ground.say("deny")
    ending = [one.act for one in due(ground.grants.every(), state, SINCE)]
    assert ending == ([] if step is GrantStep.OVER else [Act.END])
