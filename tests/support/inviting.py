"""A project of its own on the shared stack whose people are invited, as `veil up` invites them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local.stack import LocalStack
from deploy.provision.parts import pins_path
from deploy.provisioning import apply_audited
from deploy.signin.configuration import Listening
from deploy.signin.offering import Offering
from tests.support.pipeline import Pipeline, free_port, on_shared_stack
from topology.access import signed_in_policies
from topology.loading import load_topology


@contextmanager
def invited(stack: LocalStack, prefix: str, text: str) -> Iterator[Pipeline]:
    """`text`: the project's file, with `{name}` for its name, which begins with `prefix`."""
    if stack.endpoints.vault.audit_log is None:
        pytest.skip("changes a vault's people: needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    name, folder = f"{prefix}-{secrets.token_hex(4)}", stack.root / "projects"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text.format(name=name))
    apply_audited(load_topology(extra_projects=[folder]), stack.endpoints, stack.root)
    topology = load_topology(extra_projects=[folder], pins=pins_path(stack.root))
    offering, projects = Offering(stack.root, Listening(), None), {name: topology.project(name)}
    rights = signed_in_policies(topology)
    assert offering.start(projects, {name: free_port()}, stack.endpoints.vault, rights=rights)
    pipeline = on_shared_stack(stack.root, topology, name)
    yield pipeline
    pipeline.close()
    offering.stop()
