"""A publisher of a project, under the identity of its producers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from deploy.surroundings import surroundings
from schemas.errors import VeilError
from streams.publish.connection import KafkaProducer, connect, settings
from streams.publish.publisher import Publisher
from topology.identity import Identity
from vault import keyed_hash
from vault.data_keys import DataKeys
from vault.keyed_hash import Purpose


@contextmanager
def publishing(root: Path, project: str) -> Iterator[Publisher]:
    """Publish as `producer.<project>`, under a name used once. Raises ConfigError, and what Vault raises."""
    identity = Identity("producer", project)
    around = surroundings(root, identity, project)
    try:
        record_hash = keyed_hash.load(around.vault, project, Purpose.RECORD)
        heard: list[Publisher] = []

        def on_error(failure: VeilError) -> None:
            for publisher in heard:
                publisher.failed(failure)

        access = around.access
        assert access.ca is not None
        producer = connect(settings(access.bootstrap, access.ca, access.user, access.password), on_error)
        name = f"{identity.slots}{secrets.token_hex(4)}"
        client = cast("KafkaProducer", producer)  # its headers may also hold text and None; `list` is invariant
        publisher = Publisher(project, name, client, DataKeys(around.vault), record_hash, around.registry)
        heard.append(publisher)
        yield publisher
    finally:
        around.close()
