"""The starter on the stack: what it hands over, what it says of it, what it makes of who came too late."""

from __future__ import annotations

import secrets

import pytest

from deploy.provision.command import apply_topology
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import as_provisioner, connected
from deploy.starting import IDENTITY, Starter
from deploy.supervise.restarts import FENCED, STOLEN
from schemas.audit import EventType
from schemas.errors import AccessDenied, StackError
from streams.audit.reader import Reader, read_events
from tests.support.pipeline import on_shared_stack
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.loading import load_topology
from vault.client import VaultClient
from vault.handing import HANDED_S, Handed, take

pytestmark = pytest.mark.stack

KEEPER = Identity("keeper", "demo")


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def applied(stack):
    topology = load_topology()
    with connected(stack.endpoints, stack.root) as parts:
        apply_topology(topology, parts)
    return topology


@pytest.fixture(scope="module")
def pipeline(stack, applied):
    made = on_shared_stack(stack.root, applied, "demo")
    yield made
    made.close()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def starter(stack, applied, time):
    made = Starter(stack.root, stack.endpoints, applied, time)
    yield made
    made.stop()


@pytest.fixture
def slot():
    """Not one of another test's."""
    return KEEPER.slot(secrets.randbelow(10**9))


def log_in(stack, token: bytes) -> VaultClient:
    mine, vault = CredentialFiles(stack.root).load(KEEPER).vault, stack.endpoints.vault
    assert mine is not None
    session = take(vault.url, vault.ca_file, KEEPER.name, mine.role_id, Handed(token.decode()))
    return VaultClient(session, "demo")


def said(pipeline, slot: str) -> list[EventType]:
    events = read_events(pipeline.log, Reader(pipeline.codec), ["audit.platform"])
    return [it.type for it in events if it.resource == f"slot/{slot}" and it.process == IDENTITY.name]


def test_what_is_handed_over_logs_in_and_it_is_said(stack, starter, slot, pipeline):
    client = log_in(stack, starter.hand(KEEPER, slot))
    assert len(client.sign(KEEPER.sign_key, b"x")) == 64
    client.close()
    wait_for(lambda: said(pipeline, slot) == [EventType.LOGIN_HANDED], f"it is said of {slot}")


def test_who_was_second_in_time_was_stolen_from_and_who_came_too_late_or_ended_otherwise_was_not(
    starter, slot, pipeline, time
):
    starter.hand(KEEPER, slot)
    starter.ended(KEEPER, slot, FENCED)
    starter.ended(KEEPER, slot, STOLEN)
    starter.ended(KEEPER, slot, STOLEN)  # the same again is nothing new
    starter.hand(KEEPER, slot)
    time.now += HANDED_S + 1
    starter.ended(KEEPER, slot, STOLEN)
    starter.stop()
    assert said(pipeline, slot) == [EventType.LOGIN_HANDED, EventType.LOGIN_STOLEN, EventType.LOGIN_HANDED]


def test_a_starter_that_vault_has_forgotten_is_handed_another_login(stack, starter, slot):
    starter.hand(KEEPER, slot)
    starter._around.vault.end_login()
    client = log_in(stack, starter.hand(KEEPER, slot))
    assert len(client.sign(KEEPER.sign_key, b"x")) == 64
    client.close()


def test_who_is_not_to_be_started_is_not_handed_anything(starter, slot):
    with pytest.raises(StackError, match="can't be handed"):
        starter.hand(Identity("producer", "demo"), slot)


def test_the_topology_is_applied_by_a_token_with_the_provisioners_rights_that_ends_with_it(stack, applied):
    with connected(stack.endpoints, stack.root) as parts:
        with as_provisioner(parts, stack.endpoints, applied) as (own, prepared):
            assert prepared == ()
            assert apply_topology(applied, own).changes == ()
            session = own.vault._session
            token = session._client.token
            found = session.call("look", lambda client: client.auth.token.lookup_self())["data"]
            assert (found["policies"], found["renewable"]) == (["provisioner.platform"], False)
            vault = VaultClient(session, "demo")
            with pytest.raises(AccessDenied):
                vault.names("view")
            with pytest.raises(AccessDenied):
                vault.sign(KEEPER.sign_key, b"x")
        place = stack.endpoints.vault
        with VaultClient.from_token(place.url, place.ca_file, token, "demo") as late, pytest.raises(AccessDenied):
            late.sign("sign-provisioner.platform", b"x")
