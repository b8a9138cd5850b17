from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.backup.manifest import FORMAT, Manifest, Part, message, read_manifest
from schemas.errors import ConfigError
from topology.pins import Pins

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
PINS = Pins({"backup.platform": KEY.public_key().public_bytes_raw(), "ada": OTHER.public_key().public_bytes_raw()})
MANIFEST = Manifest(
    format=FORMAT,
    made_at=1_700_000_000_000,
    cluster="a-cluster",
    log_name="veilstream-a-cluster",
    release="0.1.0",
    flow_sha256="00" * 32,
    signer="backup.platform",
    recipients=("age1x",),
    projects=("demo",),
    offsets={"control": ((0, 7),)},
    parts={"vault": Part("11" * 32, 100, 1)},
)


def signed(data: bytes, key: Ed25519PrivateKey = KEY) -> bytes:
    return key.sign(message(data)).hex().encode() + b"\n"


def test_manifest_that_the_pinned_key_has_signed_is_read_as_it_was_written():
    data = MANIFEST.data()
    assert read_manifest(data, signed(data), PINS) == MANIFEST


def test_any_changed_byte_is_refused():
    data = MANIFEST.data()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(ConfigError):
            read_manifest(bytes(changed), signed(data), PINS)


@pytest.mark.parametrize("signature", [b"", b"zz", b"00" * 64, signed(MANIFEST.data(), OTHER), b"\xff"])
def test_what_is_no_signature_of_the_signers_pinned_key_is_refused(signature):
    with pytest.raises(ConfigError, match="not by the pinned key of"):
        read_manifest(MANIFEST.data(), signature, PINS)


def test_a_signature_over_something_else_of_the_same_signer_is_none():
    data = MANIFEST.data()
    with pytest.raises(ConfigError, match="not by the pinned key"):
        read_manifest(data, KEY.sign(data).hex().encode(), PINS)


def test_who_is_not_pinned_is_not_believed():
    data = MANIFEST.data()
    with pytest.raises(ConfigError, match="whose key is not pinned; give --pins"):
        read_manifest(data, signed(data), Pins())


def test_whoever_else_is_pinned_may_not_have_signed_a_backup():
    data = json.dumps(json.loads(MANIFEST.data()) | {"signer": "ada"}).encode()
    with pytest.raises(ConfigError, match="ada may sign no backup"):
        read_manifest(data, signed(data, OTHER), PINS)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"[" * 100_000, b'{"format": 1}', b"\xff\xff"])
def test_what_is_no_manifest_is_told_so(content):
    with pytest.raises(ConfigError, match=r"^manifest.json: "):
        read_manifest(content, signed(content), PINS)


@pytest.mark.parametrize("field", ["parts", "offsets", "signer", "projects", "cluster"])
def test_a_manifest_without_one_of_its_fields_is_none(field):
    content = json.loads(MANIFEST.data())
    del content[field]
    data = json.dumps(content).encode()
    with pytest.raises(ConfigError, match="is no manifest of a backup"):
        read_manifest(data, signed(data), PINS)
