from __future__ import annotations

import pytest

from tests.contract.log.bench import kafka_bench, memory_bench


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.stack)])
def bench(request):
    """Each implementation in turn."""
    made = memory_bench() if request.param == "memory" else kafka_bench(request.getfixturevalue("stack"))
    yield made
    made.close()
