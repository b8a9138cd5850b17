"""Applying is over when the broker obeys: who comes then is let in. The real broker: `test_command.py`."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import KafkaError, KafkaException

from deploy.provision import kafka_admin, kafka_login
from deploy.provision.difference import KafkaDifference
from deploy.provision.kafka_admin import KafkaAdmin
from deploy.provision.kafka_login import await_login
from schemas.errors import LogUnavailable
from topology.acls import Acl, Operation, Resource

ACL = Acl("redact.demo", Resource.TOPIC, "raw.demo", prefixed=False, operation=Operation.READ)


class Broker:
    """Knows new users and rules only when it was asked so often."""

    def __init__(self, asked: int) -> None:
        self.left, self.seen = asked, []

    def client(self, settings, **_):
        self.seen.append(settings)
        return self

    def list_topics(self, **_):
        if self.tell():
            raise KafkaException(KafkaError(KafkaError._AUTHENTICATION))

    def tell(self) -> bool:
        self.left -= 1
        return self.left >= 0


def test_a_user_is_waited_for_with_the_password_they_got(monkeypatch):
    broker = Broker(asked=2)
    monkeypatch.setattr(kafka_login, "AdminClient", broker.client)
    await_login({"sasl.username": "admin", "ssl.ca.location": "ca"}, "new", "theirs", time.monotonic() + 60)
    (settings,) = broker.seen
    assert (settings["sasl.username"], settings["sasl.password"], settings["ssl.ca.location"]) == (
        "new",
        "theirs",
        "ca",
    )
    assert broker.left == -1


def test_who_is_never_let_in_is_named_and_their_password_is_not(monkeypatch):
    monkeypatch.setattr(kafka_login, "AdminClient", Broker(asked=10**9).client)
    with pytest.raises(LogUnavailable, match="new user new") as raised:
        await_login({}, "new", "theirs", time.monotonic())
    assert "theirs" not in str(raised.value)


def test_rules_come_before_users_and_both_are_waited_for(monkeypatch):
    done, rules = [], Broker(asked=2)
    monkeypatch.setattr(kafka_admin, "await_login", lambda _, user, password, __: done.append((user, password)))
    admin = KafkaAdmin({"bootstrap.servers": "127.0.0.1:9"})
    for name in ("_create_topics", "_alter_configs", "_add_acls", "_add_users"):
        monkeypatch.setattr(admin, name, lambda _, name=name: done.append(name))
    monkeypatch.setattr(admin, "_rules", lambda: (frozenset() if rules.tell() else frozenset({ACL}), frozenset()))
    difference = KafkaDifference(topics=(), configs={}, acls=(ACL,), users=("a", "b"))
    admin.apply(difference, {"a": "1", "b": "2"})
    assert done == ["_create_topics", "_alter_configs", "_add_acls", "_add_users", ("b", "2")]
    assert rules.left == -1
