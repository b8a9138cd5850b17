"""Whose credentials end and come back, what is said of it, and that no crash makes it otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import Event, EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import LogUnavailable, VaultUnavailable
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Batch, Plan, Slot
from streams.watch.warden.processor import LOOK_EVERY_MS, STATE, Seams, WardenProcessor
from topology.revocations import Revocations

CODEC = Codec(FixedIds())
NAMED = frozenset({"ann", "ben", "triage-ui"})
EVENTS = {EventType.CREDENTIALS_ENDED: "ended", EventType.CREDENTIALS_RESTORED: "restored"}


@dataclass
class Place:
    """Somewhere to log in."""

    error: type[Exception]
    shut: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    """Who has no login here, and is to have one."""
    calls: int = 0
    away: bool = False

    def end(self, name: str) -> bool:
        self._ask()
        if name not in self.absent:
            self.shut.add(name)
        return name not in self.absent

    def restore(self, name: str, *, ended: bool) -> None:
        self._ask()
        assert not (ended and name in self.absent)
        self.shut.discard(name)

    def _ask(self) -> None:
        self.calls += 1
        if self.away:
            raise self.error("test")


class Gate:
    """The stage over two projects with what it has committed. A new one reads all of `control` again."""

    def __init__(self) -> None:
        self.revocations = {name: Revocations(lambda signers: len(signers) > 1) for name in ("demo", "other")}
        self.vault, self.kafka = Place(VaultUnavailable), Place(LogUnavailable)
        self.named = set(NAMED)
        self.now = LOOK_EVERY_MS
        self.committed: list[Outgoing] = []
        self.events: list[Event] = []
        self.restart()

    def restart(self) -> None:
        seams = Seams(self.revocations, lambda: frozenset(self.named), (self.vault, self.kafka))
        self.warden = WardenProcessor(CODEC, seams)
        kept = [Message(one.topic, 0, at, one.key, one.value) for at, one in enumerate(self.committed)]
        self.warden.restore(Slot("warden.platform.0", 1, "warden.platform", "platform"), kept)

    def hear(self) -> Plan:
        """Up to the commit."""
        return self.warden.control(("revoke/demo/ann",))

    def commit(self, plan: Plan) -> None:
        assert {one.topic for one in plan.outputs} <= {STATE}
        self.committed += plan.outputs
        self.events += plan.events

    def settle(self) -> None:
        self.commit(self.hear())

    def look(self) -> None:
        """A round without news, a while later."""
        self.now += LOOK_EVERY_MS
        self.commit(self.warden.process(Batch([], [], {}, self.now)))

    def reinstate(self, name: str, version: int, project: str = "demo") -> None:
        for signer in ("grace", "olga"):
            self.revocations[project].reinstate(name, signer, version)

    @property
    def said(self) -> list[str]:
        return [f"{event.resource} {EVENTS[event.type]}" for event in self.events]

    @property
    def shut(self) -> set[str]:
        assert self.vault.shut == self.kafka.shut
        return self.vault.shut


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_who_is_revoked_is_ended_everywhere_and_it_is_said_once_with_the_orders(gate):
    gate.revocations["demo"].revoke("ann", "olga", 7)
    gate.settle()
    gate.settle()
    assert gate.shut == {"ann"}
    (event,) = gate.events
    assert (event.resource, event.parents) == ("person/ann", ("control/revoke/demo/ann/olga",))
    assert event.details == {"projects": "demo"}
    assert gate.vault.calls == 1, "what this process has done is not done again"


def test_two_signatures_restore_and_one_does_not(gate):
    gate.revocations["demo"].revoke("ann", "olga", 7)
    gate.settle()
    gate.revocations["demo"].reinstate("ann", "olga", 7)
    gate.settle()
    assert gate.shut == {"ann"}
    gate.revocations["demo"].reinstate("ann", "grace", 7)
    gate.settle()
    assert gate.shut == set()
    assert gate.said == ["person/ann ended", "person/ann restored"]
    gate.revocations["demo"].revoke("ann", "olga", 8)
    gate.settle()
    assert gate.shut == {"ann"}, "a higher version holds again"


def test_who_is_revoked_in_two_projects_is_restored_when_neither_revokes_them(gate):
    gate.revocations["demo"].revoke("ann", "olga", 7)
    gate.revocations["other"].revoke("ann", "olga", 5)
    gate.settle()
    gate.reinstate("ann", 7)
    gate.settle()
    assert gate.shut == {"ann"}
    gate.reinstate("ann", 5, "other")
    gate.settle()
    assert gate.shut == set()


def test_who_is_named_by_no_project_is_left_alone_until_one_names_them(gate):
    gate.revocations["demo"].revoke("label", "olga", 7)
    gate.settle()
    assert (gate.shut, gate.events, gate.vault.calls) == (set(), [], 0)
    gate.named.add("label")
    gate.look()
    assert gate.shut == {"label"}


def test_who_has_no_login_yet_holds_nobody_up_and_is_ended_once_they_have_one(gate):
    gate.vault.absent.add("ann")
    gate.revocations["demo"].revoke("ann", "olga", 7)
    gate.revocations["demo"].revoke("ben", "olga", 8)
    gate.settle()
    gate.look()
    assert (gate.vault.shut, gate.kafka.shut) == ({"ben"}, {"ann", "ben"})
    assert gate.said == ["person/ben ended"], "what nobody has is not ended"
    gate.vault.absent.clear()
    asked = gate.kafka.calls
    gate.look()
    assert (gate.shut, gate.said) == ({"ann", "ben"}, ["person/ben ended", "person/ann ended"])
    assert gate.kafka.calls == asked, "where it is done it is not done again"


def test_who_has_no_login_yet_is_looked_for_now_and_then(gate):
    gate.vault.absent.add("ann")
    gate.revocations["demo"].revoke("ann", "olga", 7)
    for _ in range(10):
        gate.settle()
        gate.commit(gate.warden.process(Batch([], [], {}, gate.now)))
    assert gate.vault.calls == 2, "once at once, once with the first look"


def test_who_is_let_in_before_they_ever_had_a_login_has_one_like_anybody(gate):
    gate.vault.absent.add("ann")
    gate.revocations["demo"].revoke("ann", "olga", 7)
    gate.settle()
    gate.reinstate("ann", 7)
    gate.settle()
    gate.vault.absent.clear()
    gate.look()
    assert (gate.shut, gate.said) == (set(), ["person/ann restored"])


@pytest.mark.parametrize("away", ["vault", "kafka"])
def test_where_one_part_is_away_the_other_ends_it_and_nothing_is_said_until_both_have(gate, away):
    gate.revocations["demo"].revoke("ann", "olga", 7)
    gate.revocations["demo"].revoke("ben", "olga", 8)
    gone, there = (gate.vault, gate.kafka) if away == "vault" else (gate.kafka, gate.vault)
    gone.away = True
    with pytest.raises(gone.error):
        gate.hear()
    assert there.shut == {"ann", "ben"}
    gate.restart()
    gone.away = False
    gate.settle()
    assert gate.shut == {"ann", "ben"}
    assert sorted(gate.said) == ["person/ann ended", "person/ben ended"]


def test_after_a_start_what_must_be_ended_is_ended_again_and_what_was_restored_is_left_as_it_is(gate):
    gate.revocations["demo"].revoke("ann", "olga", 7)
    gate.revocations["demo"].revoke("ben", "olga", 7)
    gate.settle()
    gate.reinstate("ben", 7)
    gate.settle()
    gate.vault.shut = {"ben"}  # somebody has opened one by hand, and shut the other
    gate.kafka.shut = {"ben"}
    said = list(gate.said)
    gate.restart()
    gate.settle()
    assert gate.shut == {"ann", "ben"}
    assert gate.said == said


def test_a_crash_before_the_commit_and_a_reinstatement_meanwhile_leave_nobody_shut_out(gate):
    gate.revocations["demo"].revoke("ann", "olga", 7)
    gate.hear()
    gate.reinstate("ann", 7)
    gate.restart()
    gate.settle()
    assert gate.shut == set()
    gate.vault.calls = 0
    gate.restart()
    gate.settle()
    assert gate.vault.calls == 0


def test_a_crash_is_made_good_too_where_another_project_has_let_them_in_at_a_higher_version(gate):
    gate.revocations["demo"].revoke("ann", "olga", 70)
    gate.settle()
    gate.reinstate("ann", 70)
    gate.settle()
    gate.revocations["other"].revoke("ann", "olga", 5)
    gate.hear()
    gate.reinstate("ann", 5, "other")
    gate.restart()
    gate.settle()
    assert gate.shut == set()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["revoke", "reinstate", "settle", "crash", "away", "back", "login"]),
        st.sampled_from(sorted(NAMED)),
        st.sampled_from(["demo", "other"]),
    ),
    max_size=30,
)


@given(STEPS, st.sets(st.sampled_from(sorted(NAMED))), st.booleans())
def test_whatever_happens_in_the_end_exactly_the_revoked_are_shut_out_and_the_log_says_it_by_turns(
    steps, absent, restarts
):
    """`absent`: who has no login at first."""
    gate = Gate()
    gate.vault.absent = absent
    for version, (kind, name, project) in enumerate(steps, 1):
        if kind == "revoke":
            gate.revocations[project].revoke(name, "olga", version)
        elif kind == "reinstate":
            gate.reinstate(name, version, project)
        elif kind in ("away", "back"):
            gate.kafka.away = kind == "away"
        elif kind == "login":
            gate.vault.absent.discard(name)
        else:
            try:
                plan = gate.hear()
            except LogUnavailable:
                gate.restart()
                continue
            if kind == "settle":
                gate.commit(plan)
            else:
                gate.restart()
    gate.kafka.away = False
    gate.vault.absent.clear()
    if restarts:
        gate.restart()
    gate.look()
    assert gate.shut == {name for one in gate.revocations.values() for name in one.held}
    for name in NAMED:
        said = [one.split()[1] for one in gate.said if one.split()[0] == f"person/{name}"]
        assert "ended ended" not in " ".join(said)
