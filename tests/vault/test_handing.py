"""What processes are handed to log in with, on the stack's Vault: good once, kept alive, missed when lost."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from deploy.provision.command import apply_topology
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import administrator, connected
from deploy.starting import IDENTITY as STARTER
from schemas.errors import AccessDenied, LoginLost, LoginUsedUp
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.loading import load_topology
from vault import handing, keeping
from vault.client import VaultClient
from vault.handing import Handed, hand, take
from vault.session import AnonymousSession, Rejected
from vault.wrapping import Unwrapping

pytestmark = pytest.mark.stack

DECIDE, LABEL = Identity("decide", "demo"), Identity("label", "demo")


@pytest.fixture(scope="module")
def applied(stack):
    with connected(stack.endpoints, stack.root) as parts:
        apply_topology(load_topology(), parts)
    return stack


@pytest.fixture(scope="module")
def administrators(applied):
    with administrator(applied.endpoints) as session:
        yield session


class Doors:
    """Takes what was handed over, as an identity."""

    def __init__(self, stack) -> None:
        self.vault, self.files, self.opened = stack.endpoints.vault, CredentialFiles(stack.root), []

    def role_id(self, identity: Identity) -> str:
        mine = self.files.load(identity).vault
        assert mine is not None
        assert not mine.secret_id
        return mine.role_id

    def take(self, identity: Identity, token: str, on_lost=lambda: None) -> VaultClient:
        handed = Handed(token, on_lost)
        session = take(self.vault.url, self.vault.ca_file, identity.name, self.role_id(identity), handed)
        self.opened.append(VaultClient(session, "demo"))
        return self.opened[-1]

    def unwrap(self, token: str) -> dict:
        with closing(Unwrapping(self.vault.url, self.vault.ca_file)) as unwrap:
            return dict(unwrap.any(token))


@pytest.fixture
def doors(applied):
    made = Doors(applied)
    yield made
    for client in made.opened:
        client.close()


def signs(client: VaultClient, identity: Identity) -> bool:
    return len(client.sign(identity.sign_key, b"x")) == 64


def test_what_was_handed_over_logs_in_once(doors, administrators):
    token = hand(administrators, DECIDE.name)
    assert signs(doors.take(DECIDE, token), DECIDE)
    with pytest.raises(LoginUsedUp, match=r"decide\.demo does not start"):
        doors.take(DECIDE, token)


def test_who_comes_after_a_thief_is_told_so_and_the_thief_logs_in_with_it_once(doors, administrators):
    token = hand(administrators, DECIDE.name)
    stolen = doors.unwrap(token)["secret_id"]
    with pytest.raises(LoginUsedUp):
        doors.take(DECIDE, token)
    login = {"role_id": doors.role_id(DECIDE), "secret_id": stolen}
    with VaultClient.from_approle(doors.vault.url, doors.vault.ca_file, *login.values(), "demo") as thief:
        assert signs(thief, DECIDE)
    with (
        VaultClient.from_approle(doors.vault.url, doors.vault.ca_file, *login.values(), "demo") as again,
        pytest.raises(AccessDenied),
    ):
        again.sign(DECIDE.sign_key, b"x")


def test_what_a_thief_has_used_and_wrapped_again_is_seen_to_be_somebody_elses(doors, administrators):
    stolen = doors.unwrap(hand(administrators, DECIDE.name))
    content = {"secret_id": stolen["secret_id"]}
    answer = administrators.call("wrap", lambda client: client.sys.wrap(payload=content, ttl=60))
    with pytest.raises(LoginUsedUp, match="not made as a login"):
        doors.take(DECIDE, answer["wrap_info"]["token"])


def test_what_was_handed_to_another_is_refused(doors, administrators):
    with pytest.raises(LoginUsedUp, match="not made as a login"):
        doors.take(DECIDE, hand(administrators, LABEL.name))


@pytest.mark.parametrize("nonsense", ["", "hvs.nothing", "x" * 500])
def test_nonsense_is_refused(doors, nonsense):
    with pytest.raises(LoginUsedUp):
        doors.take(DECIDE, nonsense)


def test_a_login_ends_with_its_session(doors, administrators):
    client = doors.take(DECIDE, hand(administrators, DECIDE.name))
    token = client.session._client.token
    client.close()
    doors.opened.clear()
    with (
        VaultClient.from_token(doors.vault.url, doors.vault.ca_file, token, "demo") as late,
        pytest.raises(AccessDenied),
    ):
        late.sign(DECIDE.sign_key, b"x")


def test_a_login_that_is_lost_is_told_by_the_next_call_and_to_who_asks_nothing(doors, administrators, monkeypatch):
    lost = threading.Event()
    monkeypatch.setattr(keeping, "RENEW_AT", 1e-3)
    client = doors.take(DECIDE, hand(administrators, DECIDE.name), lost.set)
    assert signs(client, DECIDE)
    token = client.session._client.token
    administrators.call("revoke", lambda admin: admin.auth.token.revoke(token))
    with pytest.raises(LoginLost, match="no longer knows"):
        client.sign(DECIDE.sign_key, b"x")
    wait_for(lost.is_set, "who asks for nothing is told that the login is lost")


def test_a_right_that_is_missing_is_no_lost_login(doors, administrators):
    client = doors.take(DECIDE, hand(administrators, DECIDE.name))
    with pytest.raises(AccessDenied) as caught:
        client.data_key("raw-demo", "c")
    assert not isinstance(caught.value, LoginLost)
    assert signs(client, DECIDE)


def test_a_login_is_renewed_while_its_session_is_open(doors, administrators, monkeypatch):
    monkeypatch.setattr(keeping, "RENEW_AT", 1e-3)
    client = doors.take(DECIDE, hand(administrators, DECIDE.name))
    session = client.session

    def renewed() -> bool:
        found = session.call("look", lambda it: it.auth.token.lookup_self())["data"]
        return found.get("last_renewal") is not None

    wait_for(renewed, "the login is renewed")


def test_the_starter_hands_over_what_unwraps_once_and_nothing_else(doors, administrators):
    starter = doors.take(STARTER, hand(administrators, STARTER.name))
    assert signs(doors.take(DECIDE, hand(starter.session, DECIDE.name)), DECIDE)
    path = f"auth/approle/role/{DECIDE.name}/secret-id"
    with pytest.raises((AccessDenied, Rejected)):  # in clear
        starter.session.call("take one", lambda client: client.write_data(path, data={}))
    for other in ("provisioner.platform", STARTER.name, "producer.demo", "person.ada"):
        with pytest.raises(AccessDenied):
            hand(starter.session, other)


def test_what_waits_too_long_is_over(doors, administrators, monkeypatch):
    monkeypatch.setattr(handing, "HANDED_S", 1)
    token = hand(administrators, DECIDE.name)

    vault = doors.vault

    def over() -> bool:
        session = AnonymousSession(vault.url, vault.ca_file)
        try:
            session.call("look", lambda client: client.write_data("sys/wrapping/lookup", data={"token": token}))
        except (Rejected, AccessDenied):
            return True
        finally:
            session.close()
        return False

    wait_for(over, "a token of one second is over")
    with pytest.raises(LoginUsedUp):
        doors.take(DECIDE, token)
