"""Who is told what happens to a project's tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_PORT = 65_535


class WebhookEvent(StrEnum):
    """What an endpoint may be told. Receivers go by these words: add, never rename."""

    LABEL_SUBMITTED = "label.submitted"
    VERDICT_REACHED = "verdict.reached"
    TASK_CLOSED = "task.closed"
    TASK_WITHDRAWN = "task.withdrawn"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An endpoint. `private`: its name may lead to loopback or into a private network. `url` may hold a token, so
    it doesn't show.
    """

    name: str
    url: str = field(repr=False)
    events: frozenset[WebhookEvent]
    private: bool = False


def fault(url: str, *, private: bool) -> str | None:
    """Why nothing can be sent to this address, or None. It never quotes the address: it may hold a token."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no address"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "has characters that no address has; percent-encode them"
    if not _can_be_asked_for(parts.hostname) or port == 0 or (port or 1) > _MAX_PORT:
        return "names no host, or no port there is"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "has a user, a password or a fragment; the signature says who sends"
    return _scheme_fault(parts, private=private)


def _can_be_asked_for(host: str | None) -> bool:
    """Whether a resolver takes the name: no part of it may be empty, or longer than 63 characters."""
    try:
        return bool(host and host.encode("idna"))
    except UnicodeError:
        return False


def _scheme_fault(parts: SplitResult, *, private: bool) -> str | None:
    if parts.scheme == "https":
        return None
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return None if private else "is on this machine; say `private: true` if that is meant"
    return "has to begin with https:// (http:// only on this machine)"
