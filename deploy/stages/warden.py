"""Warden: what `control` says of revoked people, done to their logins in Vault and in Kafka."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.current_project import LastKnown, project_file
from deploy.provision.kafka_logins import KafkaLogins
from deploy.provision.parts import pins_path
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.engine.log import Ownership
from streams.watch.warden.processor import OBEYS, Seams, WardenProcessor
from topology.flow import Flow
from topology.pins import load_pins
from vault.entities import VaultLogins


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The warden of an installation."""
    people = _People(around)
    seams = Seams(
        {name: around.book.revocations(name) for name in around.topology.projects},
        people.named,
        (_InVault(VaultLogins(around.vault.session), people), KafkaLogins(around.access)),
    )
    processor = WardenProcessor(around.codec, seams)
    return StageParts(processor, (), Ownership.WHOLE, obeys_everywhere=OBEYS)


class _People:
    """Whom the projects name, as their files stand now."""

    def __init__(self, around: Surroundings) -> None:
        self._flow: Flow = around.topology.flow
        self._pins = pins_path(around.root)
        self._projects = [
            LastKnown(declared, project_file(around.root, declared, around.clock))
            for declared in around.topology.projects.values()
        ]

    def named(self) -> frozenset[str]:
        """Their persons and apps."""
        return frozenset(who for one in self._projects for who in one().persons.everybody)

    def logs_in(self, who: str) -> bool:
        """Whether somebody has an AppRole, by what they do in any project."""
        duties = {duty for one in self._projects for duty in one().persons.duties(who)}
        return any(self._flow.roles[duty].vault.sign for duty in duties)

    def has_none_yet(self, who: str) -> bool:
        """Whether somebody who is to have an AppRole was never provisioned: then no key of theirs is pinned."""
        return self.logs_in(who) and load_pins(self._pins).of(who) is None


@dataclass(frozen=True, slots=True)
class _InVault:
    """`streams.watch.warden.processor.Logins`."""

    vault: VaultLogins
    people: _People

    def end(self, name: str) -> bool:
        return not self.people.has_none_yet(name) and self.vault.end(name, logs_in=self.people.logs_in(name))

    def restore(self, name: str, *, ended: bool) -> None:
        if ended or not self.people.has_none_yet(name):
            self.vault.restore(name, logs_in=self.people.logs_in(name), ended=ended)
