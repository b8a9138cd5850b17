"""Sign-ins under way: what has to match when the provider sends a browser back. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass

from streams.web.oidc import Asked
from streams.web.settings import SignInSettings


@dataclass(frozen=True, slots=True)
class _Begun:
    asked: Asked
    batch: str
    browser: bytes
    at: int


class SignIns:
    """By the SHA-256 of their `state`. Each is taken once, by the browser that began it, in time. One thread."""

    def __init__(self, settings: SignInSettings) -> None:
        self._settings = settings
        self._begun: OrderedDict[bytes, _Begun] = OrderedDict()

    def __len__(self) -> int:
        return len(self._begun)

    def begin(self, asked: Asked, batch: str, browser: bytes, now: int) -> bool:
        """Remember one, for the browser that gets the secret `browser`; False where too many are under way.

        `batch`: what the person wants to work on.
        """
        self._forget(now)
        if len(self._begun) >= self._settings.begun_kept:
            return False
        self._begun[_digest(asked.state.encode())] = _Begun(asked, batch, _digest(browser), now)
        return True

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
            if now - oldest.at < self._settings.begun_ms:
                return
            del self._begun[state]


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
