"""The edge of `flow.yaml`: what the file may say, checked by pydantic, turned into `Flow`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas import catalog
from topology.flow import (
    Cleanup,
    Content,
    ControlRule,
    DocumentRight,
    Flow,
    Folder,
    Role,
    Scope,
    TopicKind,
    VaultRights,
)
from topology.reading import Entry, Name

KindName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}(\.platform)?$")]
MIN_RETENTION_MS = 60_000
"""A minute: shorter and a reader that restarts loses what it has not read."""


class TopicEntry(Entry):
    scope: Scope = Scope.PROJECT
    holds: Content = Content.METADATA
    opened_by: tuple[Name, ...] = ()
    folder: Name | None = None
    cleanup: Cleanup
    retention_ms: int | None = Field(default=None, ge=MIN_RETENTION_MS, strict=True)
    keeps_all: bool = False
    feedback: bool = False
    by_place: bool = False
    compacted_within_ms: int | None = Field(default=None, ge=MIN_RETENTION_MS, strict=True)

    @model_validator(mode="after")
    def _retention_where_records_expire(self) -> Self:
        if (self.cleanup is Cleanup.DELETE) != (self.retention_ms is not None):
            raise ValueError("a topic with cleanup `delete` has `retention_ms`, a compacted one has none")
        if self.keeps_all and self.cleanup is not Cleanup.COMPACT:
            raise ValueError("`keeps_all` goes with cleanup `compact`: records of other topics expire")
        if self.by_place and self.cleanup is not Cleanup.DELETE:
            raise ValueError("`by_place` goes with cleanup `delete`: compaction would take what a document names")
        if self.compacted_within_ms is not None and (self.cleanup is not Cleanup.COMPACT or self.keeps_all):
            raise ValueError("`compacted_within_ms` goes with cleanup `compact` and without `keeps_all`")
        return self


class FolderEntry(Entry):
    holds: Content = Content.METADATA
    opened_by: tuple[Name, ...] = ()


class VaultEntry(Entry):
    datakey: tuple[Name, ...] = ()
    encrypt: tuple[Name, ...] = ()
    decrypt: tuple[Name, ...] = ()
    hmac: tuple[Name, ...] = ()
    sign: bool = False
    documents: dict[Name, tuple[DocumentRight, ...]] = Field(default_factory=dict)
    own: dict[Name, tuple[DocumentRight, ...]] = Field(default_factory=dict)
    wraps: bool = False
    rewrap: tuple[Name, ...] = ()
    rewrap_hmac: tuple[Name, ...] = ()
    inspect: bool = False
    administer: bool = False


class RoleEntry(Entry):
    does: str
    scope: Scope = Scope.PROJECT
    reads: tuple[KindName, ...] = ()
    writes: tuple[KindName, ...] = ()
    state: Name | None = None
    group: bool = False
    transactions: bool = False
    vault: VaultEntry = VaultEntry()
    signed_in: VaultEntry = VaultEntry()
    sees: tuple[Content, ...] = ()
    releases: tuple[Content, ...] = ()
    brings: tuple[Content, ...] = ()
    served_by: Name | None = None
    provisions: bool = False
    ends_credentials: bool = False
    keeps_secret: bool = False
    starts_processes: bool = False
    backs_up: bool = False
    measures: bool = False
    checks: bool = False


class ControlEntry(Entry):
    one_of_each: tuple[Name, ...] = ()
    one_of_any: tuple[Name, ...] = ()
    or_alone: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if bool(self.one_of_each) == bool(self.one_of_any):
            raise ValueError("give either `one_of_each` or `one_of_any`, a list of roles")
        return self


class FlowDocument(Entry):
    topics: dict[KindName, TopicEntry]
    records: dict[KindName, tuple[str, ...]]
    keys: list[Name]
    hmac: list[Name]
    key_age_ms: int = Field(ge=MIN_RETENTION_MS, strict=True)
    folders: dict[Name, FolderEntry]
    roles: dict[Name, RoleEntry]
    control: dict[Name, ControlEntry]

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name, topic in self.topics.items():
            _known(f"topics.{name}.opened_by", topic.opened_by, self.keys)
            _known(f"topics.{name}.folder", [topic.folder] if topic.folder else [], self.folders)
        _known("records: topics", self.records, self.topics)
        for name, records in self.records.items():
            _known(f"records.{name}", records, catalog.NAMES)
        for name, folder in self.folders.items():
            _known(f"folders.{name}.opened_by", folder.opened_by, self.keys)
        for name, role in self.roles.items():
            self._role_names_exist(f"roles.{name}", role)
        for name, rule in self.control.items():
            _known(f"control.{name}", rule.one_of_each + rule.one_of_any + rule.or_alone, self.roles)
        return self

    def _role_names_exist(self, where: str, role: RoleEntry) -> None:
        state = (role.state,) if role.state else ()
        _known(f"{where}: topics", role.reads + role.writes + state, self.topics)
        for part, rights in (("vault", role.vault), ("signed_in", role.signed_in)):
            keys = rights.datakey + rights.encrypt + rights.decrypt + rights.rewrap
            _known(f"{where}.{part}: keys", keys, self.keys)
            _known(f"{where}.{part}.hmac", rights.hmac + rights.rewrap_hmac, self.hmac)
            _known(f"{where}.{part}.documents", [*rights.documents, *rights.own], self.folders)
        if role.scope is not Scope.PERSON and (role.signed_in != VaultEntry() or role.vault.own):
            raise ValueError(f"{where}: `signed_in` and `own` are of persons, since nobody else signs in")
        _known(f"{where}.served_by", [role.served_by] if role.served_by else [], self.roles)


def _known(where: str, names: Iterable[str], allowed: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(allowed))
    if unknown:
        raise ValueError(f"{where}: unknown: {', '.join(unknown)}; declared are: {', '.join(sorted(allowed))}")


def to_flow(document: FlowDocument) -> Flow:
    """The checked document as values."""
    states = {role.state for role in document.roles.values()}
    return Flow(
        topics={
            name: _topic(name, entry, document.records.get(name, ()), is_state=name in states)
            for name, entry in document.topics.items()
        },
        keys=tuple(document.keys),
        hmac=tuple(document.hmac),
        key_age_ms=document.key_age_ms,
        folders={name: Folder(name, entry.holds, entry.opened_by) for name, entry in document.folders.items()},
        roles={name: _role(name, entry) for name, entry in document.roles.items()},
        control={
            prefix: ControlRule(
                prefix, entry.one_of_each or entry.one_of_any, bool(entry.one_of_each), entry.or_alone
            )
            for prefix, entry in document.control.items()
        },
    )


def _topic(name: str, entry: TopicEntry, records: tuple[str, ...], *, is_state: bool) -> TopicKind:
    has_content = entry.holds is not Content.METADATA
    return TopicKind(
        name=name,
        scope=entry.scope,
        holds=entry.holds,
        opened_by=entry.opened_by,
        folder=entry.folder,
        cleanup=entry.cleanup,
        retention_ms=entry.retention_ms,
        keeps_all=entry.keeps_all,
        feedback=entry.feedback,
        records=records,
        by_place=entry.by_place,
        compacted_within_ms=entry.compacted_within_ms,
        taken_back=entry.cleanup is Cleanup.COMPACT and has_content and not is_state,
    )


def _role(name: str, entry: RoleEntry) -> Role:
    state = (entry.state,) if entry.state else ()
    return Role(
        name=name,
        does=entry.does,
        scope=entry.scope,
        reads=entry.reads + state,
        writes=entry.writes + state,
        state=entry.state,
        group=entry.group,
        transactions=entry.transactions,
        vault=_vault(entry.vault),
        sees=frozenset(entry.sees),
        releases=frozenset(entry.releases),
        brings=frozenset(entry.brings),
        served_by=entry.served_by,
        provisions=entry.provisions,
        ends_credentials=entry.ends_credentials,
        keeps_secret=entry.keeps_secret,
        starts_processes=entry.starts_processes,
        backs_up=entry.backs_up,
        measures=entry.measures,
        checks=entry.checks,
        signed_in=_vault(entry.signed_in),
    )


def _vault(entry: VaultEntry) -> VaultRights:
    return VaultRights(
        datakey=entry.datakey,
        encrypt=entry.encrypt,
        decrypt=entry.decrypt,
        hmac=entry.hmac,
        sign=entry.sign,
        documents=entry.documents,
        own=entry.own,
        wraps=entry.wraps,
        rewrap=entry.rewrap,
        rewrap_hmac=entry.rewrap_hmac,
        inspect=entry.inspect,
        administer=entry.administer,
    )
