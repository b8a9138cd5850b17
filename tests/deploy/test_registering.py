"""Who provisions does it from elsewhere: by variables alone, below a root where no stack was ever started."""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.local.endpoints import (
    KAFKA_VARIABLES,
    REGISTRY_CLIENT_VARIABLES,
    REGISTRY_TOKEN_VARIABLES,
    REGISTRY_VARIABLES,
    VAULT_VARIABLES,
    load_endpoints,
    save_endpoints,
)
from deploy.provisioning import apply_audited
from schemas.registry import Registry
from topology.loading import load_topology

pytestmark = pytest.mark.stack

FIELD = {"name": "email", "type": "string", "confluent:tags": ["PII"]}


def schema(*fields: dict[str, object], name: str = "") -> str:
    return json.dumps({"type": "record", "name": name or f"Letter{secrets.token_hex(8)}", "fields": list(fields)})


@pytest.fixture(scope="module")
def applied(stack):
    apply_audited(load_topology(), stack.endpoints, stack.root)
    return stack


@pytest.fixture
def elsewhere(applied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with nothing but what an apply keeps; where the parts are the environment says."""
    for folder in ("identities", "topology"):
        shutil.copytree(applied.root / folder, tmp_path / "there" / folder)
    for part, variables in (
        ("kafka", KAFKA_VARIABLES),
        ("vault", VAULT_VARIABLES),
        ("registry", REGISTRY_VARIABLES | REGISTRY_CLIENT_VARIABLES | REGISTRY_TOKEN_VARIABLES),
    ):
        for field, name in variables.items():
            if value := getattr(getattr(applied.endpoints, part), field):
                monkeypatch.setenv(name, str(value))
    return tmp_path / "there"


def veil(*arguments: object, code: int = 0) -> dict[str, object]:
    ended = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert ended.exit_code == code, ended.output
    return dict(json.loads(ended.stdout)) if ended.stdout else {}


def test_what_is_applied_and_registered_goes_where_the_variables_say(applied, elsewhere: Path, tmp_path: Path):
    (file := tmp_path / "letter.avsc").write_text(text := schema(FIELD))
    assert veil("topology", "plan", "--root", elsewhere)["applied"] is False
    assert not (elsewhere / "run" / "endpoints.json").exists()
    assert veil("topology", "apply", "--root", elsewhere)["applied"] is True
    found = veil("topology", "register", file, "--root", elsewhere)
    with closing(Registry(applied.endpoints.registry.url, applied.endpoints.registry.tls())) as registry:
        assert registry.id_under(str(found["subject"]), text) == found["id"]


def test_they_go_before_what_was_written_down_here(applied, elsewhere: Path, tmp_path: Path):
    (elsewhere / "run").mkdir(mode=0o700)
    old = replace(applied.endpoints, registry=replace(applied.endpoints.registry, url="https://127.0.0.1:1"))
    save_endpoints(elsewhere / "run" / "endpoints.json", old)
    (file := tmp_path / "letter.avsc").write_text(schema(FIELD))
    assert veil("topology", "register", file, "--root", elsewhere)["id"]
    there = load_endpoints(elsewhere / "run" / "endpoints.json").registry
    assert there.url == applied.endpoints.registry.url
