"""Waits until the brokers know a user."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.errors import LogUnavailable

TRY_S = 2.0


def await_login(settings: Mapping[str, str | int], user: str, password: str, limit: float) -> None:
    """Block until the user can log in. Raises LogUnavailable where they can't by `limit`, in monotonic seconds.

    Of several brokers one is asked, whichever answers first.
    """
    own: dict[str, str | int] = {
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": password,
        "client.id": "veil-provision",
        "reconnect.backoff.max.ms": 100,
    }
    silent = logging.getLogger("veil.provision.login")
    silent.disabled = True  # that it is refused at first is what we wait out
    client = AdminClient({**settings, **own}, logger=silent)
    while not _logged_in(client):
        if time.monotonic() > limit:
            raise LogUnavailable(f"Kafka did not let its new user {user} log in in time")


def _logged_in(client: AdminClient) -> bool:
    try:
        client.list_topics(timeout=TRY_S)
    except KafkaException:
        return False
    return True
