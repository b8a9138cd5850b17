from __future__ import annotations

import pytest

from tests.contract.log.bench import kafka_bench, memory_bench

KAFKA = pytest.param("kafka", marks=pytest.mark.stack)


@pytest.fixture(params=["memory", KAFKA])
def implementation(request):
    """Each in turn."""
    made = memory_bench() if request.param == "memory" else kafka_bench(request.getfixturevalue("stack"))
    yield made
    made.close()


@pytest.fixture(params=[False, True], ids=["one id", "by turns"])
def bench(implementation, request):
    """With one transactional id a slot, and, where a sole owner may have them, with two."""
    implementation.by_turns = request.param
    return implementation
