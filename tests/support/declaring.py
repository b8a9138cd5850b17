"""A project of a test's own on the shared stack, declared where processes and people look for a user's own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.stack import LocalStack
from deploy.provisioning import apply_audited
from topology.loading import load_topology


@contextmanager
def declared(stack: LocalStack, prefix: str, text: str) -> Iterator[str]:
    """Its name, which begins with `prefix`, once it is applied; `text`: its file, with `{name}` for its name.

    The file goes with the test. What was made for it stays, but whoever applies the topology afterwards need not
    go through it again.
    """
    name = f"{prefix}-{secrets.token_hex(4)}"
    with lying(stack, name, text.format(name=name)) as folder:
        apply_audited(load_topology(extra_projects=[folder]), stack.endpoints, stack.root)
        yield name


@contextmanager
def lying(stack: LocalStack, name: str, text: str) -> Iterator[Path]:
    """The folder in which the project's file lies for as long."""
    folder = stack.root / "projects"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{name}.yaml"
    file.write_text(text)
    try:
        yield folder
    finally:
        file.unlink()
