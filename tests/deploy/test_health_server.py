from __future__ import annotations

import httpx
import pytest

from deploy.health_server import HealthServer
from streams.engine.health import Condition, Health


@pytest.mark.parametrize("condition", list(Condition))
def test_one_that_works_or_stands_by_is_well(condition: Condition) -> None:
    health = Health()
    server = HealthServer(health, 0)
    try:
        health.set(condition, "why")
        answer = httpx.get(f"http://127.0.0.1:{server.port}/healthz")
    finally:
        server.stop()
    well = condition in (Condition.WORKING, Condition.STANDING_BY)
    assert answer.status_code == (200 if well else 503)
    assert answer.json() == {"condition": condition.value, "why": "why"}
