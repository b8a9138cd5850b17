"""Somebody who is logged in to Vault and has a connection to Kafka open: what they can still do."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from confluent_kafka import KafkaError, KafkaException, Producer

from deploy.local.endpoints import Endpoints
from deploy.provision.credentials import CredentialFiles, Credentials
from schemas.registry import tls_context
from streams.engine.kafka_access import KafkaAccess
from topology.identity import PERSON, Identity

TOO_LARGE = b"x" * (2 * 1024 * 1024 + 1)
"""The broker refuses it after it has looked at rights, so nothing is written."""
ANSWER_S = 10
DENIED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}


@dataclass
class Intruder:
    """One person or app, with the credentials of now."""

    endpoints: Endpoints
    credentials: Credentials
    topic: str

    def __post_init__(self) -> None:
        vault = self.endpoints.vault
        self._http = httpx.Client(base_url=f"{vault.url}/v1/", verify=tls_context(vault.ca_file))
        self.token = self.login()
        self._producer = Producer(
            self._settings() | {"message.max.bytes": 4_000_000, "retries": 0, "message.timeout.ms": 5_000}
        )

    def close(self) -> None:
        self._http.close()

    def login(self) -> str | None:
        """A token; None where Vault lets nobody in with these credentials."""
        mine = self.credentials.vault
        assert mine is not None
        body = {"role_id": mine.role_id, "secret_id": mine.secret_id}
        answer = self._http.post("auth/approle/login", json=body)
        return str(answer.json()["auth"]["client_token"]) if answer.status_code == httpx.codes.OK else None

    def signs(self) -> bool:
        """Whether the token that was taken at first still signs."""
        path = f"transit/sign/{self.credentials.identity.sign_key}"
        headers = {"X-Vault-Token": self.token or ""}
        return self._http.post(path, headers=headers, json={"input": "eA=="}).status_code == httpx.codes.OK

    def renews(self) -> bool:
        """Whether it can be made to last longer."""
        headers = {"X-Vault-Token": self.token or ""}
        answer = self._http.post("auth/token/renew-self", headers=headers, json={})
        return answer.status_code == httpx.codes.OK

    def writes(self) -> bool:
        """Whether the open connection may write to the topic."""
        errors: list[KafkaError | None] = []
        try:
            self._producer.produce(
                self.topic, TOO_LARGE, partition=0, on_delivery=lambda error, _: errors.append(error)
            )
        except KafkaException as refused:
            if refused.args[0].code() not in DENIED:
                raise
            return False
        assert self._producer.flush(ANSWER_S) == 0
        (found,) = errors
        assert found is not None
        assert found.code() in {*DENIED, KafkaError.MSG_SIZE_TOO_LARGE}, found
        return found.code() == KafkaError.MSG_SIZE_TOO_LARGE

    def connects(self) -> bool:
        """Whether a new connection logs in to Kafka."""
        refused: list[KafkaError] = []
        producer = Producer(self._settings() | {"error_cb": refused.append})
        try:
            producer.list_topics(timeout=ANSWER_S / 4)
        except KafkaException:
            producer.poll(0)
            assert KafkaError._AUTHENTICATION in {error.code() for error in refused}, refused
            return False
        return True

    def _settings(self) -> dict[str, object]:
        kafka = self.endpoints.kafka
        mine = self.credentials
        access = KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password)
        return access.settings() | {"log_level": 0}


def intruder(endpoints: Endpoints, files: CredentialFiles, name: str, topic: str) -> Intruder:
    """With the credentials that `veil topology apply` has issued last."""
    return Intruder(endpoints, files.load(Identity(PERSON, name)), topic)
