"""A real Jaeger on loopback: takes spans, keeps them, answers its own query API, and may be killed."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.jaeger.seen import Seen, spans_of
from tests.support.pipeline import free_port
from tests.support.waiting import wait_for

PINNED = [Path(__file__).with_name(name) for name in ("go.mod", "go.sum")]
BUILT = f"jaeger-{hashlib.sha256(b''.join(it.read_bytes() for it in PINNED)).hexdigest()[:16]}"
PROGRAM = shutil.which(BUILT, path=str(Path.home() / "go" / "bin"))
MOST_TRACES = 100_000
"""In memory; as many as when nothing is said."""


class Jaeger:
    """One that is started and killed on the same ports. Nothing outlives its process but what it has said."""

    def __init__(self, program: str, folder: Path, *, disk: bool = False) -> None:
        """`disk`: it keeps spans in an index there, and not in memory."""
        self.folder = folder
        folder.mkdir()
        self._query = f"http://127.0.0.1:{(query := free_port())}"
        self.url = f"http://127.0.0.1:{(spans := free_port())}"
        """For VEIL_TRACES."""
        config = folder / "config.json"
        storage = _on_disk(folder) if disk else {"memory": {"max_traces": MOST_TRACES}}
        config.write_text(json.dumps(_config(spans, query, free_port(), storage)))
        self._command = [program, "--config", str(config)]
        self._log = folder / "said.log"
        self._heard: list[bytes] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        with self._log.open("ab") as said:
            self.process = subprocess.Popen(
                self._command, stdout=said, stderr=said, cwd=self.folder, env={"HOME": str(self.folder)}
            )
        wait_for(self._answers, "Jaeger answers")

    def kill(self) -> None:
        """As a crash would."""
        assert self.process is not None
        self.process.kill()
        assert self.process.wait() == -signal.SIGKILL
        self.process = None

    def stop(self) -> int | None:
        """End it in order; its exit code."""
        if self.process is None:
            return None
        self.process.terminate()
        code, self.process = self.process.wait(60), None
        return code

    def ask(self, path: str, **query: object) -> Any:
        """What it answers, as JSON; None where it knows nothing of it. Every byte is kept for `told`."""
        answer = httpx.get(f"{self._query}{path}", params=query, timeout=60, trust_env=False)
        self._heard.append(answer.content)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        assert answer.is_success, (answer.status_code, answer.text[:500])
        return answer.json()

    def search(self, service: str, operation: str = "", **tags: str) -> list[list[Seen]]:
        """As its page searches: the traces with a span of that service that is so."""
        wanted = {"operation": operation} if operation else {}
        tagged = {"tags": json.dumps(tags)} if tags else {}
        found = self.ask("/api/traces", service=service, limit=1_000, **wanted, **tagged)
        assert not found["errors"]
        return [spans_of(it) for it in found["data"]]

    def trace(self, trace_id: str) -> list[Seen]:
        """The spans of a trace, in the order in which they began; none of one that it doesn't know."""
        found = self.ask(f"/api/traces/{trace_id}")
        return spans_of(found["data"][0]) if found else []

    def remarks(self, trace_id: str) -> list[str]:
        """What it finds wrong with a trace's spans, by the newer of its APIs."""
        resources = self.ask(f"/api/v3/traces/{trace_id}")["result"]["resourceSpans"]
        spans = [span for it in resources for scope in it["scopeSpans"] for span in scope["spans"]]
        told = [it for span in spans for it in span.get("attributes", []) if it["key"] == "@jaeger@warnings"]
        return [one["stringValue"] for it in told for one in it["value"]["arrayValue"]["values"]]

    @property
    def told(self) -> bytes:
        """All that it has answered, and all that its process has printed."""
        return b"\n".join([*self._heard, self._log.read_bytes()])

    def complaints(self) -> list[str]:
        """The lines of its log that are warnings or worse."""
        return re.findall(r"^[^\t\n]+\t(?:warn|error|fatal)\t.*", self._log.read_text(), re.MULTILINE)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self._log.read_text()[-2_000:]
        try:
            return httpx.get(f"{self._query}/api/services", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False


@contextmanager
def jaeger(folder: Path, *, disk: bool = False) -> Iterator[Jaeger]:
    """One that runs until the end. Skips where there is no program."""
    if PROGRAM is None:
        pytest.skip("no Jaeger in ~/go/bin: tests/support/jaeger/build (needs Go)")
    made = Jaeger(PROGRAM, folder, disk=disk)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _on_disk(folder: Path) -> dict[str, Any]:
    return {"badger": {"ephemeral": False, "directories": {it: str(folder / it) for it in ("keys", "values")}}}


def _config(spans: int, query: int, grpc: int, storage: dict[str, Any]) -> dict[str, Any]:
    """As its own documents set it up, on loopback. It prints every span it takes, whole."""
    loopback = "127.0.0.1"
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["batch"],
                    "exporters": ["jaeger_storage_exporter", "debug"],
                }
            },
            "telemetry": {"metrics": {"level": "none"}},
        },
        "extensions": {
            "jaeger_storage": {"backends": {"kept": storage}},
            "jaeger_query": {
                "storage": {"traces": "kept"},
                "enable_tracing": False,  # of itself it would tell whoever listens on OpenTelemetry's own port
                "http": {"endpoint": f"{loopback}:{query}"},
                "grpc": {"endpoint": f"{loopback}:{grpc}"},
            },
        },
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"{loopback}:{spans}"}}}},
        "processors": {"batch": {}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "kept"}, "debug": {"verbosity": "detailed"}},
    }
