"""What two approvers and reveal hand over opens one task's values, once, and nothing less or else does."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field, replace

import pytest

from schemas.errors import AccessDenied, Reason, Refused, Undecodable, Undecryptable
from schemas.grants import GrantPurpose, GrantReason, GrantRequest, grant_id
from tests.simulation.broker import Broker
from tests.simulation.segment_topics import MemorySegmentTopics
from tests.simulation.vault import MemoryVault
from vault.data_keys import DataKeys
from vault.granted import (
    FOLDERS,
    Handing,
    collect_shares,
    halves_of,
    hand_entry,
    open_values,
    release_share,
    sealed_values,
    take_back,
)
from vault.keys import fresh_key
from vault.segments.document import KeyReference, Layer, path_of, unpack
from vault.segments.halves import SlotHalves
from vault.segments.sealing import SegmentSealer, TaskContents

SLOT = "redact.demo.0"
NOW = 1_700_000_000_000
TASK, OTHER = f"{1:032x}", f"{2:032x}"
VALUES = b'{"[EMAIL_1]": "jane.doe@example.org"}'
REQUEST = GrantRequest(
    "rita", TASK, GrantPurpose.LABEL_DISPUTE, GrantReason.MEANING_LOST, NOW - 1_000, NOW + 3_600_000
)


def handing_of(request=REQUEST):
    return Handing("demo", grant_id(request), request)


HANDING = handing_of()


@dataclass
class Wraps:
    """Tokens that unwrap once."""

    held: dict[str, dict[str, str]] = field(default_factory=dict)
    lasting: dict[str, int] = field(default_factory=dict)

    def wrap(self, content, ttl_s):
        token = secrets.token_hex(8)
        self.held[token], self.lasting[token] = dict(content), ttl_s
        return token

    def unwrap(self, token):
        if token not in self.held:
            raise Refused(Reason.STALE_TOKEN, "used up")
        return self.held.pop(token)


class Handed(MemoryVault):
    """With wrapping, which all identities share."""

    def __init__(self, store, wraps, rights):
        super().__init__(store, "demo", rights=rights)
        self.wrap = wraps.wrap


def approver(group):
    """Rights as `flow.yaml` gives them by the second factor."""
    return {("decrypt", f"values-{group}-demo"), ("read", f"half-{group}"), ("create", f"share-{group}")}


REQUESTER = {("read", folder) for folder in FOLDERS}
REVEAL = {("read", "values"), ("create", "entry"), *(("destroy", folder) for folder in FOLDERS)}


@dataclass
class Ground:
    """Two tasks in a segment, and everybody who has a part in opening one."""

    store: object
    topics: object
    is_apart: bool
    wraps: Wraps = field(default_factory=Wraps)

    def __post_init__(self):
        self.a, self.b = self.under(approver("a")), self.under(approver("b"))
        self.requester, self.reveal = self.under(REQUESTER), self.under(REVEAL)
        redact, numbers = MemoryVault(self.store, "demo"), itertools.count(1)
        topics = self.topics if self.is_apart else None
        sealer = SegmentSealer(DataKeys(redact), SlotHalves(redact, "demo", SLOT), "demo", SLOT, topics=topics)
        tasks = [TaskContents(one, fresh_key(), b"where", VALUES) for one in (TASK, OTHER)]
        (self.segment,) = sealer.seal(tasks, lambda: f"{SLOT}/1/{next(numbers)}", NOW).segments
        redact.create_all(self.segment.documents)

    def under(self, allowed):
        return Handed(
            self.store, self.wraps, lambda operation, target: (operation, target.partition("/")[0]) in allowed
        )

    @property
    def document(self):
        return unpack(self.reveal.read(path_of(Layer.VALUES, self.segment.segment_id)).blob)

    def release(self, *groups, handing=HANDING):
        for group in groups:
            half = halves_of(self.document)["ab".index(group)]
            release_share({"a": self.a, "b": self.b}[group], handing, group, half, NOW)

    def hand(self, handing=HANDING):
        hand_entry(self.reveal, handing, self.values(handing.request.task_id), NOW)

    def values(self, task_id):
        return sealed_values(self.document, task_id, self.topics)

    def opened(self, handing=HANDING):
        shares = collect_shares(self.requester, self.wraps.unwrap, handing)
        return open_values(self.requester, self.wraps.unwrap, handing, shares)


@pytest.fixture(params=[False, True], ids=["in Vault", "apart"])
def ground(store, request):
    return Ground(store, MemorySegmentTopics(Broker({"geometry.demo": 1, "values.demo": 1})), request.param)


def test_both_shares_and_the_entry_open_the_tasks_values_once(ground):
    ground.release("a", "b")
    ground.hand()
    assert ground.opened() == VALUES
    with pytest.raises(Refused) as caught:
        ground.opened()
    assert caught.value.reason is Reason.STALE_TOKEN


@pytest.mark.parametrize("missing", FOLDERS)
def test_two_of_the_three_open_nothing_and_use_no_share_up(ground, missing):
    ground.release("a", "b")
    ground.hand()
    ground.store.latest.pop(("demo", HANDING.path(missing)))
    with pytest.raises(Refused) as caught:
        ground.opened()
    assert caught.value.reason is Reason.UNKNOWN_LEASE
    assert len(ground.wraps.held) == (1 if missing == "entry" else 3)


def test_shares_for_another_task_open_nothing(ground):
    other = handing_of(replace(REQUEST, task_id=OTHER))
    ground.release("a", "b", handing=other)
    ground.hand()
    shares = collect_shares(ground.requester, ground.wraps.unwrap, other)
    with pytest.raises(Undecryptable):
        open_values(ground.requester, ground.wraps.unwrap, HANDING, shares)


def test_the_entry_of_another_task_does_not_open_by_the_shares_of_this_one(ground):
    ground.release("a", "b")
    hand_entry(ground.reveal, HANDING, ground.values(OTHER), NOW)
    with pytest.raises(Undecryptable):
        ground.opened()


@pytest.mark.parametrize(("group", "other"), [("a", "b"), ("b", "a")])
def test_an_approver_opens_no_half_of_the_other_group(ground, group, other):
    half = halves_of(ground.document)["ab".index(other)]
    mine = {"a": ground.a, "b": ground.b}[group]
    with pytest.raises(Refused) as caught:
        release_share(mine, HANDING, group, half, NOW)
    assert caught.value.reason is Reason.NOT_PERMITTED
    with pytest.raises(AccessDenied):
        release_share(mine, HANDING, other, half, NOW)


def test_an_approver_reads_no_ciphertext_and_reveal_neither_half_nor_share(ground):
    ground.release("a", "b")
    with pytest.raises(AccessDenied):
        ground.a.read(path_of(Layer.VALUES, ground.segment.segment_id))
    half_a, _ = halves_of(ground.document)
    for path in (half_a.document, *map(HANDING.path, FOLDERS)):
        with pytest.raises(AccessDenied):
            ground.reveal.read(path)


def test_a_share_is_released_once_a_group_and_lasts_no_longer_than_the_grant(ground):
    ground.release("a")
    with pytest.raises(Refused) as caught:
        ground.release("a")
    assert caught.value.reason is Reason.DUPLICATE
    assert set(ground.wraps.lasting.values()) == {3_600}
    half_b = halves_of(ground.document)[1]
    with pytest.raises(Refused) as caught:
        release_share(ground.b, HANDING, "b", half_b, REQUEST.until)
    assert caught.value.reason is Reason.STALE_TOKEN


def test_handing_the_entry_over_again_changes_nothing(ground):
    ground.release("a", "b")
    ground.hand()
    ground.hand()
    assert ground.opened() == VALUES


def test_what_was_taken_back_opens_nothing(ground):
    ground.release("a", "b")
    ground.hand()
    take_back(ground.reveal, HANDING)
    take_back(ground.reveal, HANDING)
    with pytest.raises(Refused):
        ground.opened()


def test_a_half_that_is_gone_or_another_ones_is_told(ground):
    half_a, _ = halves_of(ground.document)
    gone = KeyReference("", half_a.context, half_a.document + "0")
    with pytest.raises(Refused) as caught:
        release_share(ground.a, HANDING, "a", gone, NOW)
    assert caught.value.reason is Reason.UNKNOWN_SEGMENT
    with pytest.raises(Undecodable):
        release_share(ground.a, HANDING, "a", replace(half_a, context="redact.demo.0/7"), NOW)


def test_only_a_values_document_names_two_halves(ground):
    with pytest.raises(Undecodable):
        halves_of(replace(ground.document, layer=Layer.VIEW))
    with pytest.raises(Undecodable):
        halves_of(replace(ground.document, keys=ground.document.keys[:1]))


def test_nothing_that_was_handed_over_prints(ground):
    ground.release("a", "b")
    shares = collect_shares(ground.requester, ground.wraps.unwrap, HANDING)
    assert repr(shares) == "Collected(<hidden>)"
