"""A bridge put together: the token of its app, the label API, a Label Studio; until it is stopped."""

from __future__ import annotations

import contextlib
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.bridge.bridge import Bridge, Studio, Tally, take_out
from deploy.bridge.deciding import Terms, is_over
from deploy.bridge.projects import StudioProjects
from deploy.bridge.server import Server
from deploy.bridge.settings import BEAT_S, POLL_S, RETRIES, TOKEN_S
from deploy.bridge.shown import ours
from deploy.importing import label_url
from deploy.persons import annotator_token
from deploy.places import check_place
from schemas.errors import ConfigError, DependencyError, VeilError
from streams.engine.clock import Clock, SystemClock
from streams.label.client import LabelClient

_LEFT = "a text may still lie in Label Studio, until a bridge of this person runs again"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One bridge. `app`: as whom it signs its tokens; `account`: the address of the one who answers, there;
    `fields`: the paths that are shown, in order; `keep_s`: how long a task may lie unanswered; `label_url`: of
    label's API, that of this stack where it is empty.
    """

    project: str
    person: str
    app: str
    url: str
    account: str
    token_file: Path
    fields: tuple[str, ...]
    keep_s: int
    title: str = ""
    label_url: str = ""


class FreshToken:
    """A bearer token of the app for its person, made anew when half of its time is over. One thread.

    By either clock: the monotonic one stands still while the machine is suspended, the other may be set back.
    """

    def __init__(self, make: Callable[[], str], clock: Clock) -> None:
        self._make = make
        self._clock = clock
        self._token = ""
        self._made_at = (0.0, 0.0)

    def __call__(self) -> str:
        """The token of the moment. Raises what making one does."""
        now = self._clock.monotonic(), self._clock.now() / 1000
        ages = [at - made_at for at, made_at in zip(now, self._made_at, strict=True)]
        if not self._token or max(ages) > TOKEN_S / 2:
            self._token, self._made_at = self._make(), now
        return self._token


def run(root: Path, wanted: Wanted, stop: threading.Event, tell: Tell) -> Tally:
    """Until `stop` is set; then nothing of ours lies there. What could not be taken out for an error is told.

    Raises ConfigError, AccessDenied and, while it starts, DependencyError; later it waits and goes on.
    """
    secret = private_line(wanted.token_file)
    with Server(wanted.url, secret) as server, contextlib.ExitStack() as opened:
        title = wanted.title or f"{wanted.project} · {wanted.person}"
        mark = f"Veilstream: {wanted.project} · {wanted.person}"
        studio = StudioProjects(server, mark, title, wanted.fields)
        with _left_clean(studio, wanted.keep_s * 1000, tell):
            account = server.account(wanted.account)
            terms = Terms(account, wanted.fields, wanted.keep_s * 1000, round(BEAT_S * 1000))
            label = _label(root, wanted)
            queue = opened.enter_context(label(retries=RETRIES))
            bridge = Bridge(queue, studio, terms, SystemClock(), tell)
            with label() as asked:
                bridge.check(asked.guide().labels)
        work(bridge, stop, tell)
        return bridge.tally


def _label(root: Path, wanted: Wanted) -> Callable[..., LabelClient]:
    """Opens its API, as the app for its person. Raises ConfigError where it is nowhere, or may get no token."""
    api = wanted.label_url or label_url(root, wanted.project)
    check_place("--label-url", api)
    token = FreshToken(
        lambda: annotator_token(root, wanted.project, wanted.person, wanted.app, TOKEN_S), SystemClock()
    )
    return partial(LabelClient, api, wanted.project, token)


def work(bridge: Bridge, stop: threading.Event, tell: Tell, poll_s: float = POLL_S) -> None:
    """Look again and again until `stop` is set, also while nobody answers; then, and after an error, end."""
    with contextlib.ExitStack() as last:  # each of these, whatever becomes of the others; from below
        last.callback(_last, bridge.give_back, tell, "the task comes back by itself in minutes")
        last.callback(_last, bridge.take_out, tell, _LEFT)
        last.callback(_last, bridge.take_over, tell, "an answer that was given last may not count")
        while not stop.is_set():
            try:
                bridge.step()
            except DependencyError as error:
                tell(str(error))
            stop.wait(poll_s)


@contextlib.contextmanager
def _left_clean(studio: Studio, keep_ms: int, tell: Tell) -> Iterator[None]:
    """What an earlier bridge left there is taken out where this one may not begin; where somebody does not answer,
    only what is past its end: the next bridge may go on with the rest.
    """
    try:
        yield
    except VeilError as error:
        waits, now = isinstance(error, DependencyError), SystemClock().now()

        def clear() -> None:
            there = ours(studio.tasks())
            take_out(studio, [it for it in there if not waits or is_over(it, keep_ms, now)])

        _last(clear, tell, _LEFT)
        raise


def _last(act: Callable[[], None], tell: Tell, otherwise: str) -> None:
    try:
        act()
    except VeilError as error:
        tell(f"{error}; {otherwise}")


def private_line(file: Path) -> str:
    """What a file holds that nobody else can read. Raises ConfigError."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if file.stat().st_mode & _OTHERS:
            raise ConfigError(f"{file}: others may read it; a token is in a file of mode 0600")
        if (line := file.read_text(encoding="ascii").strip()) and len(line.split()) == 1:
            return line
    raise ConfigError(f"{file}: holds no token; it is one line, in a file of mode 0600")
