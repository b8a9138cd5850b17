"""From scores to the live leak bound, and to the freeze that a person ends."""

from __future__ import annotations

import random

import pytest
from prometheus_client import REGISTRY

from schemas.audit import EventType
from schemas.control import Freezable, read_freeze
from schemas.errors import VaultUnavailable
from schemas.gold import PersonScore, RedactionScore
from schemas.records import ControlState
from streams.engine.messages import Message
from streams.keeper.leaks import Limit, begun, bound, counted, passes_limit
from tests.streams.keeper.making import CODEC, Rig, index
from topology.binomial import least_to_show, upper_bound
from topology.policies.model import Gold

POLICY = "a" * 64
ALLOWED = Limit("demo@1", Gold(50, None, 100, 30))
"""At most 10 % by the bound; none of 30 values gives 9.5 %."""


def scored(task: str, leaked: int, of: int = 10, segment: str = "redact.demo.0/1/0") -> Message:
    score = RedactionScore(task, segment, POLICY, "bundle", of, leaked, of * 5, leaked * 2, 7)
    return Message("scores.demo", 0, 0, f"redaction/{task}".encode(), CODEC.encode(score))


def rig() -> Rig:
    rig = Rig()
    rig.limits[POLICY] = ALLOWED
    rig.in_force = POLICY
    return rig


def frozen(rig: Rig) -> list[ControlState]:
    """The freezes on `control`; whatever keeper writes but segments goes to the rig's changelog."""
    return [CODEC.decode(it.value, ControlState) for it in rig.changelog if it.topic == "control"]


def feed(rig: Rig, *leaks: int) -> None:
    for number, leaked in enumerate(leaks, start=len(rig.log)):
        rig.tell(scored(f"task-{number}", leaked))
        rig.round()


def shown(name: str, policy: str = "demo@1") -> float | None:
    return REGISTRY.get_sample_value(name, {"project": "demo", "policy": policy})


def test_the_bound_of_what_was_counted_is_shown():
    it = rig()
    feed(it, 0, 1)
    assert shown("veil_leak_bound") == pytest.approx(upper_bound(1, 20))
    assert shown("veil_gold_values") == 20


def test_what_the_policy_allows_is_shown_with_it():
    it = rig()
    it.round()
    assert (shown("veil_leak_bound"), shown("veil_gold_values")) == (1, 0)
    assert (shown("veil_leak_limit"), shown("veil_gold_least")) == (0.1, 30)


def test_where_a_policy_allows_nothing_one_in_a_hundred_is_told():
    it = rig()
    it.limits[POLICY] = Limit("demo@1", Gold(50, None, None))
    it.round()
    assert (shown("veil_leak_limit"), shown("veil_gold_least")) == (0.01, 300)


def test_what_is_no_longer_in_force_is_not_shown():
    it = rig()
    feed(it, 5, 5)
    it.limits["b" * 64] = Limit("demo@2", ALLOWED.gold)
    it.in_force = "b" * 64
    it.round()
    assert shown("veil_leak_bound") is None
    assert shown("veil_gold_values", "demo@2") == 0


def test_a_passed_limit_freezes_once_with_its_evidence_on_the_audit():
    it = rig()
    feed(it, 1, 0)
    assert frozen(it) == []  # a bound of 22 % on 20 values: too few to act upon
    feed(it, 0, 1, 1)
    (order,) = frozen(it)
    assert (order.key, order.kind, order.signer, order.signature) == (
        "freeze/demo/keeper.demo",
        "freeze",
        "keeper.demo",
        b"signed",
    )
    freeze = read_freeze(order.body)
    assert freeze is not None
    assert (freeze.stages, freeze.reason) == (frozenset(Freezable), "leak")
    (event,) = [one for one in it.events if one.type is EventType.FREEZE_ORDERED]
    assert (event.resource, event.reason) == ("control/freeze/demo/keeper.demo", "leak")
    assert {
        name: event.details[name] for name in ("policy", "hash", "version", "values", "leaked", "bound", "limit")
    } == {
        "policy": "demo@1",
        "hash": POLICY,
        "version": str(order.version),
        "values": "30",
        "leaked": "1",
        "bound": f"{upper_bound(1, 30):.4f}",
        "limit": "0.1",
    }


