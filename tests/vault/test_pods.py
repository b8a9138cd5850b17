"""Pods log in to the stack's Vault by the token of their own service account, and by nobody else's."""

from __future__ import annotations

import dataclasses
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.kubernetes.placing import pod_accounts
from deploy.local.endpoints import save_endpoints
from deploy.provision.command import apply_topology, plan_topology
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import administrator, connected, pins_path
from deploy.surroundings import POD_TOKEN, surroundings
from schemas.errors import AccessDenied, ConfigError, LoginLost
from schemas.vault_log import Operation, Outcome, VaultUse
from streams.audit.vault_log import parse
from tests.support.announced import lines
from tests.support.token_reviews import REVIEWER, TokenReviews
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.loading import load_topology
from vault import pods
from vault.client import VaultClient
from vault.pods import enter

pytestmark = pytest.mark.stack

AUDIENCE = "veilstream-vault"
DECIDE, LABEL = Identity("decide", "demo"), Identity("label", "demo")
TOPOLOGY = load_topology()
ACCOUNT = pod_accounts(TOPOLOGY, AUDIENCE)[DECIDE.name]


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    with TokenReviews(tmp_path_factory.mktemp("reviews")) as serving:
        yield serving


@pytest.fixture(scope="module")
def administrators(stack):
    with administrator(stack.endpoints) as session:
        yield session


def parts_of(stack):
    vault = dataclasses.replace(stack.endpoints.vault, pods=AUDIENCE)
    return connected(dataclasses.replace(stack.endpoints, vault=vault), stack.root)


@pytest.fixture(scope="module")
def applied(stack, administrators, reviews):
    """As who runs Vault sets it up, and `veil topology apply` after that; taken away again, since it is shared."""

    def write(path, body):
        administrators.call("set up", lambda client: client.write_data(path, data=body))

    write(f"sys/auth/{pods.MOUNT}", {"type": "kubernetes"})
    asked = {"kubernetes_host": reviews.url, "kubernetes_ca_cert": reviews.ca, "token_reviewer_jwt": REVIEWER}
    write(f"auth/{pods.MOUNT}/config", asked | {"disable_local_ca_jwt": True})
    with parts_of(stack) as parts:
        apply_topology(TOPOLOGY, parts)
    yield stack
    administrators.call("clean up", lambda client: client.delete(f"sys/auth/{pods.MOUNT}"))


@pytest.fixture
def log_in(applied, tmp_path):
    opened = []

    def enter_with(token, identity=DECIDE, on_lost=lambda: None):
        (tmp_path / "token").write_text(token)
        vault = applied.endpoints.vault
        session = enter(vault.url, vault.ca_file, identity.name, tmp_path / "token", on_lost)
        opened.append(VaultClient(session, "demo"))
        return opened[-1]

    yield enter_with
    for client in opened:
        client.close()


@pytest.fixture
def token(reviews):
    return reviews.token(ACCOUNT.namespace, ACCOUNT.name, AUDIENCE)


def test_a_pod_may_what_its_identity_may_and_no_more(log_in, token):
    client = log_in(token)
    assert client.sign(DECIDE.sign_key, b"mine")
    with pytest.raises(AccessDenied):
        client.sign(LABEL.sign_key, b"theirs")


def test_vault_s_own_log_names_the_identity_that_a_pod_has_logged_in_as(log_in, token, applied):
    log = applied.endpoints.vault.followed_log
    if log is None:
        pytest.skip("the log of this Vault is out of reach")
    log_in(token)
    uses = [parse(line) for line in lines(log)]
    logins = [use for use in uses if isinstance(use, VaultUse) and use.target == f"auth/{pods.MOUNT}/login"]
    assert {(use.identity, use.operation) for use in logins if use.outcome is Outcome.DONE} == {
        (DECIDE.name, Operation.LOGIN)
    }


