"""A project of its own on the shared stack whose people are invited, as `veil up` invites them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local.stack import LocalStack
from deploy.persons import load_declared
from deploy.signin.configuration import Listening
from deploy.signin.offering import Offering
from tests.support.declaring import declared
from tests.support.pipeline import Pipeline, free_port, on_shared_stack
from topology.access import signed_in_policies


@contextmanager
def invited(stack: LocalStack, prefix: str, text: str) -> Iterator[Pipeline]:
    """`text`: the project's file, with `{name}` for its name, which begins with `prefix`."""
    if stack.endpoints.vault.audit_log is None:
        pytest.skip("changes a vault's people: needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    with declared(stack, prefix, text) as name:
        topology = load_declared(stack.root)
        offering, projects = Offering(stack.root, Listening(), None), {name: topology.project(name)}
        rights = signed_in_policies(topology)
        assert offering.start(projects, {name: free_port()}, stack.endpoints.vault, rights=rights)
        pipeline = on_shared_stack(stack.root, topology, name)
        yield pipeline
        pipeline.close()
        offering.stop()
