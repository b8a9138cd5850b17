"""Kafka's side of `veil topology apply`: reads the cluster's topics, ACLs and users, and adds to them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import TypeVar, cast

from confluent_kafka.admin import (  # type: ignore[attr-defined] # re-exported, says its documentation
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from deploy.provision.difference import KafkaDifference, KafkaState
from deploy.provision.kafka_answers import TIMEOUT_S, answer, denied, result
from deploy.provision.kafka_extents import extents
from deploy.provision.kafka_login import await_login
from deploy.provision.kafka_rules import binding, rules
from schemas.errors import LogUnavailable
from topology.acls import Acl
from topology.retained import Extent
from topology.topics import TopicSpec

SCRAM_ITERATIONS = 4096
"""Kafka's minimum for SCRAM. Enough: our passwords are 256 random bits, which no dictionary holds."""
AT_ONCE = 100
"""Asked for in one request. The client hashes each password before it sends them, within the request's time: 700
users, those of 26 projects, took 4.7 s on a machine that had nothing else to do, and on a busy one more than 15 s.
"""
OBEYS_WITHIN_S = 60.0
"""A moment on an idle machine; a busy one that had thousands of rules was seen to need more than 15 s."""
LOOK_INTERVAL_S = 0.05


T = TypeVar("T")


class KafkaAdmin:
    """An admin connection; `settings` are librdkafka's.

    All methods raise LogUnavailable, AccessDenied, StackError.
    """

    def __init__(self, settings: Mapping[str, str | int]) -> None:
        self.user = str(settings.get("sasl.username", ""))
        self._settings = settings
        self._client = AdminClient({**settings, "client.id": "veil-provision", "log_level": 2})

    def extents(self, found: Mapping[str, TopicSpec]) -> dict[str, dict[int, Extent]]:
        """Where the partitions of these topics begin and end, and of which time their first record is."""
        return extents(self._client, found)

    def state(self, described: Collection[str]) -> KafkaState:
        """The cluster as it is; `described` as in `topics`."""
        self._require_rights()
        acls, others = self._rules()
        return KafkaState(self.topics(described), acls, self._users(), others)

    def apply(self, difference: KafkaDifference, passwords: Mapping[str, str]) -> None:
        """Add what is missing: topics, settings, rules, then users with these passwords. Returns when the broker
        that was asked obeys it all.
        """
        self._create_topics(difference.topics)
        self._alter_configs(difference.configs or {})
        self._add_acls(difference.acls)
        self._add_users({name: passwords[name] for name in difference.users})
        self._await(difference, passwords)

    def _await(self, difference: KafkaDifference, passwords: Mapping[str, str]) -> None:
        """The controller answers once it has written rules and users down. Brokers take them from its log a moment
        later, and refuse whoever comes before: a stage would end over it.
        """
        limit = time.monotonic() + OBEYS_WITHIN_S
        wanted = frozenset(difference.acls)
        while wanted and not wanted <= self._rules()[0]:
            if time.monotonic() > limit:
                raise LogUnavailable(f"Kafka's broker did not obey new ACLs in {OBEYS_WITHIN_S:.0f} s")
            time.sleep(LOOK_INTERVAL_S)
        newest = max(difference.users, default=None)  # written in this order: who knows the last one knows all
        if newest is not None:
            await_login(self._settings, newest, passwords[newest], limit)

    def _require_rights(self) -> None:
        """Whether it may list rules and users. Where it may not, librdkafka 2.16 finds no rules, and for users it
        frees memory that is not its own, which ends the process.
        """
        asked = self._client.describe_cluster(include_authorized_operations=True, request_timeout=TIMEOUT_S)
        if AclOperation.DESCRIBE not in (result("describe the cluster", asked).authorized_operations or ()):
            raise denied("list the users")

    def topics(self, described: Collection[str]) -> dict[str, TopicSpec]:
        """Every topic that it may see; those `described` with all settings as the broker has them, the others with
        none: there are forty of each, and a cluster has topics of other projects and of others.
        """
        metadata = answer("list the topics", lambda: self._client.list_topics(timeout=TIMEOUT_S))
        found = {name: topic for name, topic in metadata.topics.items() if topic.error is None}
        configs = self._configs(name for name in found if name in described)
        return {
            name: TopicSpec(
                name=name,
                partitions=len(topic.partitions),
                replication=max((len(part.replicas) for part in topic.partitions.values()), default=0),
                config=configs.get(name, {}),
            )
            for name, topic in found.items()
        }

    def _configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        return {
            resource.name: {name: str(entry.value) for name, entry in result("describe a topic", future).items()}
            for some in _parts(resources)
            for resource, future in self._client.describe_configs(some, request_timeout=TIMEOUT_S).items()
        }

    def _rules(self) -> tuple[frozenset[Acl], frozenset[str]]:
        """As `rules`."""
        anything = cast("str", None)  # the client means "any" by None, its types do not know
        everything = AclBindingFilter(
            ResourceType.ANY,
            anything,
            ResourcePatternType.ANY,
            anything,
            anything,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        return rules(result("list the ACLs", self._client.describe_acls(everything, request_timeout=TIMEOUT_S)))

    def _users(self) -> frozenset[str]:
        answer = self._client.describe_user_scram_credentials(None, request_timeout=TIMEOUT_S)
        users = result("list the users", cast("Future[dict[str, object]]", answer))
        return frozenset(users)

    def _create_topics(self, specs: Iterable[TopicSpec]) -> None:
        new = [NewTopic(spec.name, spec.partitions, spec.replication, config=dict(spec.config)) for spec in specs]
        for some in _parts(new):
            # operation_timeout: answered only when every partition has a leader, so that the next step can use it.
            answers = self._client.create_topics(some, operation_timeout=TIMEOUT_S, request_timeout=TIMEOUT_S)
            for name, future in answers.items():
                result(f"create topic {name}", future)

    def _alter_configs(self, configs: Mapping[str, Mapping[str, str]]) -> None:
        resources = [
            ConfigResource(
                ResourceType.TOPIC,
                topic,
                incremental_configs=[
                    ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                    for name, value in settings.items()
                ],
            )
            for topic, settings in configs.items()
        ]
        for some in _parts(resources):
            answers = self._client.incremental_alter_configs(some, request_timeout=TIMEOUT_S)
            for resource, future in answers.items():
                result(f"configure topic {resource.name}", future)

    def _add_users(self, passwords: Mapping[str, str]) -> None:
        mechanism = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
        upserts: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(name, mechanism, password.encode())
            for name, password in sorted(passwords.items())
        ]
        for some in _parts(upserts):
            answers = self._client.alter_user_scram_credentials(some, request_timeout=TIMEOUT_S)
            for name, future in answers.items():
                result(f"create user {name}", future)

    def _add_acls(self, acls: Iterable[Acl]) -> None:
        bindings = [binding(acl) for acl in acls]
        for some in _parts(bindings):
            for future in self._client.create_acls(some, request_timeout=TIMEOUT_S).values():
                result("create an ACL", future)


def _parts(all_of_them: Sequence[T]) -> Iterator[list[T]]:
    for first in range(0, len(all_of_them), AT_ONCE):
        yield list(all_of_them[first : first + AT_ONCE])
