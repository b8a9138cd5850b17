"""A Label Studio that runs in a folder of its own, as its documentation says, with SQLite, and tells nobody."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local.part import plain_environment
from deploy.local.ports import is_free
from deploy.supervise.spawn import NURSERY, Child
from deploy.up.addresses import candidates
from schemas.errors import StackError

STARTED_WITHIN_S = 600.0
"""The first start makes a hundred tables: a minute on free cores."""
LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, repr=False)
class Owner:
    """Its first account. `token`: 40 hexadecimal digits."""

    email: str
    password: str
    token: str


@contextmanager
def served(
    program: Sequence[str], folder: Path, owner: Owner, otherwise: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Its port, once it answers. `program`: an absolute path, and arguments before Label Studio's own;
    `otherwise`: settings of its environment that aren't as usual here. It doesn't outlive this process. Raises
    StackError where it doesn't come up; `folder/log` says why.
    """
    port = next(it for it in candidates(random.SystemRandom()) if is_free(it))
    arguments = ["start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
    argv = [*program, *arguments, "--data-dir", str(folder)]
    environment = {**_environment(folder, owner), **(otherwise or {})}
    child = NURSERY.spawn(argv, environment, folder / "log", folder)
    try:
        _await(child, port)
        yield port
    finally:
        child.kill()
        child.wait()


def _await(child: Child, port: int) -> None:
    limit = time.monotonic() + STARTED_WITHIN_S
    while child.poll() is None and time.monotonic() < limit:
        if _answers(port):
            return
        threading.Event().wait(LOOK_EVERY_S)
    raise StackError("Label Studio did not come up.")


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/version", timeout=60, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _environment(folder: Path, owner: Owner) -> dict[str, str]:
    return {
        **plain_environment(),
        "HOME": str(folder),
        "LABEL_STUDIO_USERNAME": owner.email,
        "LABEL_STUDIO_PASSWORD": owner.password,
        "LABEL_STUDIO_USER_TOKEN": owner.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "false",
        "SSRF_PROTECTION_ENABLED": "false",
    }
