"""Clients that are told a new password, and when a refused login is none to end over."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError

from streams.engine.kafka_login import SETTLING_S, Consumer, KafkaLogin, Producer

REFUSED = KafkaError(KafkaError._AUTHENTICATION)
SASL = {"bootstrap.servers": "127.0.0.1:1", "security.protocol": "SASL_PLAINTEXT", "log_level": 0}


class Client:
    def __init__(self, *, closed: bool = False) -> None:
        self.told: list[tuple[str, str]] = []
        self.closed = closed

    def set_sasl_credentials(self, username: str, password: str, /) -> None:
        if self.closed:
            raise RuntimeError("Handle has been closed")
        self.told.append((username, password))


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_every_client_that_is_there_is_told_once_and_a_closed_one_is_passed_over() -> None:
    login = KafkaLogin("join.demo", "old")
    kept = [login.keep(Client()), login.keep(Client(closed=True)), login.keep(Client())]
    assert login.change("new")
    assert not login.change("new")
    assert [it.told for it in kept] == [[("join.demo", "new")], [], [("join.demo", "new")]]
    assert login.password == "new"


def test_the_client_librarys_own_are_told_as_long_as_they_are_there() -> None:
    login = KafkaLogin("join.demo", "old")
    settings = {**SASL, "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "join.demo", "sasl.password": "old"}
    consumer, producer = Consumer({**settings, "group.id": "g"}), Producer(settings)
    login.keep(consumer)
    login.keep(producer)
    consumer.close()
    assert login.change("new")
    del consumer, producer
    assert not login._clients


def test_a_refused_login_ends_who_has_the_only_password_there_is() -> None:
    assert not KafkaLogin("join.demo", "wrong").passing(REFUSED)


def test_a_refused_login_is_passing_where_the_file_has_another_password_which_is_taken_up() -> None:
    login = KafkaLogin("join.demo", "old")
    client, login.look = login.keep(Client()), lambda: "new"
    assert login.passing(REFUSED)
    assert client.told == [("join.demo", "new")]


def test_a_refused_login_is_passing_until_brokers_must_know_the_new_password() -> None:
    time = Time()
    login = KafkaLogin("join.demo", "old", time)
    login.change("new")
    time.now += SETTLING_S - 1
    assert login.passing(REFUSED)
    time.now += 2
    assert not login.passing(REFUSED)


@pytest.mark.parametrize("code", [KafkaError._TRANSPORT, KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError._FATAL])
def test_what_is_no_refused_login_is_never_passing(code: int) -> None:
    login = KafkaLogin("join.demo", "old")
    login.look = lambda: "new"
    assert not login.passing(KafkaError(code))
