"""The way out of the cluster, to whom a project tells what happens. Pure.

A network policy knows no names, so this one leads to every public address, by the ports of that project's webhooks
and no other. Which of these addresses is an endpoint's is the process's own to know (`streams.notify.addresses`):
what it refuses as private or as a cloud's place for credentials is shut here, too, whatever a name resolves to.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from deploy.kubernetes.cluster import Object
from topology.webhooks import Webhook

HTTPS = 443
PUBLIC = {
    "0.0.0.0/0": (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    ),
    "2000::/3": ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
}
"""Those that anybody can have, without what is special (IANA's registries; of IPv6 nothing else is given out)."""


def ports(webhooks: Sequence[Webhook]) -> tuple[int, ...]:
    """By which a project tells others. Those on this machine or in a private network are not among them: a pod has
    nobody beside it, and which network that is nobody here knows.
    """
    parts = [urlsplit(it.url) for it in webhooks if not it.private]
    return tuple(sorted({it.port or HTTPS for it in parts if it.scheme == "https"}))


def outside(ports: Sequence[int]) -> Object:
    """An egress rule."""
    blocks = [{"ipBlock": {"cidr": cidr, "except": list(special)}} for cidr, special in PUBLIC.items()]
    return {"to": blocks, "ports": [{"port": port, "protocol": "TCP"} for port in ports]}
