"""Checks on the flow: no path raises what a role may see, and data only flows forward.

What a role *can* see follows from its rights: a topic shows what it `holds` to a reader who can decrypt with
all its `opened_by` keys and read the folder its keys lie in; a folder likewise. That must be exactly what the
role declares. What it then writes must not show others more: a role that sees raw content may write less
sensitive topics only where it `releases` that content, which is a promise its tests have to keep.
"""

from __future__ import annotations

from collections.abc import Iterator

from topology.flow import Content, DocumentRight, Flow, Folder, Role, Scope, TopicKind, VaultRights

_WITHIN = {
    Content.METADATA: {Content.METADATA},
    Content.GEOMETRY: {Content.METADATA, Content.GEOMETRY},
    Content.SANITIZED: {Content.METADATA, Content.SANITIZED},
    Content.RAW: set(Content),
}
"""What may be written to a place that holds a content, without releasing anything."""


def can_see(flow: Flow, role: Role) -> frozenset[Content]:
    """What the rights of a role let it see, besides metadata."""
    if role.served_by is not None:
        return can_see(flow, flow.roles[role.served_by])
    seen = set(role.brings)
    seen.update(kind.holds for kind in map(flow.topics.__getitem__, role.reads) if _opens(role, kind))
    for name, rights in _documents(role):
        folder = flow.folders[name]
        if DocumentRight.READ in rights and _holds_keys(role, folder):
            seen.add(folder.holds)
    return frozenset(seen - {Content.METADATA})


def _opens(role: Role, kind: TopicKind) -> bool:
    readable = kind.folder is None or any(
        name == kind.folder and DocumentRight.READ in rights for name, rights in _documents(role)
    )
    return readable and _holds_keys(role, kind)


def _holds_keys(role: Role, place: TopicKind | Folder) -> bool:
    return set(place.opened_by) <= {*role.vault.decrypt, *role.signed_in.decrypt}


def _documents(role: Role) -> Iterator[tuple[str, tuple[DocumentRight, ...]]]:
    """All rights on folders, whenever they are held."""
    for rights in (role.vault, role.signed_in):
        yield from rights.documents.items()
        yield from rights.own.items()


def visibility_faults(flow: Flow) -> list[str]:
    """What is wrong with the flow, a sentence each; empty when nothing is."""
    return [fault for role in flow.roles.values() for fault in _role_faults(flow, role)]


def _role_faults(flow: Flow, role: Role) -> Iterator[str]:
    declared, real = role.sees - {Content.METADATA}, can_see(flow, role)
    if declared != real:
        yield f"roles.{role.name}.sees: declares [{_names(declared)}], its rights show it [{_names(real)}]"
    yield from _leaks(flow, role, real)
    yield from _backward(flow, role)
    yield from _administers_apart(role)
    if role.scope is Scope.PLATFORM and real:
        yield f"roles.{role.name}: serves all projects, so it may see no content"
    if role.served_by is not None and (role.reads or role.writes or _has_vault_rights(role)):
        yield f"roles.{role.name}: is served by {role.served_by} and has no rights of its own but to sign"
    if role.served_by is not None and not real <= {Content.SANITIZED}:
        yield f"roles.{role.name}: would be shown [{_names(real)}] by {role.served_by}"


def _leaks(flow: Flow, role: Role, seen: frozenset[Content]) -> Iterator[str]:
    places = {f"topic {name}": flow.topics[name].holds for name in role.writes}
    for name, rights in _documents(role):
        if DocumentRight.CREATE in rights:
            places[f"folder {name}"] = flow.folders[name].holds
    for place, holds in places.items():
        if holds not in role.releases and not seen <= _WITHIN[holds]:
            more = seen - _WITHIN[holds]
            yield f"roles.{role.name}: sees [{_names(more)}] and writes {place}, which holds only {holds.value}"


def _backward(flow: Flow, role: Role) -> Iterator[str]:
    order = {name: place for place, name in enumerate(flow.topics)}
    forward = [name for name in role.reads if not flow.topics[name].feedback and name != role.state]
    for written in role.writes:
        if flow.topics[written].feedback or written == role.state:
            continue
        late = [name for name in forward if order[name] >= order[written] and name != written]
        # The audit stands last: whoever reads it (compliance, persons) writes nothing before it but feedback.
        yield from (f"roles.{role.name}: reads {name} and writes {written}, which is earlier" for name in late)


def _administers_apart(role: Role) -> Iterator[str]:
    """Who ends versions of keys uses none, and who wraps them anew opens none."""
    held = (role.vault, role.signed_in)
    opens = any(it.decrypt or it.hmac for it in held)
    uses = any(it.datakey or it.encrypt or it.documents or it.own or it.rewrap or it.rewrap_hmac for it in held)
    if any(it.administer for it in held) and (opens or uses):
        yield f"roles.{role.name}: administers keys, so it may use none and touch no document"
    if any(it.rewrap or it.rewrap_hmac for it in held) and opens:
        yield f"roles.{role.name}: wraps keys anew, so it may decrypt by none"


def _has_vault_rights(role: Role) -> bool:
    vault = role.vault
    used = vault.datakey or vault.encrypt or vault.decrypt or vault.hmac or vault.documents or vault.wraps
    keys = vault.rewrap or vault.rewrap_hmac or vault.inspect or vault.administer
    return bool(used or keys or role.signed_in != VaultRights())


def _names(contents: frozenset[Content] | set[Content]) -> str:
    return ", ".join(sorted(content.value for content in contents))
