"""Where label is, as a front is told (`<root>/run/front.json`)."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from schemas.errors import ConfigError
from schemas.tls import NOBODY
from streams.web.server import is_loopback

FILE = "front.json"


@dataclass(frozen=True, slots=True)
class Behind:
    """Where label is. `ca`: the file with the authority of the certificate that it shows there, where it speaks
    TLS.
    """

    url: str
    ca: str = ""

    def trusting(self) -> ssl.SSLContext:
        """That authority alone, where one is named; the system's otherwise."""
        if urlsplit(self.url).scheme != "https":
            return NOBODY
        try:
            return ssl.create_default_context(cafile=self.ca or None)
        except (OSError, ssl.SSLError):
            raise ConfigError(f"{self.ca}: can't be read as certificates (PEM)") from None


def read_behind(root: Path) -> Behind:
    """Where label is. Raises ConfigError."""
    path = root / "run" / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        behind = Behind(str(found["label"]), str(found.get("ca", "")))
        address = urlsplit(behind.url)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(
            f"{path}: can't be read; it says where label is (`python -m deploy.kubernetes.given`)"
        ) from None
    if address.scheme == "https" or (address.scheme == "http" and is_loopback(address.hostname or "")):
        return behind
    raise ConfigError(f"{path}: label is `https://…`; in clear on this machine only")


def text(behind: Behind) -> str:
    """What `read_behind` reads."""
    return json.dumps({"label": behind.url, "ca": behind.ca}, indent=1)
