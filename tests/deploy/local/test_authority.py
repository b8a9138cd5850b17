from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from deploy.local import authority
from deploy.local.authority import BROKER, REGISTRY_CLIENT, VAULT, Certificates, ensure_certificates
from deploy.supervise.files import make_private_folder

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path) -> Certificates:
    return ensure(tmp_path, NOW)


def ensure(root: Path, now: datetime) -> Certificates:
    return ensure_certificates(make_private_folder(root / "tls"), root / "ca.key", now)


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def verify_server(files: Certificates, name: str, host: str, now: datetime = NOW) -> None:
    policy = PolicyBuilder().store(Store([load(files.ca)])).time(now)
    policy.build_server_verifier(x509.DNSName(host)).verify(load(files.certificate(name)), [])


def test_servers_are_trusted_on_localhost_only(made: Certificates):
    verify_server(made, VAULT, "localhost")
    with pytest.raises(VerificationError):
        verify_server(made, VAULT, "example.org")


def test_a_client_certificate_is_no_server_s(made: Certificates):
    with pytest.raises(VerificationError):
        verify_server(made, REGISTRY_CLIENT, "localhost")


def test_the_broker_is_server_and_client(made: Certificates):
    verify_server(made, BROKER, "localhost")
    verifier = PolicyBuilder().store(Store([load(made.ca)])).time(NOW).build_client_verifier()
    verifier.verify(load(made.certificate(BROKER)), [])
    with pytest.raises(VerificationError):
        verifier.verify(load(made.certificate(VAULT)), [])


def test_a_second_start_keeps_every_certificate(tmp_path: Path, made: Certificates):
    before = {path: path.read_bytes() for path in made.folder.iterdir()}
    ensure(tmp_path, NOW + timedelta(days=100))
    assert {path: path.read_bytes() for path in made.folder.iterdir()} == before


def test_a_certificate_about_to_expire_is_renewed_under_the_same_authority(tmp_path: Path, made: Certificates):
    before, ca = made.certificate(VAULT).read_bytes(), made.ca.read_bytes()
    later = NOW + authority.LEAF_LIFE - timedelta(days=1)
    ensure(tmp_path, later)
    assert made.certificate(VAULT).read_bytes() != before
    assert made.ca.read_bytes() == ca
    verify_server(made, VAULT, "localhost", later)


def test_losing_the_authority_s_key_renews_everything(tmp_path: Path, made: Certificates):
    (tmp_path / "ca.key").unlink()
    ensure(tmp_path, NOW)
    verify_server(made, VAULT, "localhost")


def test_keys_are_private(tmp_path: Path, made: Certificates):
    for path in [tmp_path / "ca.key", *made.folder.iterdir()]:
        assert path.stat().st_mode & 0o777 == 0o600
