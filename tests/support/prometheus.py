"""A real Prometheus, asked by its HTTP API."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.pipeline import free_port

PROMETHEUS = shutil.which("prometheus")
"""Its program, or None where it is not installed."""


@contextmanager
def prometheus(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """One by this configuration, whose relative paths are those of the folder; its address."""
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    at = f"127.0.0.1:{free_port()}"
    flags = (f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}")
    command = [str(PROMETHEUS), *flags, f"--web.listen-address={at}", "--log.level=error"]
    with subprocess.Popen(command, cwd=folder) as process:
        try:
            yield f"http://{at}"
        finally:
            process.terminate()


def told(at: str, path: str) -> Any:
    """The data of its API's answer. Raises httpx.HTTPError, AssertionError for what it can't answer."""
    answer = httpx.get(f"{at}/api/v1/{path}", timeout=30).json()
    assert answer["status"] == "success", answer.get("error")
    return answer["data"]


def series(at: str, query: str) -> list[dict[str, str]]:
    """The labels of what a query finds now; none while it doesn't answer."""
    try:
        found = told(at, f"query?query={urllib.parse.quote(query)}")["result"]
    except (httpx.HTTPError, json.JSONDecodeError):
        return []
    return [it["metric"] for it in found]
