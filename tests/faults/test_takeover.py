"""The process that has the queue is killed, put to sleep, stopped, while others stand by and people work through
all of them: whoever takes over goes on where it was, within five seconds.

`VEIL_TAKEOVER_ROUNDS` kills of label processes in all (5 unless set); `VEIL_FAULT_SEED` replays a run that
failed.
"""

from __future__ import annotations

import os
import signal
import statistics
import time

import httpx
import pytest

from deploy.persons import sign
from deploy.up import Installation
from tests.conftest import without_endpoints
from tests.faults.clerks import Clerks
from tests.faults.load import PROJECT, Load
from tests.support.health import asked
from tests.support.waiting import wait_for
from topology.policies import load_policy

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("VEIL_TAKEOVER_ROUNDS") or 5)
STANDBYS = 2
LIMIT_S = 5.0
"""From the kill to the first lease that is committed after it, on cores of its own."""
CROWDED = 3
"""Other tests run on the same cores, and a start of Python beside them takes seconds: no single take-over may take
longer than so many times the limit, and half of them must keep it.
"""
LONG_RUN = 50
"""A run of so many kills has its cores to itself: every single one must keep the limit."""
LONGEST_PAUSE_S = 1.5
EVERY_S = 0.4
"""Between two records: three labels each, which three robots do while the queue moves every few seconds."""
SETTLE_S = 60.0
OTHERS_EVERY = 5
"""One round in so many also kills one that stands by."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    root = tmp_path_factory.mktemp("takeover") / "veil"
    with Installation(root, [PROJECT], standbys=STANDBYS, environ=without_endpoints()) as running:
        sign(root, PROJECT, load_policy("demo"), ["ada", "grace"])
        yield running


@pytest.fixture(scope="module")
def load(installation):
    running = Load(installation, robots=(), every_s=EVERY_S)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def flowing(installation, load, clerks):
    """Records flow, people work, and one process has the queue while the others stand by."""
    load.flow()
    settled(installation)
    clerks.wait_for_a_lease(time.monotonic())


@pytest.fixture(scope="module")
def clerks(installation):
    working = Clerks(installation)
    yield working
    working.stop()


def labels_of(installation: Installation):
    return [one for one in installation.addresses if one.role == "label"]


def condition(address) -> str:
    try:
        return str(asked(address.health_url).json()["condition"])
    except (httpx.HTTPError, ValueError):
        return "unreachable"


def settled(installation, standing=STANDBYS):
    """The owner's name, once one works and so many others stand by."""

    def look():
        found = {one.process: condition(one) for one in labels_of(installation)}
        owners = [name for name, said in found.items() if said == "working"]
        ready = [name for name, said in found.items() if said == "standing by"]
        return owners if len(owners) == 1 and len(ready) >= standing else None

    return wait_for(look, "one has the queue, others stand by", SETTLE_S)[0]


def test_killed_owners_are_followed_within_seconds_without_a_label_lost_or_doubled(
    installation, random, clerks, proof
):
    took = []
    for number in range(ROUNDS):
        both = number % OTHERS_EVERY == OTHERS_EVERY - 1
        owner = settled(installation, standing=2 if both else 1)
        others = [one.process for one in labels_of(installation) if one.process != owner]
        killed = [owner]
        if both:
            killed.append(random.choice(others))
            installation.kill_for_good(killed[1])
        pause = time.monotonic() + random.uniform(0, LONGEST_PAUSE_S)
        wait_for(lambda until=pause: time.monotonic() >= until, "the moment is drawn")
        installation.kill_for_good(owner)
        died = time.monotonic()
        took.append(clerks.wait_for_a_lease(died) - died)
        for one in killed:
            installation.begin(one)
    took.sort()
    told = f"{ROUNDS} take-overs: p50 {statistics.median(took):.2f} s, most {took[-1]:.2f} s"
    print(told)  # noqa: T201 - what the room's README says is measured with this
    clerks.check()
    proof.holds()
    clerks.nothing_lost(proof)
    assert statistics.median(took) < LIMIT_S
    assert took[-1] < (LIMIT_S if ROUNDS >= LONG_RUN else CROWDED * LIMIT_S)


def test_owner_that_slept_is_fenced_and_commits_nothing_more(installation, clerks, proof):
    owner = settled(installation)
    pid = installation.status(owner).pid
    os.kill(pid, signal.SIGSTOP)
    asleep = time.monotonic()
    try:
        clerks.wait_for_a_lease(asleep)
        others = [one for one in labels_of(installation) if one.process != owner]
        wait_for(lambda: "working" in map(condition, others), "another has the queue")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: installation.status(owner).last_exit == 3, "the one that slept finds out and ends")
    settled(installation)
    proof.holds()
    clerks.nothing_lost(proof)


def test_owner_that_is_told_to_stop_hands_over_at_once(installation, clerks, proof):
    owner = settled(installation)
    others = [one for one in labels_of(installation) if one.process != owner]
    os.kill(installation.status(owner).pid, signal.SIGTERM)
    told = time.monotonic()
    wait_for(lambda: "working" in map(condition, others), "another has the queue", pause_s=0.01)
    assert time.monotonic() - told < CROWDED * LIMIT_S
    clerks.wait_for_a_lease(time.monotonic())
    settled(installation)
    clerks.nothing_lost(proof)


def test_without_any_standby_the_owner_goes_on(installation, clerks):
    owner = settled(installation)
    others = [one.process for one in labels_of(installation) if one.process != owner]
    for one in others:
        installation.kill_for_good(one)
    clerks.wait_for_a_lease(time.monotonic())
    assert condition(installation.address(owner)) == "working"
    for one in others:
        installation.begin(one)
    assert settled(installation) == owner


def test_after_an_outage_of_the_broker_one_has_the_queue_and_the_others_stand_by(installation, clerks, proof):
    """For as long as it takes the owner to lose its session: all come back, and nobody is fenced in a circle."""
    owner = settled(installation)
    restarts = installation.status(owner).restarts
    installation.stack.kill("kafka")
    try:
        wait_for(lambda: installation.status(owner).restarts > restarts, "the owner has ended")
        well = {"working", "standing by"}
        wait_for(lambda: not well & set(map(condition, labels_of(installation))), "all know that the log is away")
    finally:
        installation.stack.restart("kafka")
    settled(installation)
    clerks.wait_for_a_lease(time.monotonic())
    proof.holds()
    clerks.nothing_lost(proof)


def test_nobody_challenges_an_owner_that_answers(installation, clerks):
    """Under load, for as long as forty probes: the queue stays where it is."""
    owner = settled(installation)
    pid = installation.status(owner).pid
    until = time.monotonic() + 8.0
    wait_for(lambda: time.monotonic() >= until, "time passes")
    assert settled(installation) == owner
    assert installation.status(owner).pid == pid
