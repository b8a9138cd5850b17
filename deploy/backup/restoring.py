"""Restoring a backup: verified, rebuilt, what ended since taken out again, proven. Into a folder of its own."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.acting import act
from deploy.backup import checks, proving
from deploy.backup.age import Opener
from deploy.backup.checks import Check
from deploy.backup.contents import BACKUP
from deploy.backup.entries import Entries
from deploy.backup.folder import verified
from deploy.backup.index import Outcome, outcome
from deploy.backup.manifest import Manifest
from deploy.backup.rebuilding import fill, go_on, rebuilt, require_empty
from deploy.backup.secrets import OldSecrets
from deploy.backup.source import BackupSource, Known, Orders, Source, ended, known, later, orders
from deploy.local.endpoints import Endpoints
from deploy.local.stack import RESTORING_MARK
from deploy.log_name import after_restore
from deploy.progress import Report
from deploy.segment_index import Index
from deploy.surroundings import surroundings
from schemas.audit import Event, EventType
from schemas.errors import ConfigError
from schemas.resources import project_resource
from streams.engine.clock import SystemClock
from streams.engine.kafka_access import KafkaAccess
from streams.engine.segment_topics import KafkaSegmentTopics
from streams.keeper.rewriting import destroy, take_out
from topology.identity import PLATFORM
from topology.pins import Pins
from vault.client import VaultClient
from vault.segments.apart import LAYERS, topic_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to restore, and by what. `pins`: who is trusted to have signed it. `control_from`: a later backup, or
    the root of a stack that runs: what was ordered and destroyed since.
    """

    backup: Path
    opener: Opener
    pins: Pins
    secrets: OldSecrets
    control_from: Path | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """`digest`: of the manifest. `log_name`: of the audit's logs from now on. `records`: written into Kafka.
    `ended`: tasks taken out again. `younger`: tasks that came to the index while the snapshot was taken and are
    not in it.
    """

    manifest: Manifest
    digest: str
    log_name: str
    checks: tuple[Check, ...]
    records: int
    ended: int
    younger: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Every check does."""
        return all(check.holds for check in self.checks)

    @property
    def failed(self) -> int:
        """Checks that don't."""
        return sum(not check.holds for check in self.checks)


def restore(wanted: Wanted, folder: Path, report: Report, *, to_go_on: bool) -> Restored:
    """Restore into `folder`, which is new or empty; the stack there is stopped again at the end.

    Nothing is left there where it fails. `to_go_on`: with what processes need that are to work there. Raises
    ConfigError where the backup is not what is signed, is for somebody else, or was cut; StackError and what the
    parts raise.
    """
    begun = time.monotonic()
    backup = verified(wanted.backup, wanted.pins)
    report("signature and hashes hold")
    source = BackupSource(backup, wanted.opener, wanted.pins)
    with later(wanted.control_from, wanted.opener, wanted.pins, source) as newer:
        require_empty(folder)
        try:
            restored = _restored(wanted, folder, source, newer, report, to_go_on=to_go_on)
        except BaseException:  # Ctrl-C too: half of a stack must not look like one
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return replace(restored, seconds=time.monotonic() - begun)


def _restored(
    wanted: Wanted, folder: Path, source: BackupSource, newer: Source | None, report: Report, *, to_go_on: bool
) -> Restored:
    with rebuilt(folder, source, wanted.secrets, report) as stack:
        restored = _Work(folder, source, newer, stack.endpoints).done(report)
        if to_go_on and restored.holds:
            go_on(folder, stack.endpoints, source, newer or source, proving.places(folder))
            _say(folder, restored)
            (folder / RESTORING_MARK).unlink()
            report("processes can go on where they were")
        return restored


