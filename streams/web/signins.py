"""Sign-ins under way: what has to match when the provider sends a browser back. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass

from streams.web.oidc import Asked
from streams.web.places import gives_way
from streams.web.settings import SignInSettings


@dataclass(frozen=True, slots=True)
class _Begun:
    name: bytes
    asked: Asked
    batch: str
    browser: bytes
    neighbourhood: bytes
    waits_since: int


class SignIns:
    """By the SHA-256 of their `state`. Each is taken once, by the browser that began it, in time. Where too many
    are under way, one gives way as connections do (`places.py`): who begins them all keeps nobody out. One thread.
    """

    def __init__(self, settings: SignInSettings) -> None:
        self._settings = settings
        self._begun: OrderedDict[bytes, _Begun] = OrderedDict()

    def __len__(self) -> int:
        return len(self._begun)

    def begin(self, asked: Asked, batch: str, browser: bytes, neighbourhood: bytes, now: int) -> None:
        """Remember one, for the browser that gets the secret `browser`, and whence that comes.

        `batch`: what the person wants to work on.
        """
        self._forget(now)
        if len(self._begun) >= self._settings.begun_kept:
            self._make_room(neighbourhood)
        name = _digest(asked.state.encode())
        self._begun[name] = _Begun(name, asked, batch, _digest(browser), neighbourhood, now)

    def _make_room(self, neighbourhood: bytes) -> None:
        """Of those of one address the oldest goes, which has had most of its time."""
        found = gives_way(self._begun.values(), neighbourhood)
        if found is not None:
            del self._begun[found.name]

    def take(self, state: str, browser: bytes | None, now: int) -> tuple[Asked, str] | None:
        """What was asked under this `state`, and for which batch, once; None for one that is unknown, over, used
        or another browser's.

        One that another browser brings is used up: whoever got hold of it gets no second guess.
        """
        self._forget(now)
        begun = self._begun.pop(_digest(state.encode("utf-8", "surrogatepass")), None)
        if begun is None or browser is None or not hmac.compare_digest(begun.browser, _digest(browser)):
            return None
        return begun.asked, begun.batch

    def _forget(self, now: int) -> None:
        while self._begun:
            state, oldest = next(iter(self._begun.items()))
            if now - oldest.waits_since < self._settings.begun_ms:
                return
            del self._begun[state]


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
