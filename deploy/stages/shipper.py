"""Shipper: the logs of Vault and of Kafka in, what they say out."""

from __future__ import annotations

from deploy.following import FollowedLog
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from schemas.errors import ConfigError
from streams.audit.shipping import KAFKA, VAULT, ShipProcessor
from streams.engine.log import Ownership

POLL_S = 0.25
"""Between two looks at the files. A piece (4 MiB) each, that is 16 MiB/s: Vault writes 3 at its busiest."""


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The shipper of an installation. Raises ConfigError where Vault's log is out of reach."""
    vault, kafka = around.endpoints.vault.followed_log, around.endpoints.kafka.denied_log
    if vault is None:
        raise ConfigError(
            "somebody else runs this Vault, and VEIL_VAULT_AUDIT_LOG does not say where its audit log is; "
            "nothing can be shipped"
        )
    files = {name: FollowedLog(name, path) for name, path in ((VAULT, vault), (KAFKA, kafka)) if path is not None}
    return StageParts(ShipProcessor(around.codec, files), (), Ownership.WHOLE, poll_s=POLL_S)
