"""Whether a browser's call was made by our own page: three independent signs, each refused where it is wrong.

1. `Sec-Fetch-Site` (Fetch Metadata, W3C), where the browser sends it: `same-origin`. What a person typed (`none`)
   may read.
2. `Origin` (RFC 6454), which browsers send with every POST: exactly ours.
3. `X-Veil-CSRF` on every POST: the session's own token, which no other site can read. It follows from the
   session's secret (HMAC-SHA256), so that nothing of it has to be kept, and the secret does not follow from it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

HEADER = "x-veil-csrf"
CROSS_SITE = "cross_site"
BAD_CSRF = "bad_csrf"
_READING = ("GET", "HEAD")
_PURPOSE = b"veilstream csrf 1"


def token_of(secret: bytes) -> str:
    """The token of the session with this secret, in base64url without padding."""
    return base64.urlsafe_b64encode(hmac.digest(secret, _PURPOSE, hashlib.sha256)).rstrip(b"=").decode()


def fault(method: str, headers: Mapping[str, str], origin: str, token: str) -> str | None:
    """Why the call must be refused, or None. `headers` by name, in lower case or case-insensitive."""
    reads = method in _READING
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin" and not (reads and site == "none"):
        return CROSS_SITE
    if reads:
        return None
    if headers.get("origin") != origin:
        return CROSS_SITE
    given = headers.get(HEADER, "").encode("utf-8", "surrogateescape")
    return None if hmac.compare_digest(given, token.encode()) else BAD_CSRF
