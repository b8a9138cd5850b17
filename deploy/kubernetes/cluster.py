"""What a cluster is called where we say nothing else: namespaces, and where Kafka, Vault and the registry are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from types import MappingProxyType
from typing import Any

from deploy.settings import IMAGE_HEALTH_PORT
from schemas.errors import ConfigError

Object = dict[str, Any]
"""One of Kubernetes' objects, or a part of one."""

NAMESPACE = "kubernetes.io/metadata.name"
"""A label that Kubernetes itself puts on each namespace, and nobody else can."""
NAME = "app.kubernetes.io/name"
"""The label by which charts, and we, say what pods are."""
GATEWAY = "veilstream/gateway"
"""The label of namespaces from which people's browsers come to the pages, `true`."""
PAGE_PORT = 8443
"""Of label and the console: browsers use it, too, since it is a part of the origin that they are checked by."""


WIDEST = {4: 8, 6: 32}
"""By version of IP: the shortest prefix that a network of machines has (RFC 1918; what a provider is given)."""
_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
"""What Kubernetes takes for a label's value."""


def ranges(given: Iterable[str]) -> tuple[str, ...]:
    """Ranges of addresses as network policies want them. Raises ConfigError where one is none, or too wide."""
    found = []
    for one in given:
        try:
            network = ip_network(one)
        except ValueError as error:
            wanted = "give a range of addresses, as 10.0.0.0/24 or 169.254.7.127/32"
            raise ConfigError(f"{error}; {wanted}") from None
        found.append(network)
    for whole in _together(found):
        if whole.prefixlen < (widest := WIDEST[whole.version]):
            wanted = f"/{widest} is the widest; name the range that your machines are in"
            raise ConfigError(f"{whole} is more than machines have: {wanted}")
    return tuple(map(str, found))


def _together(networks: Sequence[IPv4Network | IPv6Network]) -> Iterator[IPv4Network | IPv6Network]:
    """The same addresses in as few ranges as there can be."""
    yield from collapse_addresses([it for it in networks if isinstance(it, IPv4Network)])
    yield from collapse_addresses([it for it in networks if isinstance(it, IPv6Network)])


@dataclass(frozen=True, slots=True)
class Place:
    """Pods of a namespace that a pod of ours may talk to, or that may talk to it: their labels, the port, by which
    protocols.
    """

    namespace: str
    labels: Mapping[str, str]
    port: int
    protocols: tuple[str, ...] = ("TCP",)

    def peer(self) -> Object:
        """As a network policy names them."""
        return {
            "namespaceSelector": {"matchLabels": {NAMESPACE: self.namespace}},
            "podSelector": {"matchLabels": dict(self.labels)},
        }

    def ports(self) -> list[Object]:
        """The same."""
        return [{"port": self.port, "protocol": protocol} for protocol in self.protocols]

    def labelled(self, name: str | None) -> Place:
        """The same of pods that are called so by their chart. Raises ConfigError."""
        if name is None:
            return self
        if _VALUE.fullmatch(name) is None:
            wanted = f"give what `{NAME}` says of pods of {self.namespace}"
            raise ConfigError(f"{name!r} can be no label's value in Kubernetes; {wanted}")
        return replace(self, labels=MappingProxyType({NAME: name}))


@dataclass(frozen=True, slots=True)
class Cluster:
    """`domain`: what the pages' names end with, `label-<project>.<domain>` and `console.<domain>`."""

    domain: str
    image: str = "veilstream"
    audience: str = "veilstream-vault"
    """For whom pods' tokens are made, by which they log in to Vault: what VEIL_VAULT_PODS says."""
    ships: bool = False
    """Whether Vault's log lies in a claim, so that there are pods of who carries and who matches it."""
    issuer: str = "veilstream"
    """cert-manager's ClusterIssuer of the pages' certificates; browsers must know its authority."""
    kafka_cluster: str = "veilstream"
    """Strimzi's `Kafka`, whose namespace holds topics and users."""
    kafka: Place = Place("kafka", MappingProxyType({"strimzi.io/cluster": "veilstream"}), 9093)
    vault: Place = Place("vault", MappingProxyType({NAME: "openbao"}), 8200)
    registry: Place = Place("registry", MappingProxyType({NAME: "apicurio-registry"}), 8443)
    probed_from: tuple[str, ...] = ()
    """Ranges of addresses from which machines ask whether their pods are ready, if the network keeps them out."""
    names: Place = Place("kube-system", MappingProxyType({"k8s-app": "kube-dns"}), 53, ("UDP", "TCP"))
    names_at: tuple[str, ...] = ()
    """Ranges of addresses where it answers besides: each machine for itself, as by NodeLocal DNSCache."""
    prometheus: Place = Place("monitoring", MappingProxyType({NAME: "prometheus"}), IMAGE_HEALTH_PORT)
    """Who asks pods of ours how they are, labelled as Prometheus's operator labels its pods; the port is ours."""

    def labelled(self, *, vault: str | None, registry: str | None) -> Cluster:
        """The same, where other charts have made Vault's pods, or the registry's. Raises ConfigError."""
        return replace(self, vault=self.vault.labelled(vault), registry=self.registry.labelled(registry))

    @property
    def bootstrap(self) -> str:
        """Where Strimzi's brokers are, for who is in no pod of ours."""
        return f"{self.kafka_cluster}-kafka-bootstrap.{self.kafka.namespace}.svc:{self.kafka.port}"

    def page(self, role: str, project: str) -> str:
        """What browsers call label's page, which fronts show, or the console's."""
        return f"console.{self.domain}" if role == "console" else f"label-{project}.{self.domain}"
