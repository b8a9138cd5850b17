"""What differs between Kafka as it is and as declared. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.errors import ConfigError
from topology.acls import Acl
from topology.topics import TopicSpec
from vault.provision import Change


@dataclass(frozen=True, slots=True)
class KafkaState:
    """The topics, rules and users of a cluster: as found, or as wanted. `others`: in words, rules that allow
    something and that we never make.
    """

    topics: Mapping[str, TopicSpec]
    acls: frozenset[Acl]
    users: frozenset[str]
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class KafkaDifference:
    """What to do. `configs` holds, by topic, only the settings to change. Nothing is ever removed."""

    topics: tuple[TopicSpec, ...] = ()
    configs: Mapping[str, Mapping[str, str]] | None = None
    users: tuple[str, ...] = ()
    acls: tuple[Acl, ...] = ()
    undeclared: tuple[str, ...] = ()

    def changes(self) -> tuple[Change, ...]:
        """The same, for people."""
        found = [Change("topic", "create", spec.name, f"{spec.partitions} partitions") for spec in self.topics]
        for name, settings in (self.configs or {}).items():
            listed = ", ".join(f"{setting}={value}" for setting, value in sorted(settings.items()))
            found.append(Change("topic", "update", name, listed))
        found += [Change("kafka user", "create", name) for name in self.users]
        found += [Change("acl", "create", str(acl)) for acl in self.acls]
        return tuple(found)


def plan(current: KafkaState, desired: KafkaState) -> KafkaDifference:
    """From `current` to `desired`. Raises ConfigError where partitions differ, which nothing can repair in place.

    More partitions would send the same key elsewhere, and a task's labels would no longer meet.
    """
    for name, spec in desired.topics.items():
        found = current.topics.get(name)
        if found is not None and found.partitions != spec.partitions:
            raise ConfigError(
                f"topic {name} has {found.partitions} partitions, the topology says {spec.partitions}; "
                "they can't be changed once there are records. Set the project's `partitions` back"
            )
    return KafkaDifference(
        topics=tuple(spec for name, spec in sorted(desired.topics.items()) if name not in current.topics),
        configs=dict(_configs(current, desired)),
        users=tuple(sorted(desired.users - current.users)),
        acls=tuple(sorted(desired.acls - current.acls)),
        undeclared=tuple(_undeclared(current, desired)),
    )


def _configs(current: KafkaState, desired: KafkaState) -> Iterator[tuple[str, dict[str, str]]]:
    for name, spec in sorted(desired.topics.items()):
        if name not in current.topics:
            continue
        found = current.topics[name].config
        settings = {setting: value for setting, value in spec.config.items() if found.get(setting) != value}
        if settings:
            yield name, settings


def _undeclared(current: KafkaState, desired: KafkaState) -> Iterator[str]:
    """What is there and not declared, for someone to look at. Kafka's own topics begin with `_`."""
    yield from (
        f"topic {name}"
        for name in sorted(current.topics.keys() - desired.topics.keys())
        if not name.startswith("_")
    )
    yield from (f"acl {acl}" for acl in sorted({*map(str, current.acls - desired.acls), *current.others}))
    yield from (f"kafka user {name}" for name in sorted(current.users - desired.users))
