"""Where each of our processes is reached: ports chosen once, kept in `<root>/run/addresses.json`."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from deploy.local.ports import HIGHEST, LOWEST
from schemas.errors import StackError
from schemas.files import write_atomically
from topology.identity import PLATFORM, Identity

FILE = "addresses.json"
TARGETS = "targets.json"
"""The same for Prometheus (`file_sd_configs`)."""
LABEL, CONSOLE = "label", "console"
SERVING = (LABEL, CONSOLE)
"""Roles that people's browsers and programs connect to."""
LOOPBACK = "http://127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    """One process. `api_port`: of label's or the console's page, `api_base`: its scheme and host; others serve
    nobody. `shared_port`: on which all processes of a project's label listen together, where others stand by for
    one.
    """

    process: str
    role: str
    project: str
    number: int
    health_port: int
    api_port: int | None = None
    api_base: str = LOOPBACK
    shared_port: int | None = None

    @property
    def health_url(self) -> str:
        """200 while it works, 503 with a reason else."""
        return f"http://127.0.0.1:{self.health_port}/healthz"

    @property
    def metrics_url(self) -> str:
        """For Prometheus."""
        return f"http://127.0.0.1:{self.health_port}/metrics"

    @property
    def api_url(self) -> str | None:
        """Where annotators' browsers and programs connect."""
        return None if self.api_port is None else f"{self.api_base}:{self.shared_port or self.api_port}"

    @property
    def own_url(self) -> str | None:
        """Where this process alone answers."""
        return None if self.api_port is None else f"{self.api_base}:{self.api_port}"


def assign(
    slots: Sequence[tuple[Identity, int]],
    known: Mapping[str, Address],
    candidates: Sequence[int],
    is_free: Callable[[int], bool],
    bases: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Address, ...]:
    """An address for each slot: the known ports where they are still free, new ones else. `bases`: scheme and
    host by role, where that isn't loopback. Raises StackError.
    """
    kept = {port for it in known.values() for port in (it.health_port, it.api_port) if port is not None}
    fresh = [port for port in candidates if port not in kept]
    taken: set[int] = set()

    def take(wanted: int | None) -> int:
        for port in fresh if wanted is None else (wanted, *fresh):
            if port not in taken and is_free(port):
                taken.add(port)
                return port
        raise StackError(f"No free port between {LOWEST} and {HIGHEST} on 127.0.0.1; close some programs.")

    shared = _shared(slots, known, take)
    found = []
    for identity, number in slots:
        name = identity.slot(number)
        old, together = known.get(name), shared.get(identity)
        health = take(old.health_port if old else None)
        api = take(_own(old, together)) if identity.role in SERVING else None
        base = bases.get(identity.role, LOOPBACK)
        found.append(Address(name, identity.role, identity.place, number, health, api, base, together))
    return tuple(found)


def _own(old: Address | None, together: int | None) -> int | None:
    """The port to keep: of a process that is alone it is the one that browsers know."""
    if old is None:
        return None
    if together is None:
        return old.shared_port or old.api_port
    return old.api_port if old.shared_port else None


def _shared(
    slots: Sequence[tuple[Identity, int]], known: Mapping[str, Address], take: Callable[[int | None], int]
) -> dict[Identity, int]:
    """One port more for each label of which several run. The one that browsers know stays, however many do."""
    found = {}
    for identity, number in slots:
        if identity.role == LABEL and number == 1:
            old = known.get(identity.slot(0))
            found[identity] = take((old.shared_port or old.api_port) if old else None)
    return found


def candidates(rng: random.Random) -> list[int]:
    """Ports to try, in an order of its own for each installation, so that two seldom meet."""
    return rng.sample(range(LOWEST, HIGHEST), k=1000)


def write_addresses(root: Path, addresses: Sequence[Address]) -> None:
    write_atomically(root / "run" / FILE, json.dumps([asdict(one) for one in addresses], indent=1))
    write_atomically(root / "run" / TARGETS, json.dumps([_target(one) for one in addresses], indent=1))


def _target(address: Address) -> dict[str, object]:
    """As Prometheus reads it. A metric's own labels come before these (`honor_labels`)."""
    names = {"process": address.process, "role": address.role, "project": address.project}
    return {"targets": [f"127.0.0.1:{address.health_port}"], "labels": names}


def read_addresses(root: Path) -> tuple[Address, ...]:
    """Those of the last start; empty where there was none. Raises StackError for a damaged file."""
    path = root / "run" / FILE
    try:
        return tuple(Address(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (ValueError, TypeError):
        raise StackError(f"{path} is damaged; remove it to have new ports chosen.") from None


def projects_of_last_start(root: Path) -> tuple[str, ...]:
    """In the order in which they were named; empty where there was none. Raises StackError for a damaged file."""
    return tuple(dict.fromkeys(one.project for one in read_addresses(root) if one.project != PLATFORM))
