"""What the sealer has published, checked from the topics and the pinned key alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from deploy.compliance import COMPLIANCE
from deploy.local.endpoints import load_endpoints
from deploy.provision.credentials import CredentialFiles
from deploy.sealed import SEALER
from deploy.stages.seal import inputs
from streams.audit import checkpoint, note
from streams.audit.checkpoint import Checkpoint
from streams.audit.entries import entry_of
from streams.audit.note import Verifier
from streams.audit.prefixes import Prefixes
from streams.audit.tree import Frontier, leaf_hash
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for


@dataclass
class SealedLogs:
    """The logs of an installation, named `name`."""

    pipeline: Pipeline
    name: str

    def leaves(self) -> dict[str, list[bytes]]:
        """The leaf hashes of each log, by its origin, from the topics."""
        found, prefixes = defaultdict(list), Prefixes(self.pipeline.registry)
        for topic in inputs(self.pipeline.topology):
            for message in self.pipeline.log.read(topic):
                entry = entry_of(message.value, prefixes.of([message.value]))
                found[f"{self.name}/{topic}/{message.partition}"].append(leaf_hash(entry.data))
        return found

    def checkpoints(self) -> dict[str, list[Checkpoint]]:
        """All that were published, as compliance reads them, each under the sealer's pinned key."""
        key = self.pipeline.topology.pins.of(SEALER.signer)
        assert key is not None
        found = defaultdict(list)
        for message in as_compliance(self.pipeline).read("checkpoints"):
            said, signed = checkpoint.parse(message.value or b"")
            note.check(signed, Verifier(said.origin, key))
            assert (message.key or b"").decode() == said.origin
            found[said.origin].append(said)
        return found

    def sealed(self) -> bool:
        """Whether each log's last checkpoint covers as much as there is."""
        leaves, published = self.leaves(), self.checkpoints()
        return all(name in published and published[name][-1].size >= len(found) for name, found in leaves.items())

    def check(self) -> dict[str, list[Checkpoint]]:
        """Wait until all is sealed; sizes rise, and every root is that of the records before it."""
        wait_for(self.sealed, "all is sealed")
        published = self.checkpoints()  # first: records may still come, and the topics then hold more, never less
        leaves = self.leaves()
        ours = [name for topic in inputs(self.pipeline.topology) for name in published if f"/{topic}/" in name]
        for name, chain in ((name, published[name]) for name in ours):  # not of projects that other tests declare
            sizes = [one.size for one in chain]
            assert sizes == sorted(set(sizes)), name
            tree, at = Frontier(), 0
            for one in chain:
                tree, at = tree.append(leaves[name][at : one.size]), one.size
                assert tree.size == one.size, (name, "covers records that are not on the topic")
                assert tree.root() == one.root, (name, one.size)
        return published


def as_compliance(pipeline: Pipeline) -> KafkaLog:
    kafka = load_endpoints(pipeline.root / "run" / "endpoints.json").kafka
    mine = CredentialFiles(pipeline.root).load(COMPLIANCE)
    return KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password))
