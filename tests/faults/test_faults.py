"""What kills a part while records flow, and that afterwards nothing is lost, doubled or left over.

`VEIL_FAULT_ROUNDS` kills of processes in all (10 unless set); `VEIL_FAULT_SEED` replays a run that failed.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from deploy.supervise.restarts import FENCED
from schemas.errors import LogUnavailable
from tests.faults.load import PROJECT
from tests.support.health import asked
from tests.support.waiting import wait_for

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("VEIL_FAULT_ROUNDS") or 10)
OUTAGES = max(1, ROUNDS // 20)
"""Of the broker and of the vault each: nothing moves meanwhile, so they cost more time than they show."""
LONGEST_PAUSE_S = 3.0
"""Between two faults: from the middle of a batch to a stage that has just restored its state."""
LONGEST_OUTAGE_S = 4.0
"""Longer than a start takes, so that what is down is missed."""
RECOVERY_S = 360.0
"""After an outage of the broker. A minute, mostly; once it took redact over two. A group waits so long for a
member that is alive and does not come (`max.poll.interval.ms`, which the slowest batch needs), and a process then
restores.
"""
ASKING, ASKED_OUTAGES = 4, 3
LABEL = "label.demo.0"
REDACTS = ("redact.demo.0", "redact.demo.1")


@pytest.fixture(autouse=True)
def flowing(load):
    """Records flow, and some have got through, before anything is killed."""
    before = len(load.published.delivered)
    load.flow()
    wait_for(lambda: load.check() or len(load.published.delivered) >= before + 5, "records flow")


def pass_by(seconds: float) -> None:
    """The moment of a fault is drawn, and no condition to wait for."""
    limit = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() >= limit, "time passes", seconds + 60)


def test_processes_killed_at_random_moments(installation, random, proof):
    victims = list(installation.processes)
    for number in range(ROUNDS):
        if number % len(victims) == 0:
            random.shuffle(victims)
        pass_by(random.uniform(0, LONGEST_PAUSE_S))
        victim = victims[number % len(victims)]
        installation.kill_for_good(victim)
        installation.begin(victim)
    proof.holds()


def test_the_broker_killed_and_restarted(installation, random, proof):
    for _ in range(OUTAGES):
        pass_by(random.uniform(0, LONGEST_PAUSE_S))
        installation.stack.kill("kafka")
        pass_by(random.uniform(0, LONGEST_OUTAGE_S))
        installation.stack.restart("kafka")
        installation.wait_healthy(RECOVERY_S)
    proof.holds()


def test_positions_asked_for_while_the_broker_goes_away_are_answered_afterwards(installation, proof):
    """By the same log, many at once, as keeper asks: neither does the client end the process, nor does it hang."""
    log, answered, over = proof.log, threading.Event(), threading.Event()

    def ask() -> None:
        while not over.is_set():
            with contextlib.suppress(LogUnavailable):
                log.read_up_to(f"keeper.{PROJECT}", f"segments.{PROJECT}")
                answered.set()

    with ThreadPoolExecutor(ASKING) as pool:
        asking = [pool.submit(ask) for _ in range(ASKING)]
        try:
            for _ in range(ASKED_OUTAGES):
                wait_for(answered.is_set, "positions are told")
                installation.stack.kill("kafka")
                installation.stack.restart("kafka")
                answered.clear()
            wait_for(answered.is_set, "positions are told after the last outage")
        finally:
            over.set()
    assert [it.result() for it in asking] == [None] * ASKING
    installation.wait_healthy(RECOVERY_S)
    proof.holds()


def test_the_broker_away_until_label_has_lost_its_session(installation, proof):
    """Nobody stands by for it: it ends, waits for the log after its next start, and takes the queue back."""
    before = installation.status(LABEL).restarts
    installation.stack.kill("kafka")
    try:
        wait_for(lambda: installation.status(LABEL).restarts > before, "label has ended")
        assert installation.status(LABEL).last_exit == FENCED
        wait_for(lambda: waiting(installation, LABEL), "label waits for the log")
    finally:
        installation.stack.restart("kafka")
    installation.wait_healthy(RECOVERY_S)
    proof.holds()


def test_the_vault_killed_and_restarted(installation, random, proof):
    for _ in range(OUTAGES):
        pass_by(random.uniform(0, LONGEST_PAUSE_S))
        installation.stack.kill("vault")
        pass_by(random.uniform(0, LONGEST_OUTAGE_S))
        installation.stack.restart("vault")
        installation.wait_healthy()
    proof.holds()


def test_the_vault_sealed_and_unsealed(installation, random, proof):
    pass_by(random.uniform(0, LONGEST_PAUSE_S))
    seal(installation.endpoints.vault)
    wait_for(
        lambda: waiting(installation, "redact.demo.0") or waiting(installation, "redact.demo.1"), "redact waits"
    )
    installation.stack.restart("vault")  # its seal key lies beside it: it unseals itself as it starts
    installation.wait_healthy()
    proof.holds()


def seal(vault) -> None:
    token = vault.token_file.read_text().strip()
    with httpx.Client(verify=ssl.create_default_context(cafile=str(vault.ca_file))) as client:
        client.put(f"{vault.url}/v1/sys/seal", headers={"X-Vault-Token": token}).raise_for_status()


def waiting(installation, process: str) -> bool:
    """Whether a stage says that it waits for something."""
    try:
        return asked(installation.address(process).health_url).status_code == 503
    except httpx.HTTPError:
        return False
