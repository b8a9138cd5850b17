"""Secrets of webhooks, one file an endpoint, and the order to send messages again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import order_replay, replay_key
from deploy.persons import acting, load_declared, require_role
from schemas.control import Replay
from schemas.errors import ConfigError
from schemas.files import write_atomically
from streams.notify import signing
from topology.project import Project
from topology.webhooks import Webhook

FOLDER = "webhooks"
REPLAYERS = ("operator",)
"""Who may, as `flow.yaml` says."""


def webhook_path(project: str, endpoint: str) -> str:
    """Where an endpoint's secrets are, below the root."""
    return f"{FOLDER}/{project}.{endpoint}"


class SecretFiles:
    """Secrets of a project's endpoints: `<root>/webhooks/<project>.<endpoint>`, readable by their owner only."""

    def __init__(self, root: Path, project: str, randomness: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._root = root
        self._project = project
        self._randomness = randomness

    def path(self, endpoint: str) -> Path:
        """Where an endpoint's secrets are."""
        return self._root / webhook_path(self._project, endpoint)

    def read(self, endpoint: str) -> tuple[bytes, ...]:
        """The secrets, the newest first. Raises ConfigError where there are none, or the file is damaged."""
        path = self.path(endpoint)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigError(
                f"{path}: {endpoint} has no secret; `veil label webhooks secret` makes one"
            ) from None
        except (OSError, UnicodeDecodeError):
            raise ConfigError(
                f"{path}: can't be read; `veil label webhooks secret --rotate` replaces it"
            ) from None
        return signing.read(text, str(path))

    def made(self, endpoint: str) -> tuple[bytes, ...]:
        """The secrets, with a new one where there is none yet. Raises ConfigError for a damaged file."""
        self.ensure(endpoint)
        return self.read(endpoint)

    def ensure(self, endpoint: str) -> None:
        """Make a secret where there is no file. A damaged one is left: only a person may take it out of use.

        Raises ConfigError where none can be written, as in a container.
        """
        path = self.path(endpoint)
        try:
            if not path.exists():
                self._write(endpoint, ())
        except OSError as error:
            raise ConfigError(
                f"{path}: {endpoint} has no secret, and none can be written here ({error.strerror}); make it by"
                f" `veil label webhooks secret {endpoint}` where the project's files are, and give it to this one"
            ) from None

    def rotated(self, endpoint: str) -> tuple[bytes, ...]:
        """A new secret in front; the one before goes on signing beside it until the next rotation.

        A damaged file is replaced: nothing in it signs.
        """
        try:
            kept = self.read(endpoint)
        except ConfigError:
            kept = ()
        return self._write(endpoint, kept[: signing.MOST_SECRETS - 1])

    def _write(self, endpoint: str, kept: tuple[bytes, ...]) -> tuple[bytes, ...]:
        found = (self._randomness(signing.MADE_BYTES), *kept)
        self.path(endpoint).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self.path(endpoint), "".join(f"{signing.written(it)}\n" for it in found))
        return found


def endpoint_of(project: Project, name: str) -> Webhook:
    """An endpoint of the project. Raises ConfigError naming those there are."""
    for webhook in project.webhooks:
        if webhook.name == name:
            return webhook
    known = ", ".join(it.name for it in project.webhooks) or "none; name some in the project's file"
    raise ConfigError(f"{project.name} has no webhook {name}; there are: {known}")


def secret(root: Path, project: str, endpoint: str, *, rotate: bool) -> str:
    """The secret to hand to the receiver, in the form of Standard Webhooks. Raises ConfigError."""
    endpoint_of(load_declared(root).project(project), endpoint)
    files = SecretFiles(root.absolute(), project)
    found = files.rotated(endpoint) if rotate else files.made(endpoint)
    return signing.written(found[0])


def replay(root: Path, project: str, person: str, order: Replay) -> str:
    """Order that messages are sent again. The order's control key. Raises ConfigError."""
    declared = load_declared(root)
    require_role(declared, project, person, REPLAYERS, "order a replay")
    if order.endpoint:
        endpoint_of(declared.project(project), order.endpoint)
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        return order_replay(around, order, seen.book().next_version(replay_key(around)))
