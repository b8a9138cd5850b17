"""To which addresses tokens and texts may go."""

from __future__ import annotations

from urllib.parse import urlsplit

from schemas.errors import ConfigError
from streams.web.server import is_loopback


def check_place(name: str, url: str) -> None:
    """Whoever reads a token on its way can use it: it leaves this machine under TLS only. Raises ConfigError.

    `name`: of the option or argument that gives the address.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise ConfigError(f"{name}: is no address") from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ConfigError(f"{name}: must be https, or http on this machine: who reads a token can use it")
