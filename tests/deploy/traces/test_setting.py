"""Traces are off unless the environment says where they go; what it says is checked before anything starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deploy.settings import SETTINGS
from deploy.traces.setting import DEFAULT_RATIO, read_traces
from deploy.traces.telling import telling
from deploy.up.addresses import Address
from deploy.up.installation import Installation
from deploy.up.processes import spec_of
from schemas.errors import ConfigError
from streams.engine.clock import SystemClock
from streams.engine.traces.spans import Source
from streams.engine.traces.tracing import Untraced

ADDRESS = Address("label.demo.0", "label", "demo", 0, 1)


@pytest.mark.parametrize("environ", [{}, {"VEIL_TRACES": ""}, {"VEIL_TRACES_RATIO": "1"}])
def test_traces_are_off_by_default(environ):
    assert read_traces(environ) is None
    assert isinstance(telling(None, Source("label", "demo", "label.demo.0"), SystemClock()).tracing, Untraced)


def test_with_traces_off_a_process_imports_nothing_of_them():
    program = (
        "import sys, deploy.run, deploy.stages.label, deploy.stages.redact\n"
        "from deploy.traces.telling import telling\n"
        "telling(None, None, None)\n"
        "ours = ('opentelemetry', 'google.protobuf', 'deploy.traces.')\n"
        "print(sorted(module for module in sys.modules if module.startswith(ours)))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "['deploy.traces.setting', 'deploy.traces.telling']"


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:4318", "http://localhost:4318/", "http://[::1]:4318", "https://tempo.example"]
)
def test_it_is_posted_where_the_protocol_says(address):
    setting = read_traces({"VEIL_TRACES": address})
    assert setting.url == address.rstrip("/") + "/v1/traces"
    assert setting.ratio == float(DEFAULT_RATIO)


@pytest.mark.parametrize(
    "address",
    ["tempo:4318", "grpc://127.0.0.1:4317", "http://tempo.example:4318", "https://", "http://127.0.0.1:x",
     "https://me:secret@tempo.example", "https://tempo.example?token=secret"],
)  # fmt: skip
def test_an_address_that_is_none_or_would_be_read_on_the_way_is_refused(address):
    with pytest.raises(ConfigError, match="VEIL_TRACES") as refused:
        read_traces({"VEIL_TRACES": address})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("ratio", ["2", "-0.1", "all", "nan"])
def test_a_ratio_that_is_none_is_refused(ratio):
    with pytest.raises(ConfigError, match="VEIL_TRACES_RATIO"):
        read_traces({"VEIL_TRACES": "http://127.0.0.1:4318", "VEIL_TRACES_RATIO": ratio})


def test_a_missing_authority_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="VEIL_TRACES_CA"):
        read_traces({"VEIL_TRACES": "https://tempo.example", "VEIL_TRACES_CA": str(tmp_path / "none.pem")})


def test_a_process_is_told_the_same(tmp_path):
    (tmp_path / "ca.pem").touch()
    environ = {"VEIL_TRACES": "https://tempo.example:4318/", "VEIL_TRACES_RATIO": "0.5",
               "VEIL_TRACES_CA": str(tmp_path / "ca.pem")}  # fmt: skip
    setting = read_traces(environ)
    assert read_traces(setting.variables()) == setting
    assert {*setting.variables()} == {*environ} <= {it.name for it in SETTINGS}
    assert spec_of(tmp_path, ADDRESS, None, setting).env.items() >= setting.variables().items()


def test_a_process_inherits_nothing_where_traces_are_off(tmp_path, monkeypatch):
    monkeypatch.setenv("VEIL_TRACES", "http://127.0.0.1:4318")
    assert not [name for name in spec_of(tmp_path, ADDRESS, None).env if name.startswith("VEIL_")]


def test_up_refuses_a_wrong_setting_before_it_starts_anything(tmp_path):
    with pytest.raises(ConfigError, match="VEIL_TRACES"):
        Installation(tmp_path, environ={"VEIL_TRACES": "tempo"})
