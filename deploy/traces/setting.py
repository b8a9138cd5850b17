"""Where traces go, from the environment: nowhere, unless it says so."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from schemas.errors import ConfigError

TRACES, RATIO, CA = "VEIL_TRACES", "VEIL_TRACES_RATIO", "VEIL_TRACES_CA"
DEFAULT_RATIO = "0.01"
PATH = "/v1/traces"
"""Of OTLP over HTTP; the variable has the address before it, as OTEL_EXPORTER_OTLP_ENDPOINT has."""


@dataclass(frozen=True, slots=True)
class TracesSetting:
    """`url`: to post to; `ratio`: the share of traces that is told; `ca`: file of the collector's authority."""

    url: str
    ratio: float
    ca: str | None = None

    def variables(self) -> dict[str, str]:
        """For the environment of a process, which reads the same."""
        of_ca = {} if self.ca is None else {CA: self.ca}
        return {TRACES: self.url.removesuffix(PATH), RATIO: str(self.ratio), **of_ca}


def read_traces(environ: Mapping[str, str]) -> TracesSetting | None:
    """None where traces are off. Raises ConfigError."""
    address = environ.get(TRACES, "").rstrip("/")
    if not address:
        return None
    _check_address(address)
    ratio, ca = _ratio(environ.get(RATIO) or DEFAULT_RATIO), environ.get(CA)
    if not ca:
        return TracesSetting(address + PATH, ratio)
    if not Path(ca).is_file():
        raise ConfigError(f"{CA}: {ca} is no file")
    return TracesSetting(address + PATH, ratio, str(Path(ca).absolute()))


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigError(f"{TRACES} has to be a collector's address, such as http://127.0.0.1:4318")
    if parts.scheme == "http" and not _is_here(host):
        raise ConfigError(f"{TRACES} leaves this machine, so it has to be https://")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise ConfigError(f"{RATIO} is {text!r}; it may be from 0 to 1, such as {DEFAULT_RATIO}")
    return ratio
