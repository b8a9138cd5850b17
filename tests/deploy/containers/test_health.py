from __future__ import annotations

import pytest

from deploy.containers import health
from deploy.health_server import HealthServer
from deploy.run import _parser
from streams.engine.health import Condition, Health
from tests.support.pipeline import free_port


@pytest.mark.parametrize(("condition", "code"), [(Condition.WORKING, 0), (Condition.WAITING, 1)])
def test_it_is_well_where_the_process_says_so(monkeypatch, capsys, condition, code) -> None:
    said = Health()
    said.set(condition, "for a test")
    server = HealthServer(said, 0)
    monkeypatch.setenv("VEIL_HEALTH_PORT", str(server.port))
    try:
        assert health.main() == code
    finally:
        server.stop()
    assert condition.value in capsys.readouterr().out


def test_it_is_not_well_where_nobody_answers(monkeypatch, capsys) -> None:
    monkeypatch.setenv("VEIL_HEALTH_PORT", str(free_port()))
    assert health.main() == 1
    assert "No answer" in capsys.readouterr().out


@pytest.mark.parametrize("port", ["", "no port"])
def test_it_is_not_well_where_nobody_says_which_port(monkeypatch, capsys, port) -> None:
    monkeypatch.setenv("VEIL_HEALTH_PORT", port)
    assert health.main() == 1
    assert "VEIL_HEALTH_PORT" in capsys.readouterr().out


def test_it_asks_where_the_process_listens(monkeypatch) -> None:
    monkeypatch.setenv("VEIL_HEALTH_PORT", "9470")
    words = ["redact", "demo", "--root", "/veil"]
    assert _parser().parse_args(words).health_port == 9470
    assert _parser().parse_args([*words, "--health-port", "9471"]).health_port == 9471
    monkeypatch.delenv("VEIL_HEALTH_PORT")
    assert _parser().parse_args(words).health_port == 0
