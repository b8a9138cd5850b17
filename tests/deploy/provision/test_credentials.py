from __future__ import annotations

import stat

import pytest

from deploy.provision.credentials import CredentialFiles, Credentials
from schemas.errors import ConfigError
from schemas.files import write_atomically
from topology.identity import Identity
from vault.approles import AppRoleCredentials

REDACT = Identity("redact", "demo")


def test_credentials_survive_their_file_which_only_its_owner_reads(tmp_path):
    files = CredentialFiles(tmp_path)
    made = Credentials(REDACT, "secret", AppRoleCredentials("role", "id"))
    files.save(made)
    assert files.load(REDACT) == made
    assert stat.S_IMODE(files.path(REDACT).stat().st_mode) == 0o600
    assert stat.S_IMODE(files.path(REDACT).parent.stat().st_mode) == 0o700
    assert [file.name for file in files.path(REDACT).parent.iterdir()] == ["redact.demo.json"]


def test_new_credentials_have_a_random_password_and_existing_ones_are_reused(tmp_path):
    files = CredentialFiles(tmp_path, randomness=lambda count: b"\x01" * count)
    new = files.load_or_new(REDACT)
    assert new.kafka_password == "01" * 32
    files.save(new)
    assert CredentialFiles(tmp_path).load_or_new(REDACT) == new


def test_nothing_secret_is_printed():
    made = Credentials(REDACT, "secret", AppRoleCredentials("role", "id"))
    assert repr(made) == "Credentials(<hidden>)"
    assert str(made.vault) == "AppRoleCredentials(<hidden>)"


def test_missing_credentials_say_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match=r"redact\.demo has no credentials; run `veil topology apply`"):
        CredentialFiles(tmp_path).load(REDACT)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kafka": {}}', '{"kafka": {"password": "x"}, "vault": [1]}'])
def test_damaged_credentials_say_what_to_do_and_quote_nothing(tmp_path, text):
    files = CredentialFiles(tmp_path)
    path = files.path(REDACT)
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"damaged; delete it"):
        files.load(REDACT)


def test_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "file"
    path.write_text("before")
    path.chmod(0o644)
    write_atomically(path, "after")
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