REFUSED = {
    "another service account": lambda it: it.token(ACCOUNT.namespace, LABEL.name, AUDIENCE),
    "another namespace": lambda it: it.token("veil-annotation", ACCOUNT.name, AUDIENCE),
    "another audience": lambda it: it.token(ACCOUNT.namespace, ACCOUNT.name, "https://kubernetes.default.svc"),
    "a token that is over": lambda it: it.token(ACCOUNT.namespace, ACCOUNT.name, AUDIENCE, lifetime_s=-300),
    "a forged token": lambda it: it.token(
        ACCOUNT.namespace, ACCOUNT.name, AUDIENCE, key=ec.generate_private_key(ec.SECP256R1())
    ),
    "no token at all": lambda _: "x.y.z",
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused(log_in, reviews, what):
    with pytest.raises(AccessDenied, match=r"decide\.demo"):
        log_in(REFUSED[what](reviews))


def test_a_pod_that_is_gone_is_refused_while_its_token_would_last(log_in, reviews, token):
    log_in(token)
    reviews.gone.add(f"system:serviceaccount:{ACCOUNT.namespace}:{ACCOUNT.name}")
    try:
        with pytest.raises(AccessDenied):
            log_in(token)
    finally:
        reviews.gone.clear()


def test_each_account_opens_one_role_alone(log_in, reviews):
    for name, account in pod_accounts(TOPOLOGY, AUDIENCE).items():
        if name != DECIDE.name:
            with pytest.raises(AccessDenied):
                log_in(reviews.token(account.namespace, account.name, AUDIENCE))


def test_an_error_does_not_show_the_token(log_in, reviews):
    forged = reviews.token("x", "y", "z")
    with pytest.raises(AccessDenied) as caught:
        log_in(forged)
    assert forged not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("content", [None, "", "ä"])
def test_without_a_token_nobody_is_asked(tmp_path, content):
    if content is not None:
        (tmp_path / "token").write_text(content)
    with pytest.raises(ConfigError, match="token"):
        enter("https://127.0.0.1:1", None, DECIDE.name, tmp_path / "token", lambda: None)


def test_a_login_that_is_closed_opens_nothing(log_in, token):
    client = log_in(token)
    client.sign(DECIDE.sign_key, b"x")
    client.close()
    with pytest.raises(LoginLost):
        client.sign(DECIDE.sign_key, b"x")


def test_a_lost_login_is_told_and_the_next_start_has_another(log_in, token, administrators, monkeypatch):
    monkeypatch.setattr("vault.keeping.RENEW_AT", 0.001)
    lost = threading.Event()
    client = log_in(token, on_lost=lost.set)
    own = client.session.call("look", lambda it: it.token)
    administrators.call("revoke", lambda it: it.auth.token.revoke(own))
    wait_for(lost.is_set, "the loss is told")
    monkeypatch.undo()
    assert log_in(token).sign(DECIDE.sign_key, b"x")


def test_applied_again_nothing_changes_and_a_wider_binding_is_set_back(applied, administrators):
    with parts_of(applied) as parts:
        assert plan_topology(TOPOLOGY, parts).changes == ()
        wider = pods.role(DECIDE.name, ACCOUNT) | {"bound_service_account_namespaces": ["*"]}
        path = f"{pods.ROLES}/{DECIDE.name}"
        administrators.call("widen", lambda it: it.write_data(path, data=wider))
        assert [str(it) for it in apply_topology(TOPOLOGY, parts).changes] == ["update pod login decide.demo"]
        assert plan_topology(TOPOLOGY, parts).changes == ()


def test_a_binding_that_nobody_declared_is_named(applied, administrators):
    path = f"{pods.ROLES}/mallory"
    administrators.call("add", lambda it: it.write_data(path, data=pods.role(DECIDE.name, ACCOUNT)))
    try:
        with parts_of(applied) as parts:
            assert "pod login mallory" in plan_topology(TOPOLOGY, parts).undeclared
    finally:
        administrators.call("remove", lambda it: it.delete(path))


def test_a_process_in_a_pod_logs_in_by_its_token(applied, token, tmp_path):
    (tmp_path / "run").mkdir()
    save_endpoints(tmp_path / "run" / "endpoints.json", applied.endpoints)
    CredentialFiles(tmp_path).save(CredentialFiles(applied.root).load(DECIDE))
    pins_path(tmp_path).parent.mkdir()
    pins_path(tmp_path).write_bytes(pins_path(applied.root).read_bytes())
    with pytest.raises(ConfigError, match="handed"):
        surroundings(tmp_path, DECIDE, "demo")
    (tmp_path / POD_TOKEN).write_text(token)
    around = surroundings(tmp_path, DECIDE, "demo")
    try:
        assert around.sign(b"x")
        assert around.watch is not None
    finally:
        around.close()
