"""An export in a bucket is an export: one contract for folder and bucket, on an S3 server where there is one."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path

import obstore.store
import psutil
import pytest
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.exports import export_at
from deploy.object_store import ObjectStore, bucket_store
from schemas.errors import ConfigError
from streams.audit.export_files import LONGEST
from streams.audit.store import Directory
from streams.audit.verify import Trust, verify_export
from tests.streams.audit.generate import random_world
from tests.streams.audit.memory_audit import PINS, MemoryAudit, MemoryStore
from tests.support.waiting import wait_for

GATEWAY = shutil.which("versitygw", path=str(Path.home() / "go" / "bin")) or shutil.which("versitygw")
BUCKET = "audit"


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """A server that speaks S3 over a folder; its address and an account."""
    if GATEWAY is None:
        pytest.skip("versitygw is not installed (in ~/go/bin)")
    folder = tmp_path_factory.mktemp("s3")
    (folder / BUCKET).mkdir()
    command = [GATEWAY, "--access", "veil", "--secret", "only-for-tests", "--port", "127.0.0.1:0", "posix", folder]
    with (
        (folder.with_name("s3.log")).open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as server,
    ):
        port = wait_for(lambda: listening(server.pid), "the gateway listens")
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "veil",
            "AWS_SECRET_ACCESS_KEY": "only-for-tests",
            "AWS_REGION": "us-east-1",
        }
        server.terminate()


def listening(pid: int) -> int:
    ports = [it.laddr.port for it in psutil.Process(pid).net_connections("tcp") if it.status == psutil.CONN_LISTEN]
    return ports[0] if ports else 0


@pytest.fixture
def account(s3, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture(params=["folder", "client in memory", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        return Directory(tmp_path / "export")
    if request.param == "s3":
        request.getfixturevalue("account")
        return bucket_store(f"s3://{BUCKET}/{secrets.token_hex(4)}")
    return ObjectStore(obstore.store.MemoryStore(), "memory")


def test_what_is_put_is_there_until_it_is_deleted(store):
    for name in ("index.json", "audit.demo-0/checkpoint", "audit.demo-0/tile/0/000.p/3"):
        assert store.get(name) is None
        store.put(name, b"one")
        store.put(name, b"two")
        assert store.get(name) == b"two"
    assert sorted(store.names()) == ["audit.demo-0/checkpoint", "audit.demo-0/tile/0/000.p/3", "index.json"]
    assert list(store.names("audit.demo-0/tile/0/000.p")) == ["audit.demo-0/tile/0/000.p/3"]
    assert list(store.names("audit.demo-0/tile/0/00")) == list(store.names("nothing")) == []
    store.delete("audit.demo-0/tile/0/000.p/3")
    store.delete("audit.demo-0/tile/0/000.p/3")
    assert sorted(store.names()) == ["audit.demo-0/checkpoint", "index.json"]


def test_an_export_is_the_same_wherever_it_lies_and_verifies_there(store):
    audit, memory = MemoryAudit().take(random_world(5, batches=3).placed()), MemoryStore()
    half = {place: len(values) // 2 for place, values in audit.partitions.items()}
    assert audit.export(store, audit.checkpoints(half)).findings == ()
    assert audit.export(store).findings == ()
    audit.export(memory, audit.checkpoints(half))
    audit.export(memory)
    assert {name: store.get(name) for name in store.names()} == memory.files
    assert verify_export(store, Trust(PINS)).findings == ()


def test_what_is_longer_than_any_file_of_an_export_is_as_good_as_missing(store):
    for name in ("index.json", "audit.demo-0/checkpoint", "audit.demo-0/tile/entries/000", f"large/{'0f' * 32}"):
        store.put(name, bytes(LONGEST))
        assert len(store.get(name)) == LONGEST
        store.put(name, bytes(LONGEST + 1))
        assert store.get(name) is None
    store.put("timeline.jsonl", bytes(LONGEST + 1))
    assert store.get("timeline.jsonl") is not None


@pytest.mark.parametrize("name", ["", "../outside", "/etc/hostname", "a/../../b"])
def test_no_name_leads_out(store, name):
    with pytest.raises(ValueError, match="no name"):
        store.put(name, b"")


def test_the_command_verifies_what_lies_in_a_bucket(account):
    MemoryAudit().take(random_world(3, batches=2).placed()).export(bucket_store(f"s3://{BUCKET}/by/hand"))
    told = CliRunner().invoke(app, ["audit", "verify", f"s3://{BUCKET}/by/hand", "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["entries"] > 0
    nothing = CliRunner().invoke(app, ["audit", "verify", f"s3://{BUCKET}/elsewhere", "--json"])
    assert nothing.exit_code == 1, nothing.output


def test_more_files_than_a_listing_shows_at_once(account):
    store = bucket_store(f"s3://{BUCKET}/many")
    names = {f"{number:04}" for number in range(1_050)}
    for name in names:
        store.put(name, b"")
    assert set(store.names()) == names


def test_a_wrong_secret_is_told_and_shown_nowhere(account, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-that-one")
    with pytest.raises(OSError, match=r"could not be read \(\w+\); check the bucket") as raised:
        bucket_store(f"s3://{BUCKET}").get("index.json")
    assert "not-that-one" not in str(raised.value)
    assert raised.value.filename == f"s3://{BUCKET}/index.json"


def test_a_bucket_that_is_not_there_is_an_error_and_no_empty_export(account):
    with pytest.raises(OSError, match="could not be listed"):
        list(bucket_store("s3://nowhere/x").names())


@pytest.mark.parametrize(
    "place", ["s3://", "s3:///x", "s3://user@bucket/x", "s3://bucket/a/../b", "s3://bucket?x=1"]
)
def test_a_place_that_is_none_is_refused(place):
    with pytest.raises((ConfigError, ValueError), match=r"no place in a bucket|no name"):
        bucket_store(place)


def test_an_endpoint_over_plain_http_is_for_this_machine_only():
    with pytest.raises(ConfigError, match="use https"):
        bucket_store("s3://bucket", {"AWS_ENDPOINT_URL": "http://storage.example.org"})


def test_an_authority_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match="AWS_CA_BUNDLE"):
        bucket_store("s3://bucket", {"AWS_CA_BUNDLE": str(tmp_path / "none.pem")})


def test_other_schemes_are_refused_and_folders_are_folders(tmp_path):
    with pytest.raises(ConfigError, match="an export lies in a folder"):
        export_at("gs://bucket/x")
    assert isinstance(export_at(str(tmp_path)), Directory)
