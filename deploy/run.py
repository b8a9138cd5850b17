"""One stage as a process: `python -m deploy.run ROLE PROJECT --root DIR`. `veil up` starts these. What serves all
projects has the project `platform`.

Exit codes: 0 stopped as asked; 2 wrong configuration or rights; 3 fenced (another process has taken over this
slot, or may have: where others stand by, whoever has lost its session ends); 4 a part that it needs to start does
not answer; 1 a bug. It never runs on after any of them: the supervisor decides what happens next.
"""

from __future__ import annotations

import argparse
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
from deploy.health_server import HealthServer
from deploy.stages.folding import FoldRunning
from deploy.stages.matcher import open_matcher
from deploy.stages.stage import BUILDERS, CONSOLE, MATCHER, WATCH, Build, Running, assemble
from deploy.stages.watch import open_watch
from deploy.supervise.restarts import FENCED
from deploy.surroundings import surroundings
from schemas.errors import AccessDenied, ConfigError, DependencyError, Fenced, StackError
from topology.identity import Identity

if TYPE_CHECKING:
    from deploy.stages.console import ConsoleRunning

EXIT_BUG, EXIT_CONFIG, EXIT_FENCED, EXIT_UNAVAILABLE = 1, 2, FENCED, 4

FOLDINGS: Mapping[str, Callable[[Path], AbstractContextManager[FoldRunning]]] = MappingProxyType(
    {WATCH: open_watch, MATCHER: open_matcher}
)

log = structlog.get_logger()


def main(arguments: list[str] | None = None, builders: Mapping[str, Build] = BUILDERS) -> int:
    """Run until SIGTERM or SIGINT. `builders` are others than the stages' own for the bench only."""
    options = _parser().parse_args(arguments)
    identity = Identity(options.role, options.project)
    logs.configure(identity.slot(options.slot))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        _run(options, identity, stop, builders)
    except Fenced as error:
        log.error("fenced", exc_info=error)
        return EXIT_FENCED
    except (ConfigError, AccessDenied, StackError) as error:
        log.error("refused", exc_info=error)
        return EXIT_CONFIG
    except DependencyError as error:
        log.error("unavailable", exc_info=error)
        return EXIT_UNAVAILABLE
    except Exception as error:
        log.critical("bug", exc_info=error)
        return EXIT_BUG
    log.info("stopped")
    return 0


def _run(
    options: argparse.Namespace, identity: Identity, stop: threading.Event, builders: Mapping[str, Build]
) -> None:
    with _opened(options, identity, builders) as running:
        health = HealthServer(running.health, options.health_port)
        log.info("started", health_port=health.port)
        try:
            running.run(stop)
        finally:
            health.stop()


@contextmanager
def _opened(
    options: argparse.Namespace, identity: Identity, builders: Mapping[str, Build]
) -> Iterator[Running | FoldRunning | ConsoleRunning]:
    """What runs the role, until it is closed."""
    if identity.role in FOLDINGS:
        with FOLDINGS[identity.role](options.root) as folding:
            yield folding
        return
    if identity.role == CONSOLE:
        # A web server would cost each other process 20 MB.
        from deploy.stages.console import open_console  # noqa: PLC0415

        with open_console(options.root, options.port) as console:
            yield console
        return
    around = surroundings(options.root, identity, options.project)
    try:
        running = assemble(around, options.slot, options.port, builders)
        try:
            yield running
        finally:
            running.stop()
    finally:
        around.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.run", description="Run one stage of one project.")
    parser.add_argument("role", choices=sorted((*BUILDERS, *FOLDINGS, CONSOLE)))
    parser.add_argument("project", help="the project; `platform` for what serves all of them")
    parser.add_argument("--root", type=Path, required=True, help="folder of the stack, for example .veil")
    parser.add_argument("--slot", type=int, default=0, help="number of this process among its equals")
    parser.add_argument(
        "--port", type=int, default=0, help="port of label's API, or of the console; 0 takes a free one"
    )
    parser.add_argument("--health-port", type=int, default=0, help="port of /healthz and /metrics")
    return parser


if __name__ == "__main__":
    sys.exit(main())
