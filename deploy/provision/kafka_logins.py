"""Ending what a person or an app does in Kafka: rules that deny, at once, and the password gone.

Measured (Kafka 4.4): four rules that deny are written in 40 ms, and hold for the next request of an open
connection. The open connections of a deleted SCRAM user go on, until the broker wants them to log in again
(`connections.max.reauth.ms`). So the rules come first. Denying wins over whatever allows (KIP-801).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined] # re-exported, says its documentation
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
)

from deploy.provision.kafka_answers import TIMEOUT_S, answer, result
from schemas.errors import AccessDenied, LogUnavailable, StackError
from streams.engine.kafka_access import KafkaAccess
from topology.acls import CLUSTER_NAME
from topology.identity import PERSON, Identity

_EVERYTHING = (
    (ResourceType.TOPIC, "*"),
    (ResourceType.GROUP, "*"),
    (ResourceType.TRANSACTIONAL_ID, "*"),
    (ResourceType.BROKER, CLUSTER_NAME),
)
"""What there are rights on."""


class KafkaLogins:
    """Of persons and apps, and of nobody else: each user's name begins with `person.`. Blocks; one thread.

    All methods are idempotent and raise LogUnavailable, also where rights are
    missing: who has to end something goes on trying.
    """

    def __init__(self, access: KafkaAccess) -> None:
        client = AdminClient({**access.settings(), "client.id": "veil-warden", "log_level": 2})
        self._client = access.login.keep(client)

    def end(self, person: str) -> bool:
        """Whatever this user asks is refused from now on, and no new connection logs in. True: who is made later
        is denied everything, too.
        """
        user = Identity(PERSON, person).name
        _trying(person, lambda: self._deny(user))
        _trying(person, lambda: self._delete(user))
        return True

    def restore(self, person: str, *, ended: bool) -> None:  # noqa: ARG002 - rules that are not there are none to end
        """The rules that deny are gone. A password has to be issued anew, by `veil topology apply`."""
        _trying(person, lambda: self._allow(Identity(PERSON, person).name))

    def _deny(self, user: str) -> None:
        rules = [
            AclBinding(
                kind,
                name,
                ResourcePatternType.LITERAL,
                f"User:{user}",
                "*",
                AclOperation.ALL,
                AclPermissionType.DENY,
            )
            for kind, name in _EVERYTHING
        ]
        for future in self._client.create_acls(rules, request_timeout=TIMEOUT_S).values():
            result(f"deny everything to {user}", future)

    def _allow(self, user: str) -> None:
        anything = cast("str", None)  # the client means "any" by None, its types do not know
        rules = AclBindingFilter(
            ResourceType.ANY,
            anything,
            ResourcePatternType.ANY,
            f"User:{user}",
            anything,
            AclOperation.ANY,
            AclPermissionType.DENY,
        )
        for future in self._client.delete_acls([rules], request_timeout=TIMEOUT_S).values():
            result(f"end what denies {user} everything", future)

    def _delete(self, user: str) -> None:
        deletion = UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512)
        asked = self._client.alter_user_scram_credentials([deletion], request_timeout=TIMEOUT_S)
        answer(f"delete the password of {user}", lambda: _unless_gone(lambda: asked[user].result(2 * TIMEOUT_S)))


def _unless_gone(action: Callable[[], object]) -> None:
    try:
        action()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.RESOURCE_NOT_FOUND:
            raise


def _trying(person: str, action: Callable[[], None]) -> None:
    try:
        action()
    except (AccessDenied, StackError):
        raise LogUnavailable(f"Kafka does not let warden touch {person}; run `veil topology apply`") from None
