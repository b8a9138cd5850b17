"""What the programs of a node are told. Pure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.kubernetes.apart import THEIRS

NAME = "node"
PODS, SERVICES, NAMES = "10.213.0.0/16", "10.214.0.0/16", "10.214.0.10"
"""Addresses of pods and of services, and of the service that knows names."""
API, KUBELET = 6443, 10250
URL = f"https://{THEIRS}:{API}"
ACCOUNTS = "https://kubernetes.default.svc"
"""Who makes the tokens of service accounts, and for whom, where nobody says otherwise."""
ADMIN, ROUTER = "admin", "router"
PEOPLE = {
    ADMIN: "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    f"system:node:{NAME}": "system:nodes",
    "system:kube-proxy": "system:node-proxier",
    ROUTER: "system:masters",
    "names": "system:masters",
}
"""Who comes to the API server by a token of a file, and their groups."""


def config(token: str, ca: Path) -> str:
    """By which one of them comes there."""
    cluster = {"server": URL, "certificate-authority": str(ca), "tls-server-name": "kubernetes"}
    made = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "it", "user": {"token": token}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    }
    return yaml.safe_dump(made)


def network() -> str:
    """A bridge that all pods are on."""
    addresses = {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {"type": "bridge", "bridge": "pods", "isGateway": True, "hairpinMode": True, "ipam": addresses}
    return json.dumps({"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge]})


def containerd(folder: Path, programs: Path, networks: Path) -> str:
    """`programs`: where CNI's plugins are, `networks`: the folder of `network`."""
    return f"""version = 3
root = '{folder}/root'
state = '{folder}/state'
disabled_plugins = ['io.containerd.nri.v1.nri', 'io.containerd.internal.v1.opt']
[grpc]
address = '{folder}/containerd.sock'
[ttrpc]
address = '{folder}/containerd.ttrpc'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = 'localhost/pause:1'
[plugins.'io.containerd.cri.v1.runtime']
disable_apparmor = true
restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ['{programs}']
conf_dir = '{networks}'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'
"""


def kubelet(ca: Path, socket: Path, cgroup: str) -> str:
    """Groups of resources of version 1 will do, and that this machine can't be changed."""
    off = {"enabled": False}
    said: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"x509": {"clientCAFile": str(ca)}, "anonymous": off, "webhook": off},
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": f"unix://{socket}",
        "cgroupRoot": f"/{cgroup}",
        "cgroupDriver": "cgroupfs",
        "volumePluginDir": f"{socket.parent}/plugins",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDomain": "cluster.local",
        "clusterDNS": [NAMES],
        "featureGates": {"KubeletInUserNamespace": True},
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi"},
    }
    return yaml.safe_dump(said)


def proxy(kubeconfig: Path) -> str:
    """Services are the kernel's tables."""
    said: dict[str, Any] = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clusterCIDR": PODS,
        "hostnameOverride": NAME,
        "conntrack": {"maxPerCore": 0},
        "clientConnection": {"kubeconfig": str(kubeconfig)},
    }
    return yaml.safe_dump(said)
