"""Passwords that an `apply` settles reach who reads a copy of the file before Kafka asks for them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from deploy.provision.command import apply_topology
from deploy.provision.credentials import CredentialFiles
from deploy.provision.desired import desired_kafka
from deploy.provision.unsettled import Unsettled
from topology.identity import Identity
from topology.loading import load_topology
from topology.topics import Environment
from vault.approles import AppRoleCredentials
from vault.provision import VaultDifference

TOPOLOGY = load_topology()
JOIN = Identity("join", "demo")


class Applied:
    """Parts that are as the topology says, and note in which order they are told what."""

    def __init__(self, root: Path) -> None:
        self.said: list[tuple[str, tuple[str, ...]]] = []
        self.root, self.pins_file = root, root / "pins.json"
        self.environment, self.audience = Environment.LOCAL, None
        self.vault = SimpleNamespace(
            apply=lambda _: VaultDifference((), ()), public_keys=lambda keys: dict.fromkeys(keys, b"k" * 32)
        )
        issued = AppRoleCredentials("role", "secret")
        self.logins = SimpleNamespace(
            issue=lambda _: issued, issue_handed=lambda _: AppRoleCredentials("role", ""), holds=lambda *_: True
        )
        self.registry = SimpleNamespace(id_of=lambda _: 1)
        self.kafka = self
        self.user = "admin"

    def registrar(self) -> SimpleNamespace:
        return SimpleNamespace(keep_compatible=lambda _: None, close=lambda: None)

    def state(self, _: object) -> object:
        return desired_kafka(TOPOLOGY, Environment.LOCAL)

    def apply(self, difference, passwords) -> None:
        self.said.append(("kafka", tuple(passwords[name] for name in difference.users)))

    def pass_on(self, renewed) -> None:
        self.said.append(("copies", tuple(it.kafka_password for it in renewed)))


def test_they_are_those_that_kafka_gets(tmp_path):
    parts = Applied(tmp_path)
    apply_topology(TOPOLOGY, parts, parts.pass_on)
    parts.said.clear()
    Unsettled(tmp_path).add([JOIN.name])
    apply_topology(TOPOLOGY, parts, parts.pass_on)
    password = CredentialFiles(tmp_path).load(JOIN).kafka_password
    assert parts.said == [("copies", (password,)), ("kafka", (password,))]
    assert Unsettled(tmp_path).names() == frozenset()
