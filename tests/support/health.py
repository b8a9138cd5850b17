"""What a process on this machine says of itself."""

from __future__ import annotations

import httpx

from schemas.tls import NOBODY


def asked(url: str) -> httpx.Response:
    """Its answer. Raises httpx.HTTPError."""
    return httpx.get(url, timeout=2, trust_env=False, verify=NOBODY)
