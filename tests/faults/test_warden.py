"""The warden killed while it ends and restores logins: in the end they are as `control` says, and said once each.

`VEIL_FAULT_ROUNDS` kills, ten at least; `VEIL_FAULT_SEED` replays a run that failed.
"""

from __future__ import annotations

import os
import time
from contextlib import closing

import httpx
import pytest
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from deploy.revoking import reinstate, revoke
from schemas.audit import EventType
from schemas.control import RevocationReason
from schemas.registry import tls_context
from streams.audit.reader import Reader, read_events
from tests.faults.load import PROJECT
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from topology.identity import PLATFORM, Identity

pytestmark = pytest.mark.faults

ROUNDS = max(10, int(os.environ.get("VEIL_FAULT_ROUNDS") or 0))
WARDEN = Identity("warden", PLATFORM).slot(0)
WHO = "ada"
LONGEST_PAUSE_S = 0.5
"""After an order: before it is read, amid each request to Vault and Kafka, before and after the commit."""


@pytest.fixture
def entity(installation):
    """How Vault has their entity."""
    vault = installation.endpoints.vault
    headers = {"X-Vault-Token": vault.token_file.read_text().strip()}
    http = httpx.Client(base_url=f"{vault.url}/v1/", verify=tls_context(vault.ca_file), headers=headers)
    with closing(http):
        yield lambda: http.get(f"identity/entity/name/veil-person-{WHO}").raise_for_status().json()["data"]


@pytest.fixture
def denials(installation):
    """How many rules of Kafka deny them something."""
    admin = AdminClient(installation.endpoints.kafka.client_settings())
    wanted = AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        f"User:person.{WHO}",
        None,
        AclOperation.ANY,
        AclPermissionType.DENY,
    )
    return lambda: len(admin.describe_acls(wanted).result(60))


@pytest.fixture
def said(installation, proof):
    """What is on the audit of their logins, in order."""
    pipeline: Pipeline = proof._pipeline
    kinds = {EventType.CREDENTIALS_ENDED, EventType.CREDENTIALS_RESTORED}

    def events() -> list[EventType]:
        found = read_events(pipeline.log, Reader(pipeline.codec), ["audit.platform"])
        return [event.type for event in found if event.type in kinds and event.resource == f"person/{WHO}"]

    return events


def test_killed_warden_ends_and_restores_what_it_should_and_says_so_once(
    installation, random, entity, denials, said
):
    for round_ in range(1, ROUNDS + 1):
        installation.wait_healthy()
        revoked = bool(round_ % 2)
        if revoked:
            revoke(installation.root, PROJECT, "olga", WHO, RevocationReason.REHEARSAL)
        else:
            for person in ("olga", "grace"):
                reinstate(installation.root, PROJECT, person, WHO)
        moment = time.monotonic() + random.uniform(0, LONGEST_PAUSE_S)
        wait_for(lambda until=moment: time.monotonic() >= until, "the moment is drawn", pause_s=0.005)
        installation.kill_for_good(WARDEN)
        installation.begin(WARDEN)
        wait_for(lambda count=round_: len(said()) >= count, "it is done after all")
        assert (entity()["disabled"], denials()) == (revoked, 4 if revoked else 0)
    pairs = [EventType.CREDENTIALS_ENDED, EventType.CREDENTIALS_RESTORED] * ROUNDS
    assert said() == pairs[:ROUNDS]
