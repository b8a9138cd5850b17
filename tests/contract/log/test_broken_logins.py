"""Connections that end in the middle of a login, on the real broker: nobody was refused, whatever one is told."""

from __future__ import annotations

from contextlib import closing
from functools import partial

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from deploy.provision.kafka_answers import answer
from schemas.errors import AccessDenied, LogUnavailable
from schemas.kafka_logins import is_login_refused
from streams.engine.kafka_errors import translate
from tests.support.gate import Gate
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack

PACKETS = 12
"""More than a client sends until it is logged in: TLS takes two, the rest four."""
POLLS = 12
"""Of a tenth of a second, through each gate; all once more until the client has said what is looked for."""


def heard(kafka, gate: Gate, password: str) -> list[KafkaError]:
    """What a client says of its logins through the gate."""
    told: list[KafkaError] = []
    settings = {
        **kafka.client_settings(),
        "bootstrap.servers": f"127.0.0.1:{gate.port}",
        "sasl.password": password,
        "log_level": 0,
        "error_cb": told.append,
    }
    client = AdminClient(settings)
    for _ in range(POLLS):
        client.poll(0.1)
    return told


@pytest.fixture
def kafka(stack):
    return stack.endpoints.kafka


@pytest.fixture
def port(kafka):
    return int(kafka.bootstrap.rpartition(":")[2])


def failing(error: KafkaError) -> None:
    raise KafkaException(error)


def test_wherever_it_ends_nobody_was_refused(kafka, port):
    password = kafka.admin_password_file.read_text().strip()

    def refusal_is_claimed() -> bool:
        codes = set()
        for asked in range(PACKETS):
            with closing(Gate(port, asked)) as gate:
                errors = heard(kafka, gate, password)
            codes |= {error.code() for error in errors}
            for error in errors:
                assert not is_login_refused(error), error
                assert isinstance(translate(error, "connecting"), LogUnavailable)
                with pytest.raises(LogUnavailable):
                    answer("connect", partial(failing, error))
        return KafkaError._AUTHENTICATION in codes

    wait_for(refusal_is_claimed, "the client says of one that it was refused: else this proves nothing")


def test_a_wrong_password_is_refused(kafka, port):
    with closing(Gate(port)) as gate:

        def refused() -> bool:
            errors = heard(kafka, gate, "not-the-password")
            return AccessDenied in {type(translate(error, "connecting")) for error in errors}

        wait_for(refused, "it is refused")