@dataclass(slots=True)
class _Work:
    folder: Path
    source: BackupSource
    newer: Source | None
    endpoints: Endpoints
    younger: int = 0

    def done(self, report: Report) -> Restored:
        mine = orders(self.source)
        theirs = None if self.newer is None else orders(self.newer)
        found, outcomes = list[Check](), dict[str, tuple[Index, Outcome]]()
        found.append(_orders_check(mine, theirs))
        for project in self.source.backup.manifest.projects:
            if project not in self.source.topology.projects:
                raise ConfigError(f"the backup has project {project}, and no file that declares it")
            here = known(self.source, project)
            outcomes[project] = (here.after, self._outcome(project, here, mine, theirs))
            found += self._in_vault(project, outcomes)
        report("what ended was taken out again")
        with closing(self._segment_topics()) as topics:
            found += [self._entries(topics, project, outcomes) for project in outcomes]
        report("entries that lie apart from Vault have their places")
        records = fill(self.endpoints, self.source, self.newer or self.source, outcomes)
        report(f"{records:,} records are on Kafka")
        for project, (_, each) in outcomes.items():
            found += proving.opened(self.folder, project, each)
        found += proving.audits(self.folder, self.source.topology.pins)
        ended_tasks = sum(len(tasks) for _, one in outcomes.values() for tasks in one.taken.values())
        backup = self.source.backup
        named = after_restore(backup.manifest.log_name, SystemClock().now())
        return Restored(
            backup.manifest, backup.digest, named, tuple(found), records, ended_tasks, self.younger, 0.0
        )

    def _outcome(self, project: str, here: Known, mine: Orders, theirs: Orders | None) -> Outcome:
        ends = [ended(here, mine.book, project, later_index=False)]
        if self.newer is not None and theirs is not None:
            ends.append(ended(known(self.newer, project), theirs.book, project, later_index=True))
        return outcome(here.before, here.after, ends)

    def _in_vault(self, project: str, outcomes: dict[str, tuple[Index, Outcome]]) -> Iterator[Check]:
        """Leave out what is too young for the snapshot, take out what ended, and look."""
        index, found = outcomes[project]
        with closing(self._vault(project)) as vault:
            for name in found.over:
                destroy(vault, name)
            for name, tasks in found.taken.items():
                if name not in found.over:
                    take_out(vault, name, tasks)
            found = self._without_younger(vault, found)
            outcomes[project] = (index, found)
            yield from checks.documents(vault, project, found)

    def _segment_topics(self) -> KafkaSegmentTopics:
        place = self.endpoints.kafka
        password = place.admin_password_file.read_text(encoding="utf-8").strip()
        return KafkaSegmentTopics(KafkaAccess(place.bootstrap, place.ca_file, place.admin_user, password))

    def _entries(
        self, topics: KafkaSegmentTopics, project: str, outcomes: dict[str, tuple[Index, Outcome]]
    ) -> Check:
        """Entries that lie apart from Vault get new places. Segments whose entries had expired are over."""
        index, found = outcomes[project]
        messages = {layer: self.source.messages(topic_of(layer, project)) for layer in LAYERS}
        with closing(self._vault(project)) as vault:
            entries = Entries(vault, topics, project, self.source.backup.manifest.offsets)
            check = entries.restored(found.kept, messages)
            for name in entries.over:
                destroy(vault, name)
        kept = {name: one for name, one in found.kept.items() if name not in entries.over}
        outcomes[project] = (index, replace(found, kept=kept))
        return check

    def _vault(self, project: str) -> VaultClient:
        place = self.endpoints.vault
        token = place.token_file.read_text(encoding="utf-8").strip()
        return VaultClient.from_token(place.url, place.ca_file, token, project)

    def _without_younger(self, vault: VaultClient, found: Outcome) -> Outcome:
        young = {name: one for name, one in found.kept.items() if name not in found.required}
        gone = {
            name
            for name, one in young.items()
            if not checks.whole(vault, name, {it.task_id for it in one.entries})
        }
        self.younger += sum(len(young[name].entries) for name in gone)
        return replace(found, kept={name: one for name, one in found.kept.items() if name not in gone})


def _orders_check(mine: Orders, theirs: Orders | None) -> Check:
    found = f"{mine.records:,} records" + ("" if theirs is None else f", {theirs.records:,} of later")
    return Check("control", found)


def _say(folder: Path, restored: Restored) -> None:
    details = {"manifest": restored.digest, "records": str(restored.records), "ended": str(restored.ended)}
    around = surroundings(folder, BACKUP, PLATFORM)
    with closing(around):
        act(around, [], [Event(EventType.BACKUP_RESTORED, project_resource(PLATFORM), details=details)])
