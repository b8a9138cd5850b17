"""A Kubernetes of one node on this machine: control plane, kubelet, container runtime, services and policies."""

from __future__ import annotations

import json
import secrets
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.local.authority import CLIENT, SERVER, Wanted, ensure_certificates
from tests.kubernetes import told
from tests.kubernetes.apart import THEIRS, Apart
from tests.kubernetes.programs import Programs
from tests.kubernetes.told import ADMIN, API, NAME, PEOPLE, PODS, ROUTER, SERVICES
from tests.support.waiting import wait_for

STARTS_WITHIN_S = 120.0
WANTED = {"api": Wanted((SERVER,), ("kubernetes", "kubernetes.default.svc")), "kubelet": Wanted((CLIENT,))}


class Node:
    """One; up while its block lasts. `etcd`: the folder in which everything that it knows lies."""

    def __init__(self, folder: Path, programs: Programs, etcd: Path) -> None:
        self.folder, self._programs, self._etcd = folder, programs, etcd
        environ = {"PATH": programs.path, "LD_LIBRARY_PATH": programs.libraries}
        self.apart = Apart(folder, (PODS, SERVICES), environ)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        (self.folder / "tls").mkdir()
        self._made = ensure_certificates(self.folder / "tls", self.folder / "ca.key", datetime.now(UTC), WANTED)
        try:
            self.apart.start()
            self._begin_control_plane()
            self._begin_runtime()
            self._begin_network()
        except BaseException:
            self.apart.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.apart.stop()

    @property
    def is_up(self) -> bool:
        """Whether it has been started, and has a network."""
        return (self.folder / "proxy.yaml").exists()

    def config(self, name: str) -> Path:
        """By which somebody comes to the API server."""
        return self.folder / f"{name.replace(':', '.')}.conf"

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """What it prints."""
        done = self._kubectl(*arguments, given=given)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def refused(self, it: dict[str, Any]) -> str:
        """What the API server says of an object that it does not take; empty where it would."""
        done = self._kubectl("apply", "--dry-run=server", "-f", "-", given=json.dumps(it))
        return done.stderr if done.returncode else ""

    def logs(self, pod: str, place: str) -> str:
        """What it has said; of one that has not begun nothing."""
        return self._kubectl("logs", pod, f"--namespace={place}").stdout

    def load(self, images: Path) -> None:
        """Images, as an engine saves them."""
        reader = (str(self._programs.own / "ctr"), "-a", str(self._socket), "-n", "k8s.io")
        self.apart.inside(*reader, "images", "import", str(images))

    @property
    def _socket(self) -> Path:
        return self.folder / "containers" / "containerd.sock"

    def _kubectl(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(self._programs.own / "kubectl"), f"--kubeconfig={self.config(ADMIN)}", *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=False)

    def _begin(self, program: str, *arguments: str, **environ: str) -> None:
        self.apart.begin(self._programs.own / program, *arguments, **environ)

    def _begin_control_plane(self) -> None:
        tls, tokens, accounts = self._made, self._let_in(), self._account_key()
        self._begin("etcd", "--data-dir", str(self._etcd), "--unsafe-no-fsync", "--log-level", "warn")
        self._begin(
            "kube-apiserver",
            f"--advertise-address={THEIRS}",
            f"--secure-port={API}",
            "--etcd-servers=http://127.0.0.1:2379",
            f"--service-cluster-ip-range={SERVICES}",
            f"--tls-cert-file={tls.certificate('api')}",
            f"--tls-private-key-file={tls.key('api')}",
            f"--client-ca-file={tls.ca}",
            f"--token-auth-file={tokens}",
            f"--service-account-issuer={told.ACCOUNTS}",
            f"--service-account-key-file={accounts}",
            f"--service-account-signing-key-file={accounts}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-client-certificate={tls.certificate('kubelet')}",
            f"--kubelet-client-key={tls.key('kubelet')}",
        )
        wait_for(self._answers, "the API server is ready", STARTS_WITHIN_S)
        self._begin(
            "kube-controller-manager",
            f"--kubeconfig={self.config('system:kube-controller-manager')}",
            f"--service-account-private-key-file={accounts}",
            f"--root-ca-file={tls.ca}",
            "--use-service-account-credentials=true",
            "--leader-elect=false",
        )
        config = self.config("system:kube-scheduler")
        self._begin("kube-scheduler", f"--kubeconfig={config}", "--leader-elect=false")

    def _begin_runtime(self) -> None:
        containers, networks = self._socket.parent, self._write("networks/pods.conflist", told.network()).parent
        settings = told.containerd(containers, self._programs.own, networks)
        self._begin("containerd", "--config", str(self._write("containerd.toml", settings)))
        wait_for(self._socket.is_socket, "containerd listens", STARTS_WITHIN_S)  # kubelet asks once, and ends
        settings = told.kubelet(self._made.ca, self._socket, self.apart.cgroup)
        self._begin(
            "kubelet",
            f"--config={self._write('kubelet.yaml', settings)}",
            f"--kubeconfig={self.config(f'system:node:{NAME}')}",
            f"--hostname-override={NAME}",
            f"--node-ip={THEIRS}",
            f"--root-dir={self.folder / 'kubelet'}",
            f"--cert-dir={self.folder / 'kubelet-tls'}",
        )
        wait_for(self._is_known, "the node is known", STARTS_WITHIN_S)

    def _begin_network(self) -> None:
        settings = told.proxy(self.config("system:kube-proxy"))
        self._begin("kube-proxy", f"--config={self._write('proxy.yaml', settings)}")
        self._begin(
            "kube-router",
            f"--kubeconfig={self.config(ROUTER)}",
            "--run-firewall=true",
            "--run-router=false",
            "--run-service-proxy=false",
            f"--service-cluster-ip-range={SERVICES}",
            NODE_NAME=NAME,
        )

    def _let_in(self) -> Path:
        """The file of tokens; and for each of them what they come by."""
        tokens = {name: secrets.token_hex(16) for name in PEOPLE}
        for name, token in tokens.items():
            self.config(name).write_text(told.config(token, self._made.ca))
        lines = [f'{tokens[name]},{name},{name},"{groups}"\n' for name, groups in PEOPLE.items()]
        return self._write("tokens.csv", "".join(lines))

    def _account_key(self) -> Path:
        """What signs tokens of service accounts, in the form that the API server reads."""
        form, path = serialization.PrivateFormat.TraditionalOpenSSL, self.folder / "accounts.key"
        made = ec.generate_private_key(ec.SECP256R1())
        path.write_bytes(made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        return path

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def _answers(self) -> bool:
        return self._kubectl("get", "--raw", "/readyz").stdout == "ok"

    def _is_known(self) -> bool:
        return NAME in self._kubectl("get", "nodes", "-o", "name").stdout
