"""Ports of the local stack: chosen free at the first start, the same ever after.

Clients keep addresses (Kafka's own metadata too), so a restart must come up where it was.
"""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from schemas.errors import StackError
from schemas.files import write_atomically

# Below Linux's range of outgoing ports (32768-60999), so that no client's connection sits on one of ours later.
LOWEST, HIGHEST = 20_000, 32_000


@dataclass(frozen=True, slots=True)
class Ports:
    kafka: int
    kafka_internal: int
    kafka_controller: int
    vault: int
    vault_cluster: int
    registry: int


# Which of them a part listens on; what is configured elsewhere needs none.
OF_PART: Mapping[str, tuple[str, ...]] = {
    "kafka": ("kafka", "kafka_internal", "kafka_controller"),
    "vault": ("vault", "vault_cluster"),
    "registry": ("registry",),
}


def choose(candidates: Iterable[int], is_free: Callable[[int], bool]) -> Ports:
    """The first distinct free candidates. Raises StackError when there are too few."""
    wanted = len(fields(Ports))
    found: list[int] = []
    for port in candidates:
        if port not in found and is_free(port):
            found.append(port)
        if len(found) == wanted:
            return Ports(*found)
    raise StackError(f"No {wanted} free ports between {LOWEST} and {HIGHEST} on 127.0.0.1; close some programs.")


def is_free(port: int) -> bool:
    """Whether we could listen on 127.0.0.1:`port` now; what merely lingers in TIME_WAIT counts as free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def keep(path: Path, rng: random.Random) -> Ports:
    """Ports of the stack whose state file is `path`; chosen and written down if this is its first start."""
    try:
        return Ports(**json.loads(path.read_text()))
    except FileNotFoundError:
        ports = choose(rng.sample(range(LOWEST, HIGHEST), k=1000), is_free)
        write_atomically(path, json.dumps(asdict(ports)))
        return ports
    except (ValueError, TypeError) as error:
        raise StackError(f"{path} is damaged; remove it to have new ports chosen.") from error


def require_free(ports: Ports, part: str) -> None:
    """Raise StackError when somebody else listens on a port that `part` has used since its first start."""
    for name in OF_PART[part]:
        port: int = getattr(ports, name)
        if not is_free(port):
            raise StackError(
                f"Port {port} on 127.0.0.1, kept for {part} since its first start, is taken by another program; "
                "stop that program and start again."
            )
