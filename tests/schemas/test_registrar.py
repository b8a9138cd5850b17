"""The token that who provisions shows, by the registry's own reading of it: see also `tests/topology`."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from deploy.local.writer_key import ensure_writer_key
from schemas.errors import ConfigError
from schemas.registrar import GOOD_FOR_S, WriterKey

NOW = 1_764_000_000.7
UNKNOWN_KIND = bytes.fromhex("300d020100300606042a0304050400")
"""PKCS#8 of a key of a kind that nobody knows (1.2.3.4.5)."""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    found = tmp_path_factory.mktemp("secrets") / "key"
    ensure_writer_key(found)
    return found


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_token_is_signed_by_the_key_whose_public_half_the_registry_is_told(file):
    key = WriterKey.load(file, lambda: NOW)
    head, body, signature = key.token().split(".")
    public = serialization.load_der_public_key(base64.b64decode(key.public))
    signed = (decoded(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
    public.verify(*signed)
    with pytest.raises(InvalidSignature):
        rsa.generate_private_key(65537, 3072).public_key().verify(*signed)


def test_it_is_good_for_a_minute_from_when_it_was_made(file):
    said = json.loads(decoded(WriterKey.load(file, lambda: NOW).token().split(".")[1]))
    assert (said["iat"], said["exp"]) == (int(NOW), int(NOW) + GOOD_FOR_S)


def test_a_key_is_made_once_and_for_its_user_alone(file):
    before = file.read_bytes()
    assert ensure_writer_key(file).public == WriterKey.load(file).public
    assert file.read_bytes() == before
    assert file.stat().st_mode & 0o077 == 0


def test_of_two_who_make_it_at_once_the_first_one_s_stays(tmp_path, monkeypatch):
    made, generate = [], rsa.generate_private_key

    def meanwhile(**how):
        if not made:
            made.append(None)
            made.append(ensure_writer_key(tmp_path / "key").public)
        return generate(**how)

    monkeypatch.setattr("deploy.local.writer_key.rsa.generate_private_key", meanwhile)
    assert ensure_writer_key(tmp_path / "key").public == made[1] == WriterKey.load(tmp_path / "key").public
    assert [it.name for it in tmp_path.iterdir()] == ["key"]


def test_what_holds_no_such_key_is_named_and_not_shown(tmp_path):
    other = ec.generate_private_key(ec.SECP256R1())
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak is what is refused
    begin, end = (f"-----{it} PRIVATE KEY-----".encode() for it in ("BEGIN", "END"))
    unheard_of = b"\n".join((begin, base64.b64encode(UNKNOWN_KIND), end, b""))
    written = [key.private_bytes(serialization.Encoding.PEM, form, plain) for key in (other, weak)]
    for content in (b"", b"secret", *written, unheard_of):
        (tmp_path / "key").write_bytes(content)
        with pytest.raises(ConfigError, match="should hold") as caught:
            WriterKey.load(tmp_path / "key")
        assert "secret" not in str(caught.value)
    with pytest.raises(FileNotFoundError):
        WriterKey.load(tmp_path / "nowhere")


def test_an_encrypted_key_is_said_to_be_one(tmp_path):
    locked = serialization.BestAvailableEncryption(b"secret")
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8
    (tmp_path / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, locked))
    with pytest.raises(ConfigError, match="encrypted"):
        WriterKey.load(tmp_path / "key")


def test_a_key_does_not_print(file):
    assert "PRIVATE" not in repr(WriterKey.load(file))
