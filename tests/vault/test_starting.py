"""What a starter without an administrator begins with, on the stack's Vault: it opens one login, wrapped."""

from __future__ import annotations

from contextlib import closing

import pytest

from deploy.provision.command import apply_topology, plan_topology
from deploy.provision.parts import administrator, connected
from deploy.starting import IDENTITY as STARTER
from schemas.errors import AccessDenied
from topology.loading import load_topology
from vault.handing import hand
from vault.session import Credentials, Session
from vault.starting import end_starting_token, policy, policy_name, renew, starting_token

pytestmark = pytest.mark.stack


@pytest.fixture
def applied(stack):
    topology = load_topology()
    with connected(stack.endpoints, stack.root) as parts:
        apply_topology(topology, parts)
    return topology


def under(stack, token: str) -> Session:
    vault = stack.endpoints.vault
    return Session(vault.url, vault.ca_file, Credentials(token=token))


@pytest.fixture
def started(stack, applied):
    """A session under such a token."""
    with administrator(stack.endpoints) as session:
        made = starting_token(session, STARTER.name)
    with closing(under(stack, made.token)) as found:
        yield found


def test_it_has_the_starter_s_login_made(started):
    assert hand(started, STARTER.name)


def test_it_has_nobody_else_s_made(started):
    for other in ("redact.demo", "provisioner.platform", "keeper.demo"):
        with pytest.raises(AccessDenied):
            hand(started, other)


def test_it_gets_none_in_the_clear(started):
    with pytest.raises(AccessDenied):
        started.call(
            "take a login",
            lambda client: client.write_data(f"auth/approle/role/{STARTER.name}/secret-id", data={}),
        )


def test_it_reads_and_writes_nothing(started):
    for path in ("veil-demo/data/view/x", "sys/policies/acl/redact.demo", "transit/keys/raw-demo"):
        with pytest.raises(AccessDenied):
            started.call("read", lambda client, it=path: client.read(it))
    with pytest.raises(AccessDenied):
        started.call("make a token", lambda client: client.write_data("auth/token/create", data={}))


def test_it_lasts_as_long_as_it_is_renewed(started):
    renew(started)
    assert hand(started, STARTER.name)


def test_one_that_is_ended_is_refused_afterwards_and_another_is_not(stack, applied):
    with administrator(stack.endpoints) as session:
        first = starting_token(session, STARTER.name)
        with closing(under(stack, first.token)) as before:
            assert hand(before, STARTER.name)
            second = starting_token(session, STARTER.name)
            end_starting_token(session, first.accessor)
            for ended in (lambda: hand(before, STARTER.name), lambda: renew(before)):
                with pytest.raises(AccessDenied):
                    ended()
        with closing(under(stack, second.token)) as after:
            assert hand(after, STARTER.name)
        assert first.accessor != second.accessor


def test_one_that_is_no_more_is_no_hindrance(stack, applied):
    with administrator(stack.endpoints) as session:
        first = starting_token(session, STARTER.name)
        for before in (first.accessor, first.accessor, "an accessor that nobody has had"):
            end_starting_token(session, before)


def test_its_policy_is_no_difference_and_one_that_was_changed_is(stack, applied, started):
    name = policy_name(STARTER.name)
    with connected(stack.endpoints, stack.root) as parts:
        assert f"vault policy {name}" not in plan_topology(applied, parts).undeclared
        with administrator(stack.endpoints) as session:
            wider = policy(STARTER.name) + 'path "sys/health" { capabilities = ["read"] }\n'
            session.call("change it", lambda client: client.sys.create_or_update_policy(name, wider))
        try:
            assert f"vault policy {name}" in plan_topology(applied, parts).undeclared
        finally:
            with administrator(stack.endpoints) as session:
                starting_token(session, STARTER.name)
        assert f"vault policy {name}" not in plan_topology(applied, parts).undeclared
