"""The topology, said in the words of each part: what Kafka and Vault should hold. Pure."""

from __future__ import annotations

from deploy.kubernetes.placing import pod_accounts
from deploy.provision.difference import KafkaState
from topology.access import entities, hmac_keys, transit_keys, vault_policies
from topology.acls import acls
from topology.loading import Topology
from topology.rights import handed, identities
from topology.topics import Environment, topics
from vault.provision import HmacKey, TransitKey, VaultPlan


def desired_kafka(topology: Topology, environment: Environment) -> KafkaState:
    """Kafka as declared."""
    return KafkaState(
        topics={spec.name: spec for spec in topics(topology, environment)},
        acls=frozenset(acls(topology)),
        users=frozenset(identity.name for identity in identities(topology)),
    )


def desired_vault(topology: Topology, audience: str | None = None) -> VaultPlan:
    """Vault as declared. `audience`: for whom pods' tokens are made, where pods may log in."""
    return VaultPlan(
        keys=tuple(
            TransitKey(key.name, "ed25519" if key.signs else "aes256-gcm96", derived=not key.signs)
            for key in transit_keys(topology)
        ),
        projects=tuple(sorted(topology.projects)),
        policies=vault_policies(topology),
        hmac=tuple(HmacKey(key.project, key.purpose) for key in hmac_keys(topology)),
        entities=entities(topology),
        handed=handed(topology),
        pods=pod_accounts(topology, audience) if audience else {},
    )
