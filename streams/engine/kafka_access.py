"""How one identity reaches the broker."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.engine.kafka_login import KafkaLogin

METADATA_TIMEOUT_S = 10.0
"""A restarted broker is back in 2–4 s; ten seconds without an answer are an outage."""


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Address, authorities, login. `user` empty: no SASL (never so in the local stack)."""

    bootstrap: str
    ca: Path | None
    user: str
    password: str
    login: KafkaLogin = field(init=False, compare=False)
    """The password of now, and who is told when it changes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "login", KafkaLogin(self.user, self.password))

    def __repr__(self) -> str:
        return f"KafkaAccess({self.bootstrap}, {self.user})"

    def settings(self) -> dict[str, Any]:
        """Client settings shared by consumers, producers and admin clients."""
        settings: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap,
            "client.id": self.user,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": self.user,
            "sasl.password": self.login.password,
            # A killed broker is back in seconds; the default waits up to 10 s between attempts.
            "reconnect.backoff.max.ms": 1000,
            "log_level": 2,
        }
        if self.ca is not None:
            settings["ssl.ca.location"] = str(self.ca)
        return settings
