"""Rules in Kafka's words and in ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from confluent_kafka.admin import (  # type: ignore[attr-defined] # re-exported, says its documentation
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from topology.acls import Acl, Operation, Resource

ANYWHERE = "*"
"""The host from which ours hold."""


def binding(acl: Acl) -> AclBinding:
    """As Kafka is told one of ours."""
    return AclBinding(
        ResourceType[acl.resource.value],
        acl.name,
        ResourcePatternType.PREFIXED if acl.prefixed else ResourcePatternType.LITERAL,
        acl.principal,
        ANYWHERE,
        AclOperation[acl.operation.value],
        AclPermissionType.ALLOW,
    )


def rules(found: Iterable[AclBinding]) -> tuple[frozenset[Acl], frozenset[str]]:
    """All that allow something: those of a form that we make, and in words those of any other (all operations,
    deleting, from one host alone). Those that deny are not among them: by them warden ends logins.
    """
    allowing = [it for it in found if it.permission_type is AclPermissionType.ALLOW]
    read = [(it, _ours(it)) for it in allowing]
    ours = frozenset(acl for _, acl in read if acl is not None)
    return ours, frozenset(_said(it) for it, acl in read if acl is None)


def _ours(found: AclBinding) -> Acl | None:
    try:
        resource = Resource(cast("ResourceType", found.restype).name)
        operation = Operation(cast("AclOperation", found.operation).name)
    except ValueError:
        return None
    if found.host != ANYWHERE:
        return None
    return Acl(found.principal, resource, found.name, _is_prefixed(found), operation)


def _is_prefixed(found: AclBinding) -> bool:
    return found.resource_pattern_type is ResourcePatternType.PREFIXED


def _said(found: AclBinding) -> str:
    """As `Acl` prints itself."""
    what, on = cast("AclOperation", found.operation).name, cast("ResourceType", found.restype).name.lower()
    star, host = "*" if _is_prefixed(found) else "", "" if found.host == ANYWHERE else f" from {found.host}"
    return f"{found.principal}: {what} on {on} {found.name}{star}{host}"
