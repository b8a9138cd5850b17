"""One stage as a process: `python -m deploy.run ROLE PROJECT --root DIR`. `veil up` starts these. What serves all
projects has the project `platform`.

Exit codes: 0 stopped as asked (of a front also: its batch is done); 2 wrong configuration or rights; 3 fenced
(another process has taken over this slot, or may have: where others stand by, whoever has lost its session ends);
4 a part that it needs to start does not answer; 5 what it was handed to log in to Vault with was used up before it
came; 6 Vault no longer knows its login; 1 a bug, or it stood still (`streams/engine/watchdog.py`). It never runs
on after any of them: what happens next the supervisor decides.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import structlog

from deploy import logs
from deploy.handing.asking import HANDED_BYTES, ask, tell_used_up
from deploy.health_server import HealthServer
from deploy.settings import DEFAULT_HEALTH_PORT, HEALTH_HOST_VARIABLE, HEALTH_PORT_VARIABLE, LOGIN_VARIABLE
from deploy.stages.folding import FoldRunning
from deploy.stages.matcher import open_matcher
from deploy.stages.roles import CONSOLE, FRONT, MATCHER, WATCH
from deploy.stages.stage import BUILDERS, Build, Running, assemble
from deploy.stages.watch import open_watch
from deploy.supervise.restarts import FENCED, STOLEN
from deploy.surroundings import surroundings
from deploy.traces.setting import read_traces
from schemas.errors import (
    AccessDenied,
    ConfigError,
    DependencyError,
    Fenced,
    LoginLost,
    LoginUsedUp,
    StackError,
)
from streams.engine.kafka_lateness import AGAIN_S
from streams.engine.watchdog import Watchdog
from topology.identity import Identity
from vault.handing import Handed
from vault.keeping import LOST

if TYPE_CHECKING:
    from deploy.stages.console import ConsoleRunning
    from deploy.stages.front import FrontRunning

EXIT_BUG, EXIT_CONFIG, EXIT_FENCED, EXIT_UNAVAILABLE, EXIT_STOLEN, EXIT_LOST = 1, 2, FENCED, 4, STOLEN, 6

FOLDINGS: Mapping[str, Callable[[Path], AbstractContextManager[FoldRunning]]] = MappingProxyType(
    {WATCH: open_watch, MATCHER: open_matcher}
)

ENDS: tuple[tuple[type[Exception], str, int], ...] = (
    (LoginUsedUp, "login_used_up", EXIT_STOLEN),
    (LoginLost, "login_lost", EXIT_LOST),
    (Fenced, "fenced", EXIT_FENCED),
    (ConfigError, "refused", EXIT_CONFIG),
    (AccessDenied, "refused", EXIT_CONFIG),
    (StackError, "refused", EXIT_CONFIG),
    (DependencyError, "unavailable", EXIT_UNAVAILABLE),
)
"""What ends a process, what its log calls that, and its exit code. The first that fits counts."""

log = structlog.get_logger()


def main(arguments: list[str] | None = None, builders: Mapping[str, Build] = BUILDERS) -> int:
    """Run until SIGTERM or SIGINT. `builders` are others than the stages' own for the bench only."""
    options = _parser().parse_args(arguments)
    identity = Identity(options.role, options.project)
    logs.configure(identity.slot(options.slot))
    stop, lost = threading.Event(), threading.Event()

    def lose() -> None:
        lost.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        handed = Handed(_handed(identity, stop), lose)
        if not stop.is_set():
            _run(options, identity, stop, builders, handed)
        if lost.is_set():
            return _ended_by(LoginLost(LOST))
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends us, and has a code
        return _ended_by(error)
    log.info("stopped")
    return 0


def _ended_by(error: Exception) -> int:
    """Say what has ended us; the code that the supervisor is told."""
    for kind, name, code in ENDS:
        if isinstance(error, kind):
            log.error(name, exc_info=error)
            if code == EXIT_STOLEN and (asked := os.environ.get(LOGIN_VARIABLE)):
                tell_used_up(Path(asked))
            return code
    log.critical("bug", exc_info=error)
    return EXIT_BUG


def _handed(identity: Identity, stop: threading.Event) -> str:
    """What the supervisor has put into our standard input, or the starter hands us: on no disk, in no list of
    processes. Raises DependencyError where there is no starter.
    """
    if identity.role in {*FOLDINGS, FRONT}:
        return ""
    if asked := os.environ.get(LOGIN_VARIABLE):
        return ask(Path(asked), stop)
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read(HANDED_BYTES).decode("ascii", "replace").strip()


def _run(
    options: argparse.Namespace,
    identity: Identity,
    stop: threading.Event,
    builders: Mapping[str, Build],
    handed: Handed,
) -> None:
    with _opened(options, identity, builders, handed) as running:
        health = HealthServer(running.health, options.health_port, os.environ.get(HEALTH_HOST_VARIABLE, ""))
        log.info("started", health_port=health.port)
        watchdog = Watchdog()
        running.health.when_leaving(watchdog.leaving)
        watchdog.start()
        try:
            running.run(stop)
        finally:
            watchdog.leaving()
            health.stop()


@contextmanager
def _opened(
    options: argparse.Namespace, identity: Identity, builders: Mapping[str, Build], handed: Handed
) -> Iterator[Running | FoldRunning | ConsoleRunning | FrontRunning]:
    """What runs the role, until it is closed."""
    if identity.role in FOLDINGS:
        with FOLDINGS[identity.role](options.root) as folding:
            yield folding
        return
    if identity.role == CONSOLE:
        # A web server would cost each other process 20 MB.
        from deploy.stages.console import open_console  # noqa: PLC0415

        with open_console(options.root, options.port, handed=handed) as console:
            yield console
        return
    if identity.role == FRONT:
        from deploy.stages.front import open_front  # noqa: PLC0415

        with open_front(options.root, options.project, options.port) as front:
            yield front
        return
    around = surroundings(options.root, identity, options.project, handed=handed, patience_s=AGAIN_S)
    try:
        running = assemble(around, options.slot, options.port, builders, read_traces(os.environ))
        try:
            yield running
        finally:
            running.stop()
    finally:
        around.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.run", description="Run one stage of one project.")
    parser.add_argument("role", choices=sorted((*BUILDERS, *FOLDINGS, CONSOLE, FRONT)))
    parser.add_argument("project", help="the project; `platform` for what serves all of them")
    parser.add_argument("--root", type=Path, required=True, help="folder of the stack, for example .veil")
    parser.add_argument("--slot", type=int, default=0, help="number of this process among its equals")
    parser.add_argument(
        "--port", type=int, default=0, help="port of label's API, of a front or of the console; 0 takes a free one"
    )
    parser.add_argument(
        "--health-port",
        type=int,
        default=os.environ.get(HEALTH_PORT_VARIABLE, DEFAULT_HEALTH_PORT),
        help="port of /healthz and /metrics",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
