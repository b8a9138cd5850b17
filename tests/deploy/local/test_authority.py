from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from deploy.local import authority
from deploy.local.authority import (
    BROKER,
    REGISTRY_CLIENT,
    VAULT,
    Certificates,
    due,
    ensure_certificates,
    everything,
    renew,
)
from deploy.supervise.files import make_private_folder
from schemas.errors import StackError

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


def content(files: Certificates) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in files.folder.iterdir()}


@pytest.mark.parametrize(("share", "expected"), [(0.5, False), (0.66, False), (0.67, True), (0.99, True)])
def test_a_certificate_is_due_with_a_third_of_its_life_left(made: Certificates, share: float, expected: bool):
    now = NOW + share * authority.LEAF_LIFE
    assert due(made, now) == (everything() if expected else ())


def test_all_are_renewed_with_other_keys_that_fit(made: Certificates, tmp_path: Path):
    before = content(made)
    renew(made, tmp_path / "ca.key", everything(), NOW)
    after = content(made)
    assert {path for path in before if before[path] == after[path]} == {made.ca}
    for name in everything():
        assert made.bundle(name).read_bytes() == b"".join(
            path.read_bytes() for path in (made.key(name), made.certificate(name), made.ca)
        )
        load(made.certificate(name)).verify_directly_issued_by(load(made.ca))


@pytest.mark.parametrize("damage", ["another authority's", "no key"])
def test_a_key_that_signs_nothing_usable_is_refused_and_every_file_stays(
    made: Certificates, tmp_path: Path, damage: str
):
    ensure(make_private_folder(tmp_path / "other"), NOW)
    other = (tmp_path / "other" / "ca.key").read_bytes() if damage == "another authority's" else b"nonsense"
    (tmp_path / "ca.key").write_bytes(other)
    before = content(made)
    with pytest.raises(StackError, match=r"ca\.key"):
        renew(made, tmp_path / "ca.key", everything(), NOW)
    assert content(made) == before


def test_a_renewal_that_was_cut_short_is_made_good_at_the_next_start(made: Certificates, tmp_path: Path):
    made.key(VAULT).write_bytes(made.key(BROKER).read_bytes())
    others = {path: held for path, held in content(made).items() if VAULT not in path.name}
    ensure(tmp_path, NOW)
    assert made.key(VAULT).read_bytes() in made.bundle(VAULT).read_bytes()
    assert {path: held for path, held in content(made).items() if VAULT not in path.name} == others


def test_none_outlives_the_authority_and_then_none_is_due(made: Certificates, tmp_path: Path):
    late = NOW + authority.AUTHORITY_LIFE - timedelta(days=30)
    renew(made, tmp_path / "ca.key", everything(), late)
    ends = load(made.ca).not_valid_after_utc
    assert {load(made.certificate(name)).not_valid_after_utc for name in everything()} == {ends}
    assert due(made, late + timedelta(days=29)) == ()


def test_an_authority_that_has_ended_signs_no_more(made: Certificates, tmp_path: Path):
    before = content(made)
    with pytest.raises(StackError, match="authority has ended"):
        renew(made, tmp_path / "ca.key", everything(), NOW + authority.AUTHORITY_LIFE + timedelta(days=1))
    assert content(made) == before
