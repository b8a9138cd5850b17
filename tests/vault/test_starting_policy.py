"""The policy of the starter's token is in no plan, and is named only where it is not the one that we write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from vault.provision import Provisioner, VaultPlan
from vault.starting import STARTER, policy, policy_name

NOTHING = VaultPlan((), (), {}, (), {})
OWN = policy_name(STARTER)


class Policies:
    """A session in a Vault that has these policies and nothing else. Reads only."""

    def __init__(self, policies: Mapping[str, str]) -> None:
        self._policies = policies

    def call(self, _: str, action: Any) -> Any:
        return action(self)

    def list(self, path: str) -> Any:
        return {"data": {"keys": list(self._policies)}} if path == "sys/policies/acl" else None

    def read(self, path: str) -> Any:
        if path == "sys/auth":
            return {"data": {"approle/": {}}}
        if path == "sys/mounts":
            return {"data": {"transit/": {"config": {"audit_non_hmac_request_keys": ["context"]}}}}
        name = path.removeprefix("sys/policies/acl/")
        return {"data": {"name": name, "policy": self._policies[name]}} if name in self._policies else None


def undeclared(policies: Mapping[str, str]) -> tuple[str, ...]:
    return Provisioner(Policies(policies)).differences(NOTHING).undeclared


def test_it_is_no_difference():
    assert undeclared({"default": "", OWN: policy(STARTER)}) == ()


@pytest.mark.parametrize("content", [policy(STARTER) + 'path "*" { capabilities = ["read"] }\n', ""])
def test_one_that_says_anything_else_is_named(content):
    assert undeclared({OWN: content}) == (f"vault policy {OWN}",)


def test_one_like_it_of_somebody_else_is_named():
    other = "provisioner.platform"
    assert undeclared({policy_name(other): policy(other)}) == (f"vault policy {policy_name(other)}",)
