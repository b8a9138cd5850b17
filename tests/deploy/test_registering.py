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
from deploy.cli.exits import Exit
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
from deploy.registering import fewer
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


def veil(*arguments: object) -> dict[str, object]:
    ended = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert ended.exit_code == 0, ended.output
    return dict(json.loads(ended.stdout))


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


def test_tags_are_shown_and_are_not_lost_without_a_word(applied, tmp_path: Path):
    name, file = f"Letter{secrets.token_hex(8)}", tmp_path / "letter.avsc"
    more = {"name": "note", "type": "string", "default": "", "confluent:tags": ["FREE_TEXT", "PII"]}
    untagged = {"name": "note", "type": "string", "default": "", "confluent:tags": ["PII"]}
    command = ("topology", "register", file, "--root", applied.root)
    file.write_text(schema(FIELD, name=name))
    assert veil(*command)["tags"] == {"email": ["PII"]}
    file.write_text(schema(FIELD, more, name=name))
    assert veil(*command)["tags"] == {"email": ["PII"], "note": ["FREE_TEXT", "PII"]}
    file.write_text(schema(FIELD, untagged, name=name))
    refused = CliRunner().invoke(app, [*map(str, command), "--json"])
    assert refused.exit_code == Exit.REFUSED
    assert "fewer tags than in the newest version on note; `--fewer-tags`" in " ".join(refused.stderr.split())
    assert veil(*command, "--fewer-tags")["version"] == 3
    file.write_text(schema(FIELD, more, name=name))
    assert not veil(*command)["new"], "what was registered before is there"


def test_that_nothing_is_tagged_is_said(applied, tmp_path: Path):
    (file := tmp_path / "letter.avsc").write_text(schema({"name": "email", "type": "string"}))
    ended = CliRunner().invoke(app, ["topology", "register", str(file), "--root", str(applied.root)])
    assert ended.exit_code == 0, ended.output
    assert "No field of it is tagged" in ended.output


def test_a_tag_is_lost_with_its_field_or_alone_and_not_by_another_one_s() -> None:
    before = {"a": frozenset({"PII"}), "b": frozenset({"PII", "FREE_TEXT"}), "c": frozenset({"PII"})}
    now = {"a": frozenset({"PII", "MORE"}), "b": frozenset({"PII"}), "d": frozenset({"PII"})}
    assert fewer(before, now) == ("b", "c")
    assert fewer({}, now) == fewer(now, now) == ()
