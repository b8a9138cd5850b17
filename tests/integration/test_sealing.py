"""The sealer on the real broker, registry and vault: what it publishes is checked from topics and pins alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import pytest

from deploy.compliance import COMPLIANCE
from deploy.local.endpoints import load_endpoints
from deploy.provision.credentials import CredentialFiles
from deploy.stages.seal import inputs, log_name
from deploy.stages.stage import assemble
from deploy.surroundings import surroundings
from schemas.errors import ConfigError, Fenced
from streams.audit import checkpoint, note
from streams.audit.entries import entry_of
from streams.audit.note import Verifier
from streams.audit.prefixes import Prefixes
from streams.audit.tree import Frontier, leaf_hash
from streams.engine.kafka import KafkaAccess, KafkaLog
from tests.support.pipeline import Pipeline, Stage
from tests.support.waiting import wait_for
from topology.identity import PLATFORM, Identity

pytestmark = pytest.mark.stack
SEAL = Identity("seal", PLATFORM)


@dataclass
class Sealing:
    """Sealers in threads, and what anyone who may read the audit finds."""

    pipeline: Pipeline

    def start(self, name: str | None = None) -> Stage:
        around = surroundings(self.pipeline.root, SEAL, PLATFORM, self.pipeline.topology)
        if name is not None:
            around = replace(around, endpoints=replace(around.endpoints, log_name=name))
        self.name = log_name(around)
        return Stage(around, assemble(around, 0, 0), 0)

    def leaves(self) -> dict[str, list[bytes]]:
        """The leaf hashes of each log, from the topics."""
        found, prefixes = defaultdict(list), Prefixes(self.pipeline.registry)
        for topic in inputs(self.pipeline.topology):
            for message in self.pipeline.log.read(topic):
                entry = entry_of(message.value, prefixes.of([message.value]))
                found[f"{self.name}/{topic}/{message.partition}"].append(leaf_hash(entry.data))
        return found

    def checkpoints(self) -> dict[str, list[checkpoint.Checkpoint]]:
        """All that were published, as compliance reads them, each under the sealer's pinned key."""
        log = as_compliance(self.pipeline)
        key = self.pipeline.topology.pins.of(SEAL.signer)
        found = defaultdict(list)
        for message in log.read("checkpoints"):
            said, signed = checkpoint.parse(message.value)
            note.check(signed, Verifier(said.origin, key))
            assert (message.key or b"").decode() == said.origin
            found[said.origin].append(said)
        return found

    def sealed(self) -> dict[str, list[bytes]] | None:
        """The leaves, once each log's last checkpoint covers as many as there are."""
        leaves, published = self.leaves(), self.checkpoints()
        done = all(name in published and published[name][-1].size >= len(found) for name, found in leaves.items())
        return leaves if done else None

    def check(self) -> None:
        """Wait until all is sealed; sizes rise, and every root is that of the records before it."""
        wait_for(self.sealed, "all is sealed")
        leaves = self.leaves()
        for name, published in self.checkpoints().items():
            sizes = [one.size for one in published]
            assert sizes == sorted(set(sizes)), name
            for one in published:
                assert one.root == Frontier().append(leaves[name][: one.size]).root(), (name, one.size)


def as_compliance(pipeline: Pipeline) -> KafkaLog:
    kafka = load_endpoints(pipeline.root / "run" / "endpoints.json").kafka
    mine = CredentialFiles(pipeline.root).load(COMPLIANCE)
    return KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password))


@pytest.fixture(scope="module")
def sealing(pipeline_of):
    return Sealing(pipeline_of("spine"))


def test_whole_audit_is_sealed_under_checkpoints_that_the_pinned_key_bears_out(sealing):
    pipeline = sealing.pipeline
    stage = sealing.start()
    pipeline.start("decide", "keeper")  # their starts are events
    pipeline.write(f"audit.{pipeline.project}", b"x", b"no event")
    sealing.check()
    pipeline.stop()
    stage.stop()
    assert len(sealing.leaves()) > 1


def test_sealer_goes_on_where_it_was_and_seals_its_own_end(sealing):
    before = {name: found[-1].size for name, found in sealing.checkpoints().items()}
    stage = sealing.start()
    sealing.check()
    stage.stop()
    after = {name: found[-1].size for name, found in sealing.checkpoints().items()}
    own = f"{sealing.name}/audit.platform/0"
    assert after[own] >= before[own] + 2  # the stop before, and this start
    assert all(after[name] >= size for name, size in before.items())


def test_sealer_that_was_replaced_is_fenced(sealing):
    zombie = sealing.start()
    wait_for(lambda: zombie.running.health.read()[0].value == "working", "the first works")
    stage = sealing.start()
    sealing.pipeline.write(f"audit.{sealing.pipeline.project}", b"x", b"for both")
    wait_for(lambda: not zombie.thread.is_alive(), "the first ends")
    assert isinstance(zombie.error, Fenced)
    zombie.stop()
    sealing.check()
    stage.stop()


def test_sealer_under_another_name_refuses_to_run(sealing):
    name = sealing.name
    stage = sealing.start("another")
    wait_for(lambda: not stage.thread.is_alive(), "it ends")
    sealing.name = name
    with pytest.raises(ConfigError, match="VEIL_LOG_NAME"):
        stage.stop()
