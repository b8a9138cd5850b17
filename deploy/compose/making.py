"""The compose file, of the flow and the projects. Pure: the same topology gives the same text.

`python -m deploy.compose.making` writes that of the packaged projects anew.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from deploy.compose.networks import Network, networks
from deploy.compose.services import services
from topology.loading import Topology, load_topology

FILE = Path(__file__).with_name("compose.yaml")
HEAD = (
    "# Made by `veil topology compose` from flow.yaml and projects: change those. README.md says how it is\n"
    "# started. Variables are in `cluster.env`, which `python -m deploy.compose up` leaves.\n"
)
NO_MASQUERADE = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
"""Where ports are published there is a way out, by which no answer finds back: gateways alone are there."""
NO_MACHINE = {"com.docker.network.bridge.inhibit_ipv4": "true"}
"""Elsewhere the machine itself has no address: engines before 28 give containers of an internal network a default
route to it all the same, and then their rules alone would be the wall. So that route leads to nobody.
"""


def document(topology: Topology) -> dict[str, Any]:
    """The compose file's content (Compose Specification)."""
    found = networks(topology)
    return {
        "services": services(topology, found),
        "networks": {name: _network(it) for name, it in found.items()},
    }


def text(topology: Topology) -> str:
    """The same as YAML."""
    made: str = yaml.dump(document(topology), Dumper=_Plain, sort_keys=False, width=115, allow_unicode=True)
    return HEAD + made


def _network(it: Network) -> dict[str, Any]:
    kind = {"driver_opts": NO_MASQUERADE} if it.published else {"driver_opts": NO_MACHINE, "internal": True}
    return {"driver": "bridge", "enable_ipv6": False, **kind}


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base class's name
        """What stands twice is written twice."""
        return True


if __name__ == "__main__":
    FILE.write_text(text(load_topology()), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