def test_a_restart_neither_forgets_nor_freezes_again():
    it = rig()
    feed(it, 1, 0)
    it.start()
    feed(it, 0)
    assert len(frozen(it)) == 1
    it.start()
    feed(it, 3)
    assert len(frozen(it)) == 1


def test_who_lets_the_project_go_on_has_seen_the_evidence_and_counting_begins_anew():
    it = rig()
    feed(it, 2, 0, 0)
    (first,) = frozen(it)
    it.lifted = first.version
    it.round()
    assert shown("veil_gold_values") == 0
    feed(it, 3, 0)
    assert len(frozen(it)) == 1
    feed(it, 0)
    second = frozen(it)[1]
    assert second.version > first.version


def test_a_redactor_that_leaks_nothing_is_never_frozen():
    it = rig()
    feed(it, *[0] * 12)
    assert frozen(it) == []


def test_without_a_limit_or_a_policy_nothing_is_frozen_and_counting_goes_on():
    it = Rig()
    feed(it, *[5] * 6)
    assert frozen(it) == []
    it.limits[POLICY] = Limit("demo@1", Gold(50, None, None))
    feed(it, 5)
    assert frozen(it) == []
    it.limits[POLICY] = ALLOWED
    feed(it, 5)
    assert len(frozen(it)) == 1


def test_a_vault_that_does_not_sign_loses_no_evidence():
    it = rig()
    feed(it, 1, 1)

    def sealed(_message: bytes) -> bytes:
        raise VaultUnavailable("sealed")

    it.sign = sealed
    it.tell(scored("task-2", 1))
    with pytest.raises(VaultUnavailable):
        it.round()
    it.sign = lambda _: b"signed"
    it.start()
    it.round()
    assert len(frozen(it)) == 1


def test_scores_of_people_are_not_for_keeper_and_a_bad_record_is_refused():
    it = rig()
    person = PersonScore("ann-1", POLICY, (), 7)
    it.tell(Message("scores.demo", 0, 0, b"ann-1", CODEC.encode(person)))
    it.tell(Message("scores.demo", 0, 1, b"redaction/x", b"nonsense"))
    it.round()
    assert [one.type for one in it.events] == [EventType.RECORD_REFUSED]


def test_a_scored_task_needs_its_segment_no_longer():
    it = rig()
    segment = index(0, "task-0", "task-1")
    it.write(segment)
    it.tell(scored("task-0", 0, segment=segment.segment_id))
    it.round()
    it.tell(scored("task-1", 0, segment=segment.segment_id))
    it.round()
    kept = it.keeper._holdings.segments.get(segment.segment_id)
    assert kept is not None
    assert (kept.remaining, kept.finished_at > 0) == ((), True)


def frozen_by_then(share: float, values: int, seed: int, gold: Gold) -> bool:
    """Whether a redactor that leaks this share is frozen within so many values, six a record, as they come in."""
    drawn, tally = random.Random(seed), begun(POLICY, 0)
    for _ in range(values // 6):
        leaked = sum(drawn.random() < share for _ in range(6))
        tally = counted(tally, RedactionScore("", "", POLICY, "", 6, leaked, 0, 0, 0))
        if passes_limit(tally, gold):
            return True
    return False


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        (0.0, 0.0, 0.0),
        (0.02, 0.0, 0.0),
        (0.05, 0.0, 0.10),
        (0.10, 0.9, 1.0),  # at the limit the bound lies above it nearly always
        (0.15, 1.0, 1.0),
    ],
)
def test_how_often_a_limit_of_ten_percent_freezes_within_3000_values(share, low, high):
    """The table of `streams/keeper/README.md`."""
    gold = Gold(50, None, 100, 300)
    times = sum(frozen_by_then(share, 3000, seed, gold) for seed in range(200)) / 200
    assert low <= times <= high


def test_the_bound_of_nothing_is_everything_and_the_least_number_shows_the_limit():
    assert bound(begun(POLICY, 0)) == 1.0
    assert upper_bound(0, least_to_show(0.1)) <= 0.1
